"""The cost signal: whether self-hosting saves money against the cheapest API option, in the pessimistic case too."""

import numpy as np

from calculators.decision.savings import MonthlySavings, first_month, lasting_from_month
from calculators.decision.signal_result import Signal, SignalCheck, SignalMonths, published_thresholds, signal_of
from calculators.fleet.operating_costs import WEEKS_PER_YEAR, engineer_usd_per_year
from calculators.options.remedies import NoFleet
from calculators.scenario.inputs import Inputs
from calculators.units import plural, usd


def cost_signal(inputs: Inputs, savings: MonthlySavings | None, missing: NoFleet | None) -> Signal:
    """The cost signal. `savings` None: there is no fleet, or nothing that may be bought. `missing`: why there is no
    fleet."""
    others = published_thresholds(inputs.catalog.signal_rules.published_cost_thresholds, inputs.catalog)
    if savings is None or not np.isfinite(savings.central[0]):
        check, months = _nothing_to_compare(inputs, missing), SignalMonths()
    else:
        fires, hopes = (savings.central > 0) & (savings.pessimistic > 0), savings.optimistic > 0
        check = _compared(inputs, savings, bool(fires[0]))
        months = SignalMonths(first_month(fires), first_month(hopes), lasting_from_month(fires))
    return signal_of("cost", check, months, others, inputs.catalog)


def _threshold(inputs: Inputs) -> str:
    horizon = inputs.scenario.operations.horizon_months
    return f"when self-hosting saves money in the pessimistic case too and pays back within {plural(horizon, 'month')}"


def _compared(inputs: Inputs, savings: MonthlySavings, is_firing: bool) -> SignalCheck:
    central, pessimistic = float(savings.central[0]), float(savings.pessimistic[0])
    value = f"Self-hosting {_difference(central)} than the cheapest API option"
    worst = _difference(pessimistic) if np.isfinite(pessimistic) else "is infeasible"
    value += f"; in the pessimistic case it {worst}"
    if central > 0:
        value += f"; payback within {_months(_payback_months(central, inputs))}"
    if is_firing:
        return SignalCheck("firing", value, _threshold(inputs), "Self-hosting is cheaper even in the pessimistic case.")
    if central > -inputs.catalog.signal_rules.close_frac.central * savings.bought_usd:
        why = "Self-hosting is cheaper, or nearly so, in the base case, but not in the pessimistic case."
        return SignalCheck(
            "close", value, _threshold(inputs), why, "Upload a benchmark or enter a GPU quote to narrow the range."
        )
    return SignalCheck("not_firing", value, _threshold(inputs), "The API is cheaper in the base case already.")


def _nothing_to_compare(inputs: Inputs, missing: NoFleet | None) -> SignalCheck:
    threshold = _threshold(inputs)
    if missing is not None and missing.constraint is None:
        why = "No candidate open model is accepted, so there is nothing to compare."
        return SignalCheck("unknown", "Not known", threshold, why, "Accept one on the Candidates page.")
    if missing is not None:
        return SignalCheck("not_firing", "No self-hosted option", threshold, missing.why, missing.remedy)
    why = "Compliance rules out every API option, so cost does not decide."
    return SignalCheck("not_firing", "No API option", threshold, why)


def _payback_months(saving_usd: float, inputs: Inputs) -> float:
    """Months until the one-off migration cost is earned back. The saving already carries its share of that cost, which is
    added back first."""
    pay = engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership)
    weeks = inputs.scenario.operations.migration_weeks
    weeks = inputs.catalog.ownership.migration_weeks.central if weeks is None else weeks
    once = weeks * pay / WEEKS_PER_YEAR
    return once / (saving_usd + once / inputs.scenario.operations.horizon_months)


def _difference(saving_usd: float) -> str:
    amount = f"{usd(abs(saving_usd))}/month"
    return f"costs {amount} less" if saving_usd > 0 else f"costs {amount} more"


def _months(number: float) -> str:
    return plural(max(round(number), 1), "month")
