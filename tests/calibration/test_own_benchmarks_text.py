"""Sentences on a benchmark: predicted, measured, how far off, and what is used."""

from own_measurements import CATALOG, measured, scaled

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.calibration.own_benchmarks_text import (
    comparison_sentences,
    contradiction_sentence,
    correction_note,
    measured_replica,
    measurement_conditions,
    rests_on_sentences,
    unused_sentences,
)
from calculators.calibration.own_contradictions import contradictions
from calculators.catalog.base import Precision
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.measurement import OwnMeasurement


def told(m: OwnMeasurement) -> list[str]:
    return comparison_sentences(fit_own_benchmarks([m], CATALOG).comparisons[0])


def test_a_measurement_equal_to_the_prediction_is_said_to_be_so() -> None:
    sentences = told(scaled(1.0))
    assert [sentence.split(":")[0] for sentence in sentences] == ["TPOT", "TTFT"]
    assert all(sentence.endswith("as predicted.") for sentence in sentences)


def test_the_sentence_says_by_how_much_and_what_is_used() -> None:
    slow = told(scaled(1.25))[0]
    assert "the prediction was 20% too low." in slow
    assert "Now used at this load: " in slow
    assert "25% too high" in told(scaled(0.8))[0]


def test_throughput_corrects_what_a_replica_carries_beside_its_latencies() -> None:
    both = told(measured(output_tok_s=700.0))
    assert [sentence.split(":")[0] for sentence in both] == ["TPOT", "TTFT", "Throughput"]
    assert "Now used at this load: 700 output tok/s." in both[-1]
    alone = told(measured(tpot_ms=None, ttft_ms=None, output_tok_s=700.0))
    assert "Now used" in alone[0]


def test_a_benchmark_that_cannot_be_says_why_it_is_not_used() -> None:
    assert told(measured(precision="bf16", tensor_parallel=1)) == [
        "Not used: the weights do not fit on 1× NVIDIA H100 80 GB SXM."
    ]


def test_replica_conditions_and_source_are_told() -> None:
    m = measured(tool="vllm bench", engine="vllm", engine_version="0.11")
    assert measured_replica(m, CATALOG).startswith("Llama 3.3 70B")
    assert measurement_conditions(m) == (
        "1,000 input tokens, 300 output tokens, 32 concurrent clients (vllm bench on vllm 0.11, 2026-09-01)"
    )
    opened = measured(arrival="open", concurrency_count=1.0, measured_on=None)
    assert measurement_conditions(opened).endswith("1 request decoding (tool not stated)")
    assert correction_note(m).startswith("From bench.json.")
    typed = measured(source="", concurrency_count=None, request_rate_req_s=4.0, measured_on=None)
    assert measurement_conditions(typed).endswith("4 requests/s sent (your figures)")
    assert correction_note(typed).startswith("Typed by you.")
    full = measured(source="", concurrency_count=None, tpot_ms=None, ttft_ms=None, output_tok_s=700.0)
    assert "as much as it carries (your figures" in measurement_conditions(full)


def replica(model: str = "llama-3.3-70b", precision: Precision = "fp8", gpus: int = 2) -> ReplicaConfig:
    return ReplicaConfig(CATALOG.model(model), CATALOG.gpu("h100-sxm"), precision, gpus)


def test_the_fleet_says_which_figures_rest_on_a_benchmark_and_which_stay_modeled() -> None:
    only_ttft = fit_own_benchmarks([measured(tpot_ms=None)], CATALOG)
    first, rest = rests_on_sentences(replica(), only_ttft)
    assert first.startswith("TTFT of Llama 3.3 70B")
    assert "is calibrated with 1 of your benchmarks (bench.json)." in first
    assert rest == "Your benchmarks hold TTFT, but not throughput and TPOT: they stay modeled."
    (whole,) = rests_on_sentences(replica(), fit_own_benchmarks([measured()], CATALOG))
    assert whole.startswith("Throughput of ")


def test_a_sibling_says_that_it_was_not_measured_itself() -> None:
    fitted = fit_own_benchmarks([measured(source="")], CATALOG)
    assert "(your typed figures) of FP8 on 2 GPUs, in part" in rests_on_sentences(replica(gpus=4), fitted)[0]
    assert "is modeled" in rests_on_sentences(replica("llama-3.1-8b", gpus=1), fitted)[0]


def test_a_benchmark_that_counts_for_nothing_says_so_and_why() -> None:
    too_big = fit_own_benchmarks([measured(precision="bf16", tensor_parallel=1)], CATALOG)
    assert "is not used: the weights do not fit" in unused_sentences(too_big, replica(), CATALOG)[0]
    elsewhere = fit_own_benchmarks([measured(gpu="l40s", tensor_parallel=4)], CATALOG)
    assert (
        "shows in no cost of the cheapest fleet, which is on NVIDIA H100"
        in unused_sentences(elsewhere, replica(), CATALOG)[0]
    )
    assert "no fleet meets the targets" in unused_sentences(fit_own_benchmarks([measured()], CATALOG), None, CATALOG)[0]
    queue = fit_own_benchmarks([measured(arrival="open", request_rate_req_s=9.0, served_req_s=3.0)], CATALOG)
    assert "it is the length of a queue" in unused_sentences(queue, replica(), CATALOG)[0]


def test_two_benchmarks_that_contradict_each_other_are_shown_as_such() -> None:
    fitted = fit_own_benchmarks([scaled(1.0), scaled(3.0)], CATALOG)
    (one,) = contradictions(fitted)
    sentence = contradiction_sentence(one, fitted)
    assert sentence.startswith(
        "Two of your benchmarks contradict each other: by TPOT, number 2 (bench.json) is 3 times"
    )
    assert sentence in unused_sentences(fitted, replica(), CATALOG)
