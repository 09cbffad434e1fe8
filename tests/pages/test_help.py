"""The Help page, and the texts it shows: true of the code they describe."""

import re

import pytest
from app_pages import start, words
from streamlit.testing.v1 import AppTest

from calculators.catalog.glossary import glossary
from calculators.catalog.load import ROOT, load_catalog
from calculators.fleet.operating_costs import BYTES_PER_TOK, WEEKS_PER_YEAR
from calculators.options.option import CLOSE_FRAC
from calculators.performance.max_load import TAIL_FRAC
from calculators.performance.model_size import LINEAR_BITS
from calculators.performance.step_time import CHUNK_TOK, MAX_BATCH
from calculators.units import HOURS_PER_MONTH

METHOD = (ROOT / "docs/method.md").read_text(encoding="utf-8")
READING = (ROOT / "docs/how_to_read.md").read_text(encoding="utf-8")


@pytest.fixture
def page() -> AppTest:
    return start().switch_page("pages/help/help.py").run()


def test_the_page_has_all_three_parts(page: AppTest) -> None:
    assert not page.exception
    shown = words(page)
    assert "Break-even volume" in shown
    assert "Time of one engine step" in shown
    assert "Time to first token is the time" in shown
    assert len(page.subheader) == len({term.group for term in glossary().terms})


def test_the_glossary_shows_only_what_is_searched_for(page: AppTest) -> None:
    page.text_input(key="glossary_search").set_value("kv CACHE fp8").run()
    assert [heading.value for heading in page.subheader] == ["Models and precision"]
    assert any(caption.value.startswith("1 of ") for caption in page.caption)
    page.text_input(key="glossary_search").set_value("no such term").run()
    assert not page.subheader
    assert not page.exception


def test_every_other_page_is_explained_by_its_title() -> None:
    titles = re.findall(r'\btitle="([^"]+)"', (ROOT / "app.py").read_text(encoding="utf-8"))
    assert len(titles) >= 15
    explained = re.findall(r"^\*\*([^*]+)\*\*", READING.partition("## The other pages")[2], flags=re.MULTILINE)
    assert set(titles) - {"Verdict", "Help"} == set(explained)


def test_the_method_names_modules_that_exist() -> None:
    modules = re.findall(r"`(calculators/[\w/]+\.py)`", METHOD)
    assert len(modules) >= 15
    assert [module for module in modules if not (ROOT / module).is_file()] == []


def test_the_numbers_of_the_method_are_those_of_the_code() -> None:
    newest = load_catalog().engine_memory.of("vllm")
    stated = (
        f"a month is {HOURS_PER_MONTH:.0f} hours",
        f"{min(LINEAR_BITS.values()):g} to {max(LINEAR_BITS.values()):g} bits",
        f"({newest.logit_bytes:g} from vLLM 0.17 on",
        f"(0.90, and {newest.utilization_frac:g} from version {newest.since} on)",
        f"maximum batch size ({MAX_BATCH} by default)",
        f"Prompts longer than {CHUNK_TOK:,} tokens",
        f"at most {TAIL_FRAC:.0%} of first tokens",
        f"K_2 - K_1 < {CLOSE_FRAC:g}",
        f"{BYTES_PER_TOK:g} bytes of egress per output token",
        f"{WEEKS_PER_YEAR}\\,H",
    )
    text = " ".join(METHOD.split())
    assert [words for words in stated if words not in text] == []
    assert f"less than {CLOSE_FRAC:.0%}" in READING


@pytest.mark.parametrize("text", [METHOD, READING], ids=["method", "how to read"])
def test_every_formula_that_is_opened_is_closed(text: str) -> None:
    blocks = text.split("$$")
    assert len(blocks) % 2 == 1
    assert all(block.count("$") % 2 == 0 for block in blocks[::2])
    assert all("$" not in block for block in blocks[1::2])
