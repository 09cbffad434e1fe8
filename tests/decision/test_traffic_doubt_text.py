"""The words of a doubt about the traffic."""

import pytest
from options_by_hand import hand_made_buy
from support import scenario

from calculators.decision.traffic_doubt_text import doubt_sentences
from calculators.decision.verdict_context import NO_DOUBT, TrafficDoubt
from calculators.scenario.schema import Workload

WORKLOAD = scenario(
    workload={
        "source": "log:x.csv",
        "requests_basis": "assumed",
        "requests_range_per_month": (1e6, 6e6),
        "peak_basis": "assumed",
        "peak_range_ratio": (2.0, 8.0),
        "lengths_basis": "measured",
        "sample_requests": 22,
    }
).workload
OPTIONS = [hand_made_buy("api_today", 100), hand_made_buy("hosted_open", 50, gate="accepted")]


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        (NO_DOUBT, ""),
        (
            TrafficDoubt(few_requests=22),
            "22 requests are too few: by chance the volume may be off by a factor of 1.5.",
        ),
        (
            TrafficDoubt(few_requests=1),
            "1 request is too few: by chance the volume may be off by a factor of 1.5.",
        ),
        (
            TrafficDoubt(changed_by=("volume",), becomes="hosted_open"),
            "Within the range of requests per month (1M to 6M), the decision becomes: move to a hosted open model.",
        ),
        (
            TrafficDoubt(changed_by=("volume", "peak"), becomes=None),
            "Within the ranges of requests per month (1M to 6M) and peak-to-average ratio (2 to 8), the decision becomes: "
            "no option serves this.",
        ),
    ],
)
def test_each_doubt_is_a_sentence(doubt: TrafficDoubt, words: str) -> None:
    assert doubt_sentences(doubt, WORKLOAD, OPTIONS) == words


def test_only_what_was_measured_on_the_requests_is_named() -> None:
    figures = {**WORKLOAD.model_dump(), "input_p95_tok": 3_500.0}
    typed_volume = Workload.model_validate({**figures, "requests_basis": "typed"})
    typed_lengths = Workload.model_validate({**figures, "lengths_basis": "typed"})
    few = TrafficDoubt(few_requests=22)
    assert "by chance the mean lengths may be off" in doubt_sentences(few, typed_volume, OPTIONS)
    assert "by chance the volume may be off" in doubt_sentences(few, typed_lengths, OPTIONS)


def test_a_typical_value_is_called_one() -> None:
    guess = scenario(workload={"source": "preset:rag", "requests_basis": "assumed"}).workload
    told = doubt_sentences(TrafficDoubt(changed_by=("volume",), becomes="self_host"), guess, OPTIONS)
    assert "requests per month (1M to 4M, a typical value)" in told
