"""Sentences on a benchmark: predicted, measured, how far off, and what is used."""

from own_measurements import CATALOG, measured, scaled

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.calibration.own_benchmarks_text import (
    comparison_sentences,
    correction_note,
    measured_replica,
    measurement_conditions,
)
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


def test_throughput_corrects_only_where_no_latency_was_measured() -> None:
    both = told(measured(output_tok_s=1.0))
    assert both[-1].startswith("Throughput: ")
    assert "Now used" not in both[-1]
    alone = told(measured(tpot_ms=None, ttft_ms=None, output_tok_s=1.0))
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
