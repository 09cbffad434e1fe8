"""The plan as command lines: each choice of the plan is on them, and nothing that the plan does not say."""

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from serving_jobs import ENGINES, HOSTILE, files_of, job_of, value, words

from calculators.catalog.serving import ServingEngine
from calculators.errors import DataError
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.schema import LengthCell, Techniques
from calculators.serving.commands import Variable, benchmarks, in_shell, plain, server, variables
from calculators.serving.engine_choice import has_heads

# --- what is on the command line ---------------------------------------------------------------------------------


def test_the_released_format_needs_no_flag_and_fp8_of_16_bit_weights_does() -> None:
    for engine in ENGINES:
        assert "--quantization" not in words(job_of(engine, precision="bf16"))
        assert value(words(job_of(engine, precision="fp8")), "--quantization") == "fp8"
        assert "--quantization" not in words(job_of(engine, "deepseek-v3.2", tp=8))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["int4", "nvfp4", "int8"])
def test_a_format_that_nobody_released_is_a_variable_and_never_an_invented_repository(
    engine: ServingEngine, precision: str
) -> None:
    job = job_of(engine, precision=precision)
    made = files_of(job)
    name = f"MODEL_{precision.upper()}"
    assert f'"${{{name}:?' in made.command
    assert f"${{{name}:?" in made.compose
    assert f"$({name})" in made.manifest
    assert job.config.model.hf_id not in shlex.split(made.command, comments=True)
    assert name in {v.name for v in variables(server(job))}


def test_a_draft_is_the_models_own_heads_or_a_variable() -> None:
    speculation = Techniques(speculation=True, draft_tok=4)
    own, foreign = job_of("vllm", techniques=speculation), job_of("vllm", "llama-3.3-70b", tp=2, techniques=speculation)
    assert has_heads(own.config, "vllm")
    assert value(words(own), "--spec-method") == "mtp"
    assert "--spec-model" not in words(own)
    assert value(words(foreign), "--spec-model") == "${DRAFT_MODEL}"
    assert value(words(foreign), "--spec-tokens") == "4"
    ours = words(job_of("sglang", techniques=speculation))
    assert value(ours, "--speculative-algorithm") == "NEXTN"
    assert value(ours, "--speculative-num-draft-tokens") == "5"
    theirs = words(job_of("sglang", "llama-3.3-70b", tp=2, techniques=speculation))
    assert value(theirs, "--speculative-algorithm") == "EAGLE3"
    assert value(theirs, "--speculative-draft-model-path") == "${DRAFT_MODEL}"
    one_sided = {
        engine: words(job_of(engine, "minimax-m3", tp=8, techniques=speculation)) for engine in ("vllm", "sglang")
    }
    assert value(one_sided["vllm"], "--spec-method") == "mtp"
    assert value(one_sided["sglang"], "--speculative-algorithm") == "EAGLE3"


def test_prefix_caching_is_switched_off_where_the_plan_has_it_off() -> None:
    off = Techniques(prefix_caching=False)
    assert "--no-enable-prefix-caching" in words(job_of("vllm", techniques=off))
    assert "--enable-prefix-caching" in words(job_of("vllm"))
    assert "--disable-radix-cache" in words(job_of("sglang", techniques=off))
    assert "--schedule-policy" not in words(job_of("sglang", techniques=off))
    assert value(words(job_of("sglang")), "--schedule-policy") == "lpm"


def test_the_batch_the_chunk_and_the_cache_format_are_those_of_the_plan() -> None:
    techniques = Techniques(batch_cap=77, kv_cache="fp8")
    ours = words(job_of("vllm", techniques=techniques, config={"kv_element_bytes": 1.0}))
    assert (value(ours, "--max-num-seqs"), value(ours, "--kv-cache-dtype")) == ("77", "fp8")
    assert value(ours, "--max-num-batched-tokens") == str(CHUNK_TOK)
    theirs = words(job_of("sglang", techniques=techniques, config={"kv_element_bytes": 1.0}))
    assert (value(theirs, "--max-running-requests"), value(theirs, "--kv-cache-dtype")) == ("77", "fp8_e4m3")
    assert "--kv-cache-dtype" not in words(job_of("vllm"))


def test_experts_are_spread_only_where_the_plan_spreads_them() -> None:
    spread = {"config": {"expert_ranks": 8}, "tp": 8}
    assert "--enable-expert-parallel" in words(job_of("vllm", "deepseek-v3.2", **spread))
    assert value(words(job_of("sglang", "deepseek-v3.2", **spread)), "--ep-size") == "8"
    assert "--enable-expert-parallel" not in words(job_of("vllm", "deepseek-v3.2", tp=8))


def test_the_length_covers_the_long_requests_and_never_exceeds_the_context() -> None:
    job = job_of()
    assert job.needed_tok <= job.max_tok < job.needed_tok + 1_024
    short = job_of(model="llama-2-7b", precision="bf16")
    with pytest.raises(DataError, match="choose a model with a longer context"):
        server(short)


