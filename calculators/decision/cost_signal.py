"""The cost signal: whether self-hosting, of all of the load or of its base, saves money against the cheapest API option, in
the pessimistic case too."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from calculators.decision.savings import MonthlySavings, first_month, lasting_from_month
from calculators.decision.signal_result import Signal, SignalCheck, SignalMonths, published_thresholds, signal_of
from calculators.fleet.hiring import hiring_of
from calculators.fleet.operating_costs import WEEKS_PER_YEAR, engineer_usd_per_year
from calculators.options.option import Option, self_hosting_words
from calculators.options.remedies import NoFleet
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.units import capital, plural, usd


@dataclass(frozen=True, slots=True)
class SelfHostingSaving:
    """The cheapest API option minus the cheapest option on a fleet, USD per month: at today's volume, or the mean over the
    months of the horizon where volume grows or shrinks."""

    subject: str
    """What that option does: self-hosting, or self-hosting the base load."""
    central_usd: float
    pessimistic_usd: float
    bought_usd: float
    averaged_months: int | None = None
    """Over which it is averaged; None: today's."""

    @property
    def is_firing(self) -> bool:
        return self.central_usd > 0 and self.pessimistic_usd > 0


def cost_signal(
    inputs: Inputs, savings: MonthlySavings | None, ranked: Sequence[Option], missing: NoFleet | None
) -> Signal:
    """The cost signal. `savings` None: there is no fleet, or nothing that may be bought. `ranked`: the allowed options;
    `missing`: why none is self-hosted."""
    others = published_thresholds(inputs.catalog.signal_rules.published_cost_thresholds, inputs.catalog)
    saving = _saving(savings, ranked, inputs)
    if saving is None or savings is None:
        check, months = _nothing_to_compare(inputs, missing), SignalMonths()
    else:
        check, months = _compared(inputs, saving), _months(savings, saving)
    return signal_of("cost", check, months, others, inputs.catalog)


def _saving(savings: MonthlySavings | None, ranked: Sequence[Option], inputs: Inputs) -> SelfHostingSaving | None:
    """The saving of the cheapest fleet, or of a hybrid where that costs less; None without fleet or API option."""
    best = min((o for o in ranked if not o.is_buy), key=lambda o: o.decisive_usd_per_month, default=None)
    buy = min((o for o in ranked if o.is_buy), key=lambda o: o.decisive_usd_per_month, default=None)
    if savings is None or best is None or buy is None:
        return None
    central_usd = buy.decisive_usd_per_month - best.decisive_usd_per_month
    months = inputs.scenario.operations.horizon_months
    if best.kind == "hybrid":
        worse_usd = buy.usd_per_month - best.usd_per_month - (buy.own_low_usd_per_month - best.own_high_usd_per_month)
    else:
        ahead = slice(0, months if best.horizon_usd_per_month is not None else 1)
        carries = np.isfinite(savings.central[ahead])
        worse_usd = float((savings.central[ahead][carries] - savings.pessimistic[ahead][carries]).mean())
    return SelfHostingSaving(
        subject=self_hosting_words(best),
        central_usd=central_usd,
        pessimistic_usd=central_usd - worse_usd if np.isfinite(worse_usd) else -np.inf,
        bought_usd=savings.bought_usd,
        averaged_months=months if best.horizon_usd_per_month is not None else None,
    )


def _months(savings: MonthlySavings, saving: SelfHostingSaving) -> SignalMonths:
    """When the signal is met: today's status is that of the cheapest option on a fleet, hybrids included; the months ahead
    are those of a fleet that carries all of the load, each with the horizon from then on."""
    central, pessimistic, optimistic = (
        _from_then_on(series, saving.averaged_months or 1)
        for series in (savings.central, savings.pessimistic, savings.optimistic)
    )
    fires, hopes = (central > 0) & (pessimistic > 0), optimistic > 0
    fires[0], hopes[0] = saving.is_firing, hopes[0] or saving.central_usd > 0
    return SignalMonths(first_month(fires), first_month(hopes), lasting_from_month(fires))


def _from_then_on(series: Array, months: int) -> Array:
    """Mean of each entry and the following ones, so many in all; fewer at the end."""
    return np.array([series[start : start + months].mean() for start in range(len(series))])


def _threshold(inputs: Inputs) -> str:
    horizon = inputs.scenario.operations.horizon_months
    return f"when self-hosting saves money in the pessimistic case too and pays back within {plural(horizon, 'month')}"


def _compared(inputs: Inputs, saving: SelfHostingSaving) -> SignalCheck:
    subject = capital(saving.subject)
    value = f"{subject} {_difference(saving.central_usd)} than the cheapest API option"
    if saving.averaged_months is not None:
        value += f" on average over {plural(saving.averaged_months, 'month')} at your growth rate"
    worst = _difference(saving.pessimistic_usd) if np.isfinite(saving.pessimistic_usd) else "is infeasible"
    value += f"; in the pessimistic case it {worst}"
    if saving.central_usd > 0:
        value += f"; payback within {_whole_months(_payback_months(saving.central_usd, inputs))}"
    threshold = _threshold(inputs)
    if saving.is_firing:
        return SignalCheck("firing", value, threshold, f"{subject} is cheaper even in the pessimistic case.")
    if saving.central_usd > -inputs.catalog.signal_rules.close_frac.central * saving.bought_usd:
        cheaper = "cheaper" if saving.central_usd > 0 else "nearly as cheap"
        why = f"{subject} is {cheaper} in the base case, but not in the pessimistic case."
        return SignalCheck(
            "close", value, threshold, why, "Upload a benchmark or enter a GPU quote to narrow the range."
        )
    return SignalCheck("not_firing", value, threshold, "The API is cheaper in the base case already.")


def _nothing_to_compare(inputs: Inputs, missing: NoFleet | None) -> SignalCheck:
    threshold = _threshold(inputs)
    if missing is not None and missing.constraint is None:
        why = "No candidate open model is accepted, so there is nothing to compare."
        return SignalCheck("unknown", "Not known", threshold, why, missing.remedy)
    if missing is not None:
        return SignalCheck("not_firing", "No self-hosted option", threshold, missing.why, missing.remedy)
    why = "Compliance rules out every API option, so cost does not decide."
    return SignalCheck("not_firing", "No API option", threshold, why)


def _payback_months(saving_usd: float, inputs: Inputs) -> float:
    """Months until the one-off cost of migration and hiring is earned back. The saving already carries its share of that cost, which is
    added back first."""
    pay = engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership)
    weeks = inputs.scenario.operations.migration_weeks
    weeks = inputs.catalog.ownership.migration_weeks.central if weeks is None else weeks
    hiring = hiring_of(inputs)
    once = weeks * pay / WEEKS_PER_YEAR + (hiring.usd if hiring else 0.0)
    return once / (saving_usd + once / inputs.scenario.operations.horizon_months)


def _difference(saving_usd: float) -> str:
    amount = f"{usd(abs(saving_usd))}/month"
    return f"costs {amount} less" if saving_usd > 0 else f"costs {amount} more"


def _whole_months(number: float) -> str:
    return plural(max(ceil(number - 1e-9), 1), "month")
