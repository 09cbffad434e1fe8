"""Options under changed inputs: prices that all moved, another throughput, another day."""

from dataclasses import replace
from datetime import date

import pytest
from support import FIXED_ROOT, scenario

from calculators.api.bill import todays_list_bill, todays_parts
from calculators.catalog.load import load_catalog
from calculators.options.build import size_candidates
from calculators.options.option import Option
from calculators.options.what_if import PriceMoves, allowed_again, curves_at_throughput, ranked_again, ranked_on
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)
INPUTS = Inputs.of(scenario(hardware={"include_owned": True}), CATALOG)


def _usd(options: list[Option]) -> dict[str, float]:
    return {option.label: option.usd_per_month for option in options}


def test_nothing_changed_gives_the_same_options() -> None:
    assert _usd(ranked_again(INPUTS)) == _usd(ranked_again(INPUTS, PriceMoves(), size_candidates(INPUTS)))


@pytest.mark.parametrize(
    ("moves", "kinds"),
    [
        (PriceMoves(today_price_ratio=1.5), {"api_today", "api_optimised", "resold_api"}),
        (PriceMoves(hosted_price_ratio=1.5), {"hosted_open"}),
        (PriceMoves(rent_ratio=1.5), {"self_host"}),
        (PriceMoves(server_ratio=1.5), {"own_hardware"}),
    ],
)
def test_a_price_moves_its_own_side_only(moves: PriceMoves, kinds: set[str]) -> None:
    """The first line of an option is its bill or its machines: half as much more, all else as it was."""
    before = {option.label: option for option in ranked_again(INPUTS) if option.kind != "hybrid"}
    after = {option.label: option for option in ranked_again(INPUTS, moves) if option.kind != "hybrid"}
    assert before.keys() == after.keys()
    for label, option in before.items():
        first = option.lines[0].usd_per_month
        more = 0.5 * first if option.kind in kinds else 0.0
        assert after[label].usd_per_month == pytest.approx(option.usd_per_month + more)


def test_at_the_same_throughput_the_curves_are_those_of_the_options() -> None:
    curves = curves_at_throughput(allowed_again(INPUTS), INPUTS)
    costs = curves.costs(curves.points(1))
    builds = [option.decisive_usd_per_month for option in ranked_again(INPUTS) if option.is_build]
    assert sorted(costs.builds_usd[:, 0]) == pytest.approx(sorted(builds))


def test_on_another_day_only_api_prices_are_of_that_day() -> None:
    later = ranked_on(date(2027, 12, 1), INPUTS, size_candidates(INPUTS))
    builds = {label: usd for label, usd in _usd(ranked_again(INPUTS)).items() if "self-hosted" in label}
    assert builds.items() <= _usd(later).items()


def test_a_bill_moves_with_the_list_price_of_each_of_its_models() -> None:
    """A tenth of the bill is for a model whose announced price is another: only that tenth moves."""
    real = load_catalog()
    share = {"requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    day = date(2027, 1, 1)
    mix = [
        {"provider": "openai", "model": "gpt-4o", "bill_frac": 0.9, **share},
        {"provider": "google", "model": "gemini-3.8-flash", "bill_frac": 0.1, **share},
    ]
    api = {"provider": "openai", "model": "gpt-4o", "mix": mix, "paid_usd_per_month": 10_000.0}
    inputs = Inputs.of(scenario(api=api, as_of="2026-11-29"), real)
    before, after = (
        todays_list_bill(todays_parts(replace(inputs, scenario=inputs.scenario.model_copy(update={"as_of": at})))[1])
        for at in (date(2026, 11, 29), day)
    )
    [today] = [o for o in ranked_on(day, inputs, size_candidates(inputs)) if o.kind == "api_today"]
    ratio = after.usd_per_month / before.usd_per_month
    assert ratio > 1.1
    assert today.usd_per_month == pytest.approx(9_000 + 1_000 * ratio)


def test_curves_at_another_throughput_keep_the_small_models() -> None:
    models = [{"model": "llama-3.3-70b", "gate": "accepted"}, {"model": "gpt-oss-120b", "gate": "easy_only"}]
    inputs = Inputs.of(scenario(candidates=models, workload={"easy_frac": 0.4}), CATALOG)
    assert curves_at_throughput(allowed_again(inputs), inputs).api.small