@pytest.mark.parametrize("engine", ENGINES)
def test_both_pools_speculate_alike_since_their_caches_must_match(engine: ServingEngine) -> None:
    job = job_of(engine, techniques=Techniques(disaggregation=True, speculation=True))
    flag = {"vllm": "--spec-tokens", "sglang": "--speculative-num-steps"}[engine]
    assert value(words(job, role="prefill"), flag) == value(words(job, role="decode"), flag)


def test_a_plan_that_contradicts_itself_makes_no_file() -> None:
    job = job_of(
        "sglang", "llama-3.3-70b", tp=2, techniques=Techniques(speculation=True), config={"pipeline_stages": 2}
    )
    with pytest.raises(DataError, match="conflict"):
        files_of(job)


def test_a_model_whose_name_looks_like_an_option_is_refused() -> None:
    job = job_of("vllm", precision="bf16")
    model = job.config.model.model_copy(update={"hf_id": "--trust-remote-code"})
    config = replace(job.config, model=model)
    with pytest.raises(DataError, match="not a model name"):
        server(replace(job, plan=replace(job.plan, capacity=replace(job.plan.capacity, config=config))))


def test_a_variable_stops_the_shell_while_it_is_not_set() -> None:
    assert in_shell(Variable("A", "something")) == '"${A:?set it to something}"'
    assert in_shell("a b") == "'a b'"


def test_a_split_that_the_attention_heads_do_not_allow_is_refused() -> None:
    with pytest.raises(DataError, match="28 attention heads"):
        server(job_of("vllm", "qwen2-7b", precision="bf16", tp=8))


# --- benchmark ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_benchmark_asks_what_the_workload_asks(engine: ServingEngine) -> None:
    job = job_of(engine, workload={"self_hit_frac": 0.4})
    capacity, peak = ([plain(w) for w in argv] for _, argv in benchmarks(job))
    fresh = {"vllm": "--random-input-len", "sglang": "--gsp-question-len"}[engine]
    shared = {"vllm": "--random-prefix-len", "sglang": "--gsp-system-prompt-len"}[engine]
    answer = {"vllm": "--random-output-len", "sglang": "--gsp-output-len"}[engine]
    for argv in (capacity, peak):
        assert int(value(argv, fresh)) + int(value(argv, shared)) == round(job.demand.input_tok)
        assert int(value(argv, shared)) == job.prefix_tok == round(job.demand.input_tok * 0.4)
        assert int(value(argv, answer)) == round(job.demand.output_tok)
        assert value(argv, "--seed") == "0"
    assert int(value(capacity, "--max-concurrency")) == round(job.plan.capacity.batch)
    assert float(value(peak, "--request-rate")) == pytest.approx(job.demand.peak_req_s / job.plan.replicas, rel=1e-4)
    assert "--request-rate" not in capacity


def test_results_are_saved_with_the_percentiles_that_the_candidates_page_reads() -> None:
    for _, argv in benchmarks(job_of("vllm")):
        ours = [plain(w) for w in argv]
        assert "--save-result" in ours
        assert "95" in value(ours, "--metric-percentiles").split(",")
        assert {"ttft", "tpot"} <= set(value(ours, "--percentile-metrics").split(","))
    names = [value([plain(w) for w in argv], "--output-file") for _, argv in benchmarks(job_of("sglang"))]
    assert len(set(names)) == 2


def test_two_pools_are_given_what_the_busier_one_can_take() -> None:
    pools = Techniques(disaggregation=True)
    job = job_of("vllm", techniques=pools, replicas=1, prefill_replicas=3)
    assert job.replica_req_s == pytest.approx(job.demand.peak_req_s / 3)


def test_without_a_cache_nothing_is_shared_in_the_benchmark() -> None:
    off = Techniques(prefix_caching=False)
    job = job_of("sglang", techniques=off, workload={"self_hit_frac": 0.4})
    assert job.prefix_tok == 0
    assert all("random-ids" in argv for _, argv in benchmarks(job))


def test_what_a_variable_means_runs_nothing_in_a_shell(tmp_path: Path) -> None:
    """The meaning names the model: it stands inside quotes that a shell reads."""
    line = f"echo {in_shell(Variable('MODEL_INT4', f'a checkpoint of {HOSTILE}'))}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "set it to a checkpoint of x/" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_length_covers_the_longest_measured_group_where_the_window_allows_it() -> None:
    """95% of requests decide whether a model serves at all; the few longer ones are still accepted where they fit."""
    cells = (
        LengthCell(share_frac=0.99, input_tok=1_000, output_tok=200),
        LengthCell(share_frac=0.01, input_tok=30_000, output_tok=200),
    )
    lengths = {"input_tok": 1_290, "output_tok": 200, "input_p95_tok": 1_000, "output_p95_tok": 200, "cells": cells}
    long, short = job_of(workload=lengths), job_of(model="llama-3-8b", precision="bf16", workload=lengths)
    assert (long.needed_tok, long.longest_tok, long.max_tok) == (1_490, 30_200, 30_720)
    assert short.fits
    assert short.max_tok == 8_192
