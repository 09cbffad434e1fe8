"""Sensitivity of a decision, and when to revisit it."""

from datetime import date

import pytest
from signals_by_name import CATALOG as FIXED
from signals_by_name import run
from support import failed, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.units import DAYS_PER_MONTH

REAL = load_catalog()


def _review(**changes: object) -> str:
    return sensitivity_of(run(**changes), FIXED).review


def test_the_review_names_a_volume_and_a_month() -> None:
    assert _review(candidates=[{"model": "llama-3.1-8b", "gate": "not_acceptable"}]) == "Revisit by May 2027."
    near = _review(workload={"requests_per_month": 5e6}, candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}])
    assert near.startswith("Revisit when volume ")
    assert near.endswith(" requests/month, or by May 2027.")


def test_growth_asks_for_volumes_ahead_only_and_for_the_month_that_reaches_them() -> None:
    grows = _review(
        workload={"requests_per_month": 1.5e6, "growth_per_month_frac": 0.3},
        candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}],
    )
    assert "falls to" not in grows
    assert "May 2027" not in grows


def test_shrinking_below_break_even_is_reviewed_in_the_month_in_which_it_happens() -> None:
    """30 million at -10% a month are below 20.5 million in the fourth month: the order of the two turns round in March."""
    shrinks = scenario(
        as_of=date(2026, 11, 29),
        workload={
            "requests_per_month": 30_000_000,
            "growth_per_month_frac": -0.1,
            "input_tok": 1_500,
            "output_tok": 300,
            "peak_ratio": 1.5,
        },
        api={"provider": "openai", "model": "gpt-5.4"},
        candidates=[{"model": "qwen3.5-27b", "gate": "accepted"}],
        targets={"tpot_ms": 80},  # the only host of this model is known to be slower than 50 ms
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    evaluation = evaluate(shrinks, REAL)
    [note] = [note for note in evaluation.caveats if "falls below the break-even volume" in note]
    months = int(note.split(" in ")[1].split()[0])
    assert 1 <= months <= 6
    month = date(2026 + (10 + months) // 12, (10 + months) % 12 + 1, 1)
    assert sensitivity_of(evaluation, REAL).review.endswith(f"by {month:%B %Y}.")


def test_an_announced_price_that_changes_the_decision_is_the_day_of_the_review() -> None:
    """gemini-3.8-flash doubles on 1 January 2027; over the three months staying is cheaper, at the new prices it is not."""
    asked = scenario(
        as_of=date(2026, 11, 29),
        operations={"horizon_months": 3},
        workload={"requests_per_month": 1_100_000, "input_tok": 1_800, "output_tok": 300, "cacheable_frac": 0.5},
        api={"provider": "google", "model": "gemini-3.8-flash", **failed("google", "gemini-3.5-flash-lite")},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    review = sensitivity_of(evaluate(asked, REAL), REAL).review
    assert "on 2027-01-01: gemini-3.8-flash on Google then changes its price" in review
    assert review.endswith("the decision becomes: move to a hosted open model.")


def test_an_announced_price_counts_in_the_costs_of_the_horizon_from_its_day_on() -> None:
    asked = scenario(
        as_of=date(2026, 11, 29),
        workload={"requests_per_month": 1_000_000, "input_tok": 1_800, "output_tok": 300, "cacheable_frac": 0.5},
        api={"provider": "google", "model": "gemini-3.8-flash", **failed("google", "gemini-3.5-flash-lite")},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    found = evaluate(asked, REAL)
    today, months = found.today, 12
    at_new_price = months - 33 / DAYS_PER_MONTH  # from 1 January on
    assert today.horizon_usd_per_month == pytest.approx(today.usd_per_month * (months + at_new_price) / months)
    assert found.verdict.winner.kind == "hosted_open"
    assert "at announced prices, gpt-oss 120B" in found.verdict.sentence


def test_the_decision_is_revisited_when_committed_spend_ends() -> None:
    committed = {"committed_usd_per_month": 20_000, "committed_months": 3}
    assert _review(api=committed).endswith("by February 2027.")
