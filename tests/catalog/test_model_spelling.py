"""Spellings of open models."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.catalog.model_spelling import model_words, names_of_models
from calculators.errors import UnknownId

LIVE = load_catalog()
NAMES = sorted({n for model in LIVE.models.values() for n in (model.id, model.name, model.hf_id, *model.aliases)})
FORMATS = ("FP8", "NVFP4", "MXFP4", "AWQ", "GPTQ-Int4", "INT4", "FP8-KV", "quantized.w8a8", "FP8-dynamic", "bf16")


@pytest.mark.parametrize(
    ("spelling", "model"),
    [
        *((n, "llama-3.1-405b") for n in ("Llama-3.1-405B-FP8", "amd/Llama-3.1-405B-Instruct-MXFP4", "llama3.1-405b")),
        *(
            (n, "llama-3.1-8b")
            for n in ("llama-v3p1-8b-instruct", "Llama-3_1-8B", "hugging-quants/Meta-Llama-3.1-8B-AWQ")
        ),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b"),
        ("meta-llama-Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        *((n, "llama-2-70b") for n in ("llama2-70b", "meta-llama/Llama-2-70b-chat-hf", "TheBloke/Llama-2-70B-GPTQ")),
        *((n, "deepseek-v3") for n in ("deepseek-ai/DeepSeek-V3-0324", "deepseek_v3", "DeepSeek-V3-AWQ")),
        *(
            (n, "deepseek-r1")
            for n in ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "amd/DeepSeek-R1-0528-MXFP4-Preview", "DeepSeek R1")
        ),
        *((n, "qwen3-235b-a22b") for n in ("Qwen3-235B-A22B-Thinking-2507-FP8", "Qwen/Qwen3-235B-A22B-GPTQ-Int4")),
        ("somebody/Mixtral-8x7B-Instruct-v0.1-AWQ", "mixtral-8x7b"),
        ("google/gemma-3-27b-it", "gemma-3-27b"),
        ("gpt-oss-120b-MXFP4", "gpt-oss-120b"),
    ],
)
def test_every_usual_spelling_means_its_model(live_catalog: Catalog, spelling: str, model: str) -> None:
    assert live_catalog.model(spelling).id == model


@pytest.mark.parametrize(
    "spelling", ["Qwen3.1-7B", "Llama-3.1", "GPT-J-60B", "FP8", "", "Kimi-K9", "llama-3.1-8b-vision"]
)
def test_what_no_profile_describes_means_none(live_catalog: Catalog, spelling: str) -> None:
    with pytest.raises(UnknownId):
        live_catalog.model(spelling)


@pytest.mark.parametrize(
    ("spelling", "hint"),
    [
        ("lama-3.3-70b", "llama-3.3-70b"),
        ("Qwen/Qwen3-33B", "qwen3-32b"),
        ("DeepSeek-V9", None),
        ("Alpaca-7B", None),
        ("zzz", None),
    ],
)
def test_a_hint_is_of_the_same_family_and_version(live_catalog: Catalog, spelling: str, hint: str | None) -> None:
    assert live_catalog.model_names.nearest(spelling) == hint


@given(st.sampled_from(NAMES), st.data())
def test_case_separators_publishers_and_variants_do_not_change_what_a_name_means(
    name: str, data: st.DataObject
) -> None:
    cased = "".join(data.draw(st.sampled_from((letter.lower(), letter.upper()))) for letter in name)
    spelled = re.sub(r"[ \-_/]", lambda _: data.draw(st.sampled_from("- _/")), cased)
    before = data.draw(st.sampled_from(("", "nvidia/", "RedHatAI/", "amd-", "unsloth_", "some-lab/")))
    behind = data.draw(st.sampled_from(("", "-Instruct", "-it", "_chat", "-hf")))
    form = data.draw(st.sampled_from(("", *(f"-{form}" for form in FORMATS))))
    assert LIVE.model(f"{before}{spelled}{behind}{form}") is LIVE.model(name)


def test_names_of_two_models_are_a_problem_of_the_data() -> None:
    problems: list[str] = []
    names_of_models([("one", ["Some-7B"]), ("two", ["maker/Some-7B-Instruct-FP8"])], problems)
    assert problems == ["two.yaml: aliases: 'maker/Some-7B-Instruct-FP8' already names one; an alias has one owner"]


def test_numbers_keep_their_point_and_variants_are_no_words() -> None:
    assert model_words("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4") == ("qwen", "qwen", "2.5", "7", "b")
