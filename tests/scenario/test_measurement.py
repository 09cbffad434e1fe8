"""A benchmark of the user's own server has at least one speed, at a load, and agrees with itself."""

from typing import Any

import pytest

from calculators.errors import DataError
from calculators.scenario.measurement import parse_measurement

RUN: dict[str, Any] = {"source": "run.json", "model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8"}
RUN |= {"input_tok": 1000, "output_tok": 200, "concurrency_count": 8}
TYPED = {name: value for name, value in RUN.items() if name not in ("source", "concurrency_count")} | {
    "tensor_parallel": 4
}


def test_one_speed_is_enough_and_none_is_refused() -> None:
    assert parse_measurement({**RUN, "tpot_ms": 20}).tpot_ms == 20
    with pytest.raises(DataError, match="neither TTFT, TPOT nor output throughput"):
        parse_measurement(RUN)


def test_a_wrong_value_is_named_by_its_label() -> None:
    with pytest.raises(DataError, match="TPOT, mean"):
        parse_measurement({**RUN, "tpot_ms": -1})


@pytest.mark.parametrize(
    ("figures", "load"),
    [
        ({"output_tok_s": 600}, "full"),
        ({"output_tok_s": 600, "concurrency_count": 32}, "clients"),
        ({"ttft_ms": 300, "request_rate_req_s": 4}, "rate"),
        ({"ttft_ms": 300, "request_rate_req_s": 4, "arrival": "open", "concurrency_count": 9}, "rate"),
        ({"output_tok_s": 600, "arrival": "open", "concurrency_count": 9}, "full"),
    ],
)
def test_figures_may_be_typed_at_any_load(figures: dict[str, Any], load: str) -> None:
    typed = parse_measurement(TYPED | figures)
    assert (typed.load, typed.is_typed, typed.name) == (load, True, "your typed figures")
    assert not parse_measurement(RUN | figures).is_typed


def test_every_figure_of_throughput_is_one_of_the_replica() -> None:
    figures = ({"output_tok_s": 800}, {"output_tok_s_per_gpu": 200}, {"served_req_s": 4})
    assert [parse_measurement(TYPED | one).tok_s for one in figures] == [800, 800, 800]
    assert parse_measurement(RUN | {"tpot_ms": 20}).tok_s is None
    assert parse_measurement(TYPED | {"output_tok_s": 800, "served_req_s": 4.2}).tok_s == 800


@pytest.mark.parametrize(
    ("figures", "label", "value", "remedy"),
    [
        ({"tpot_ms": 20}, "TPOT, mean (ms)", "20", "enter Concurrency, or Requests per second, sent"),
        ({"ttft_ms": 300}, "TTFT, mean (ms)", "300", "enter Concurrency"),
        (
            {"output_tok_s": 800, "output_tok_s_per_gpu": 800},
            "Output throughput per GPU (tok/s)",
            "3,200",
            "correct one, or leave one empty",
        ),
        ({"output_tok_s": 800, "served_req_s": 40}, "Requests per second, answered", "8,000", "correct one"),
        (
            {"output_tok_s": 8000, "concurrency_count": 8, "tpot_ms": 20},
            "Output throughput (tok/s)",
            "at most 400",
            "correct Concurrency, TPOT or the throughput",
        ),
    ],
)
def test_figures_that_cannot_be_together_are_named_with_value_and_remedy(
    figures: dict[str, Any], label: str, value: str, remedy: str
) -> None:
    with pytest.raises(DataError) as refused:
        parse_measurement(TYPED | figures)
    for part in (label, value, remedy):
        assert part in str(refused.value)
