"""Command lines against the recorded options of the engines: what their parsers refuse is refused, and what contradicts."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.catalog.serving import FlagConflict, ServingEngine, engine_flags, flag_conflicts, stack_file
from calculators.errors import DataError
from calculators.serving.flag_check import check_commands, complaints, flag_number

ENGINES: tuple[ServingEngine, ...] = ("vllm", "sglang")
START = {"vllm": "vllm serve some/model", "sglang": "python -m sglang.launch_server --model-path some/model"}
DENSE = {
    "experts count": 0.0,
    "checkpoint format": "fp8",
    "needed tok": 5_000.0,
    "context tok": 40_960.0,
    "gpus count": 1.0,
}
MOE = {**DENSE, "experts count": 128.0, "gpus count": 8.0}


def of(engine: ServingEngine, options: str, facts: dict[str, Any] | None = None) -> list[str]:
    return complaints(engine, shlex.split(f"{START[engine]} {options}"), facts)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_record_is_of_the_pinned_version_and_from_the_engines_own_parsers(engine: ServingEngine) -> None:
    record = engine_flags(engine)
    assert record.version == stack_file().versions[engine]
    assert record.sources[record.source].kind == "library"
    assert sum(len(command.options) for command in record.commands) > 300


@pytest.mark.parametrize("engine", ENGINES)
def test_no_option_of_a_command_answers_to_the_name_of_another(engine: ServingEngine) -> None:
    for command in engine_flags(engine).commands:
        names = [name for option in command.options for name in option.names]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("vllm", "--max-model-len 8k --enforce-eager --no-enable-prefix-caching -tp 2"),
        ("vllm", "--max_model_len 8192"),
        ("vllm", "--spec-method mtp --spec-tokens 3"),
        ("vllm", """--kv-transfer-config '{"kv_connector": "NixlConnector", "kv_role": "kv_producer"}'"""),
        ("vllm", "--max-model-len=auto"),
        ("sglang", "--tensor-parallel-size 2 --context-length 8192 --kv-cache-dtype fp8_e4m3"),
        ("sglang", "--speculative-algorithm NEXTN --speculative-num-steps 3 --speculative-eagle-topk 1"),
    ],
)
def test_what_the_engine_takes_is_taken(engine: ServingEngine, options: str) -> None:
    assert of(engine, options) == []


@pytest.mark.parametrize(
    ("engine", "options", "words"),
    [
        ("vllm", "--max-sequences 4", "not an option of vllm 0.33.0"),
        ("vllm", "--max-num-seq 4", "did you mean --max-num-seqs?"),
        ("vllm", "--max-num-seqs", "needs a value"),
        ("vllm", "--max-num-seqs --enforce-eager", "needs a value"),
        ("vllm", "--max-num-seqs many", "not a whole number"),
        ("vllm", "--max-num-seqs 1k", "not a whole number"),
        ("vllm", "--gpu-memory-utilization most", "not a number"),
        ("vllm", "--kv-cache-dtype fp7", "not one of its values"),
        ("vllm", "--spec-method magic", "not one of its values"),
        ("vllm", "--enforce-eager=true", "takes no value"),
        ("vllm", "--kv-transfer-config {kv_role:x}", "not a JSON object"),
        ("vllm", """--kv-transfer-config '{"kv_conector": "NixlConnector"}'""", "did you mean kv_connector?"),
        ("vllm", "another/model", "belongs to no option"),
        ("sglang", "--enable-dp-attention-please", "not an option of sglang 0.5.23"),
        ("sglang", "--tp_size 2", "not an option of sglang 0.5.23"),
        ("sglang", "--kv-cache-dtype fp8", "not one of its values"),
        ("sglang", "--kv-cache-dtype fp4_e2m1", "not one of its values"),
        ("sglang", "--disaggregation-mode both", "not one of its values"),
        ("sglang", "stray", "belongs to no option"),
    ],
)
def test_what_the_engine_would_refuse_is_refused_with_the_reason(
    engine: ServingEngine, options: str, words: str
) -> None:
    found = of(engine, options)
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("engine", "options", "facts", "flag"),
    [
        ("vllm", "--enable-expert-parallel --tensor-parallel-size 8", DENSE | {"gpus count": 8.0}, "--enable-expert-parallel"),
        ("vllm", "--enable-expert-parallel", MOE, "--enable-expert-parallel"),
        ("vllm", "--enable-eplb", MOE, "--enable-eplb"),
        ("vllm", "--quantization fp8", MOE | {"checkpoint format": "nvfp4"}, "--quantization"),
        ("vllm", "--quantization awq", DENSE, "--quantization"),
        ("vllm", "--quantization gptq", DENSE | {"checkpoint format": "bf16"}, "--quantization"),
        ("vllm", "--kv-cache-dtype fp8_e5m2", DENSE, "--kv-cache-dtype"),
        ("vllm", "--max-model-len 4096", DENSE, "--max-model-len"),
        ("vllm", "--max-model-len 4k", DENSE, "--max-model-len"),
        ("vllm", "--max-model-len 131072", DENSE, "--max-model-len"),
        ("vllm", "--max-num-seqs 512 --max-num-batched-tokens 256", DENSE, "--max-num-batched-tokens"),
        ("vllm", "--no-enable-chunked-prefill --max-num-batched-tokens 2048 --max-model-len 8192", DENSE, "--enable-chunked-prefill"),
        ("vllm", """--kv-transfer-config '{"kv_role": "kv_producer"}'""", DENSE, "--kv-transfer-config.kv_role"),
        ("vllm", """--kv-transfer-config '{"kv_connector": "NixlConnector"}'""", DENSE, "--kv-transfer-config.kv_connector"),
        ("vllm", """--kv-transfer-config '{"kv_connector": "NixlConnector", "kv_role": "kv_both"}'""", DENSE, "kv_both"),
        ("vllm", """--spec-method mtp --speculative-config '{"method": "mtp"}'""", DENSE, "--spec-method"),
        ("vllm", "--spec-method eagle3 --spec-tokens 3", DENSE, "--speculative-config.method eagle3"),
        ("vllm", """--pipeline-parallel-size 2 --speculative-config '{"enable_adaptive_verification": true, "method": "mtp"}'""", DENSE, "--pipeline-parallel-size"),
        ("vllm", "--tensor-parallel-size 2", DENSE, "--tensor-parallel-size"),
        ("sglang", "--disable-radix-cache --schedule-policy lpm", DENSE, "--schedule-policy lpm"),
        ("sglang", "--disable-radix-cache --enable-hierarchical-cache", DENSE, "--enable-hierarchical-cache"),
        ("sglang", "--ep-size 2 --tp-size 2", DENSE | {"gpus count": 2.0}, "--ep-size"),
        ("sglang", "--ep-size 8 --tp-size 4", MOE, "--tp-size"),
        ("sglang", "--attn-dp-size 2 --dp-size 2", DENSE, "--dp-size"),
        ("sglang", "--nnodes 2 --dp-size 2", DENSE, "--nnodes"),
        ("sglang", "--quantization fp8", DENSE | {"checkpoint format": "int4"}, "--quantization"),
        ("sglang", "--quantization awq", DENSE, "--quantization"),
        ("sglang", "--quantization awq", DENSE | {"checkpoint format": "bf16"}, "--quantization"),
        ("sglang", "--quantization-param-path scales.json", DENSE, "--kv-cache-dtype"),
        ("sglang", "--context-length 2048", DENSE, "--context-length"),
        ("sglang", "--context-length 80000", DENSE, "--context-length"),
        ("sglang", "--speculative-algorithm NGRAM --pp-size 2", DENSE, "--pp-size"),
        ("sglang", "--speculative-algorithm NEXTN --pp-size 2", DENSE, "--pp-size"),
        ("sglang", "--speculative-algorithm EAGLE3", DENSE, "--speculative-draft-model-path"),
        ("sglang", "--speculative-algorithm STANDALONE --speculative-draft-model-path d --attn-dp-size 2", DENSE, "--attn-dp-size"),
        ("sglang", "--speculative-eagle-topk 2", DENSE, "--speculative-num-steps"),
        ("sglang", "--speculative-algorithm NEXTN --pp-size 2 --disaggregation-mode decode", DENSE, "--pp-size"),
        ("sglang", "--speculative-algorithm DSPARK --pp-size 2", DENSE, "--pp-size"),
        ("sglang", "--disaggregation-mode decode --disaggregation-decode-enable-radix-cache --speculative-algorithm NGRAM", DENSE, "--speculative-algorithm"),
        ("sglang", "--disaggregation-mode prefill --disaggregation-transfer-backend fake", DENSE, "fake"),
        ("sglang", "--disaggregation-transfer-backend nixl", DENSE, "--disaggregation-mode"),
        ("sglang", "--tp-size 4", DENSE, "--tp-size"),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_naming_both_sides_and_the_remedy(
    engine: ServingEngine, options: str, facts: dict[str, Any], flag: str
) -> None:
    found = [words for words in of(engine, options, facts) if "conflict" in words]
    assert len(found) == 1
    assert flag in found[0]
    assert found[0].split("; ")[-1] != ""


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("sglang", "--disaggregation-mode decode --disaggregation-decode-enable-radix-cache --speculative-algorithm NEXTN"),
        ("sglang", "--disaggregation-decode-enable-radix-cache --speculative-algorithm NGRAM"),
        ("sglang", "--quantization modelopt_fp4"),
        ("sglang", "--speculative-algorithm DSPARK --pp-size 2 --disaggregation-mode prefill"),
        ("vllm", "--kv-cache-dtype fp8_e5m2 --quantization compressed-tensors"),
    ],
)  # fmt: skip
def test_what_the_engine_takes_on_an_fp8_checkpoint_is_not_refused(engine: ServingEngine, options: str) -> None:
    """SGLang 0.5.23 and vLLM 0.33.0 as read: drafts beside a cache on decode servers, experts requantized online, E5M2."""
    assert not [words for words in of(engine, options, DENSE) if "conflict" in words]


def test_every_recorded_contradiction_can_happen_and_has_a_known_source() -> None:
    """Each flag that a rule names is an option of that engine: a renamed one would make the rule dead."""
    for clash in flag_conflicts().contradictions:
        known = {option.names[0] for option in engine_flags(clash.engine).commands[0].options}
        named = {c.flag.partition(".")[0] for c in clash.when if c.flag} | {
            other for c in clash.when for other in (c.below, c.above) if other and other.startswith("--")
        }
        assert named <= known, clash.id
        assert {c.fact for c in clash.when if c.fact} <= set(DENSE), clash.id
        assert _choices_exist(clash), clash.id


def _choices_exist(clash: FlagConflict) -> bool:
    """Values that a rule speaks of are values that the option takes."""
    options = {option.names[0]: option for option in engine_flags(clash.engine).commands[0].options}
    return all(
        set(condition.one_of) <= set(options[condition.flag].choices)
        for condition in clash.when
        if condition.flag in options and options[condition.flag].choices
    )


def test_an_option_given_twice_with_two_values_is_refused() -> None:
    assert "keep one" in of("vllm", "--max-num-seqs 4 --max-num-seqs 8")[0]
    assert "keep one" in of("vllm", "--enable-prefix-caching --no-enable-prefix-caching")[0]
    assert of("vllm", "--max-num-seqs 4 --max-num-seqs 4") == []


def test_an_unknown_fact_contradicts_nothing() -> None:
    assert of("vllm", "--enable-expert-parallel --tensor-parallel-size 8 --max-model-len 16", {}) == []


def test_another_program_is_no_command() -> None:
    assert "is not a command" in complaints("vllm", ["rm", "-rf", "/"])[0]
    assert "is not a command" in complaints("sglang", [])[0]


def test_check_raises_all_complaints_at_once() -> None:
    with pytest.raises(DataError, match=r"--nope.*--max-num-seqs") as caught:
        check_commands("vllm", shlex.split("vllm serve m --nope --max-num-seqs x"))
    assert str(caught.value).count(";") >= 2


@pytest.mark.parametrize(
    ("text", "value"), [("8192", 8_192), ("8k", 8_000), ("8K", 8_192), ("25.6k", 25_600), ("2M", 2**21)]
)
def test_sizes_read_as_the_engines_read_them(text: str, value: int) -> None:
    assert flag_number(text) == value


@given(st.lists(st.text(max_size=30), max_size=12), st.sampled_from(ENGINES))
def test_any_words_give_an_answer_and_never_a_crash(words: list[str], engine: ServingEngine) -> None:
    for problem in complaints(engine, [*START[engine].split(), *words], DENSE):
        assert len(problem) < 2_000


@given(st.text(max_size=200))
def test_text_of_others_is_cut_in_messages(text: str) -> None:
    for problem in of("vllm", shlex.quote(f"--{text}")):
        assert len(problem) < 400


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=20)
)
def test_any_json_is_read_or_refused(value: object) -> None:
    of("vllm", f"--kv-transfer-config {shlex.quote(json.dumps(value))}")
