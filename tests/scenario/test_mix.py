"""The traffic of each API model in use."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import scenario

from calculators.errors import DataError
from calculators.scenario.mix import main_model, model_scenarios, token_fracs
from calculators.scenario.schema import Scenario, parse_scenario


def part(model: str, requests: float, inputs: float, outputs: float, **more: Any) -> dict[str, Any]:
    shares = {"requests_frac": requests, "input_frac": inputs, "output_frac": outputs}
    return {"provider": "testhost", "model": model, **shares, **more}


def mixed(*parts: dict[str, Any], **changes: Any) -> Scenario:
    api = {"mix": list(parts), **changes.pop("api", {})}
    return scenario(api=api, **changes)


TWO = (part("closed", 0.25, 0.75, 0.5), part("closed-cached", 0.75, 0.25, 0.5))


def test_one_model_is_the_scenario_itself() -> None:
    asked = scenario()
    assert model_scenarios(asked) == (asked,)


def test_each_model_has_its_requests_lengths_and_bill() -> None:
    big, small = model_scenarios(
        mixed(
            part("closed", 0.25, 0.75, 0.5, bill_frac=0.9),
            part("closed-cached", 0.75, 0.25, 0.5, bill_frac=0.1),
            api={"paid_usd_per_month": 1_000.0},
        )
    )
    assert (big.workload.requests_per_month, big.workload.input_tok, big.workload.output_tok) == (500_000, 3_000, 600)
    assert (big.api.model, big.api.mix, big.api.paid_usd_per_month) == ("closed", (), 900)
    assert small.workload.input_tok == pytest.approx(1_000 / 3)


def test_without_shares_of_the_bill_no_part_is_guessed() -> None:
    assert [one.api.paid_usd_per_month for one in model_scenarios(mixed(*TWO, api={"paid_usd_per_month": 9.0}))] == [
        None,
        None,
    ]


def test_cached_tokens_belong_to_the_model_that_read_them() -> None:
    """Half of all input is cached, all of it by the model with three quarters of the input: two thirds of its own."""
    parts = (
        part("closed", 0.25, 0.75, 0.5, cache_read_frac=1.0),
        part("closed-cached", 0.75, 0.25, 0.5, cache_read_frac=0.0),
    )
    big, small = model_scenarios(mixed(*parts, workload={"cached_frac": 0.5, "cacheable_frac": 0.5}))
    assert (big.workload.cached_frac, small.workload.cached_frac) == (pytest.approx(2 / 3), 0)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_the_parts_add_up_to_the_whole(requests: float, inputs: float, outputs: float) -> None:
    whole = mixed(
        part("closed", requests, inputs, outputs), part("closed-cached", 1 - requests, 1 - inputs, 1 - outputs)
    )
    workloads = [one.workload for one in model_scenarios(whole)]
    for field in ("input_tok", "output_tok"):
        total = sum(w.requests_per_month * getattr(w, field) for w in workloads)
        least = sum(w.requests_per_month for w in workloads if getattr(w, field) == 1.0)  # a length is 1 token at least
        assert total == pytest.approx(whole.workload.requests_per_month * getattr(whole.workload, field), abs=least + 1)


def test_the_main_model_has_the_most_tokens_of_input_and_output_together() -> None:
    """Nine tenths of a short output are fewer tokens than three quarters of a long input."""
    mix = mixed(part("closed", 0.5, 0.75, 0.1), part("closed-cached", 0.5, 0.25, 0.9)).api.mix
    assert main_model(mix, 1_000.0, 100.0).model == "closed"
    assert main_model(mix, 100.0, 1_000.0).model == "closed-cached"
    assert token_fracs(mix, 900.0, 100.0) == pytest.approx((0.685, 0.315))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"input_frac": 0.5}, "Share of input tokens adds up to 75%"),
        ({"bill_frac": 1.0}, "is given for some models only"),
    ],
)
def test_shares_that_are_no_whole_are_refused_with_their_label(change: dict[str, float], said: str) -> None:
    plain = mixed(*TWO).model_dump(mode="json")
    plain["api"]["mix"][0] |= change
    with pytest.raises(DataError, match=said):
        parse_scenario(plain)


def test_a_batch_share_above_the_eligible_one_is_refused_with_both_labels() -> None:
    plain = scenario().model_dump(mode="json")
    plain["workload"] |= {"batch_frac": 0.5, "deferrable_frac": 0.25}
    with pytest.raises(DataError, match="Share in the batch API today is above share eligible"):
        parse_scenario(plain)


def test_the_parts_of_a_bill_add_up_where_a_model_is_billed_nothing() -> None:
    parts = (part("closed", 0.5, 0.5, 0.5, bill_frac=1.0), part("closed-cached", 0.5, 0.5, 0.5, bill_frac=0.0))
    paid = [
        one.api.paid_usd_per_month or 0.0 for one in model_scenarios(mixed(*parts, api={"paid_usd_per_month": 9.0}))
    ]
    assert sum(paid) == pytest.approx(9.0, rel=1e-12)
    assert all(usd > 0 for usd in paid)


def test_a_model_without_tokens_keeps_a_request_of_one_token() -> None:
    cells = [{"share_frac": 1.0, "input_tok": 1_000, "output_tok": 300}]
    whole = mixed(
        part("closed", 0.5, 1.0, 1.0),
        part("closed-cached", 0.5, 0.0, 0.0),
        workload={"cells": cells, "input_tok": 1_000, "output_tok": 300},
    )
    _, empty = (one.workload for one in model_scenarios(whole))
    assert (empty.input_tok, empty.output_tok) == pytest.approx((1.0, 1.0))
    assert empty.cells[0].input_tok == pytest.approx(1.0)
