"""Savings of self-hosting by month."""

import numpy as np
import pytest
from signals_by_name import CATALOG, run, signal
from support import scenario

from calculators.decision.savings import first_month, lasting_from_month, savings_by_month
from calculators.options.shortlist import enumerate_options
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.inputs import Inputs
from calculators.units import usd


def test_first_and_lasting_month() -> None:
    holds = np.array([False, True, False, True, True])
    assert (first_month(holds), lasting_from_month(holds)) == (1, 3)
    assert (first_month(~holds), lasting_from_month(~holds)) == (0, None)
    assert (first_month(np.zeros(3, bool)), lasting_from_month(np.ones(3, bool))) == (None, 0)


def test_the_saving_of_today_is_the_difference_of_the_cheapest_options() -> None:
    """Without growth one month; the cheapest fleet carries today's volume."""
    found = run(candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}])
    assert found.build is not None
    saving = found.buy.usd_per_month - found.build.usd_per_month
    cost = signal("cost", candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}])
    assert f"costs {usd(abs(saving))}/month {'less' if saving > 0 else 'more'}" in cost.value


def test_there_is_no_saving_without_a_fleet_or_an_api_option() -> None:
    inputs = Inputs.of(scenario(), CATALOG)
    nothing = SpeedBounds((), ())
    assert savings_by_month(inputs, [], nothing, (), run().options[:1]) is None
    assert savings_by_month(inputs, run().envelope_staircases, nothing, (), []) is None


def test_committed_spend_is_paid_until_it_ends_and_on_average_as_the_options_say() -> None:
    """At 1% growth and $90,000 committed at today's seller for 6 of 12 months, the fleet pays 90,000 in each of them: twice the
    even spread. The open model of the same seller leaves unused what its bill of $1,654, growing, does not reach."""
    growing = {"workload": {"growth_per_month_frac": 0.01}}
    bound = {**growing, "api": {"committed_usd_per_month": 90_000, "committed_months": 6}}

    def central(changes: dict[str, object]) -> np.ndarray:
        found, inputs = run(**changes), Inputs.of(scenario(**changes), CATALOG)
        lines = enumerate_options(inputs).lines
        buys = [option for option in found.options if option.kind == "hosted_open"]
        savings = savings_by_month(inputs, found.envelope_staircases, SpeedBounds((), ()), lines, buys)
        assert savings is not None
        return savings.central

    bills_usd = 1_654 * 1.01 ** np.arange(6)
    expected = np.append(-bills_usd, np.zeros(55))  # the fleet pays 90,000 and the buyer 90,000 less the bill
    assert central(bound) - central(growing) == pytest.approx(expected, abs=1e-6)
