"""Savings of self-hosting by month."""

import numpy as np
from signals_by_name import CATALOG, run, signal
from support import scenario

from calculators.decision.savings import first_month, lasting_from_month, savings_by_month
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
