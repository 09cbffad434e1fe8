"""Sensitivity of a decision: its switching values in words, and when to revisit it. Computed when somebody asks, since every
value is checked by ranking the options again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil, log

import numpy as np

from calculators.api.rates import scheduled_changes
from calculators.decision.choice import KIND_OF_WINNER, cheapest_option, is_close
from calculators.decision.signal_result import Signals
from calculators.decision.switching_text import BECOMES, SwitchingRow, switching_rows, unswitched_sentence
from calculators.decision.switching_values import SwitchingValue, side_of, switching_values
from calculators.options.build import size_candidates
from calculators.options.commitment import committed_spend
from calculators.options.cost_curves import OptionCurves
from calculators.options.option import Option
from calculators.options.ranking import curves_of
from calculators.options.what_if import allowed_again, ranked_on
from calculators.scenario.demand import by_month
from calculators.scenario.inputs import Inputs
from calculators.units import count, later_month

NEAREST = 3


@dataclass(frozen=True, slots=True)
class DecisionSensitivity:
    """What would change the decision, and when to revisit it."""

    values: tuple[SwitchingValue, ...]
    rows: tuple[SwitchingRow, ...]
    """Those of `values` that change the decision, nearest first, in words."""
    unswitched: str
    """The inputs that cannot change it."""
    review: str


def decision_sensitivity(
    inputs: Inputs, options: Sequence[Option], allowed: Sequence[Option], signals: Signals
) -> DecisionSensitivity:
    """Sensitivity of the decision among the `allowed` ones of `options`, of which today's API is the first."""
    values = switching_values(inputs)
    return DecisionSensitivity(
        values=values,
        rows=switching_rows(values, options, is_easy_known=inputs.scenario.workload.easy_frac is not None),
        unswitched=unswitched_sentence(values),
        review=_review(values, _announced_change(inputs, allowed), signals, inputs),
    )


def month_of_change(curves: OptionCurves) -> int | None:
    """The first month ahead in which the stated growth makes another side the cheapest of that month; None: none does."""
    at_once = replace(curves, path=curves.path.today())
    ahead = by_month(curves.inputs.scenario)
    sides = at_once.sides(at_once.points(ahead.size, requests_per_month=ahead))
    changed = np.flatnonzero(sides != sides[0])
    return int(changed[0]) if changed.size else None


@dataclass(frozen=True, slots=True)
class AnnouncedChange:
    """The day on which announced prices change the decision, whose prices, and what it becomes then."""

    day: date
    label: str
    becomes: str


def _announced_change(inputs: Inputs, allowed: Sequence[Option]) -> AnnouncedChange | None:
    """The first announced price change within the horizon that changes the decision, or settles one that is too close to
    call; None where none does."""
    months, start = inputs.scenario.operations.horizon_months, inputs.scenario.as_of
    bills = [option.bill for option in allowed if option.bill is not None]
    offers = {offer.label: offer for bill in bills for offer in bill.offers}
    changes = [(day, name) for name, offer in offers.items() for day, _ in scheduled_changes(offer, start, months)]
    sized = size_candidates(inputs) if changes else ((), ())
    side = side_of(allowed)
    for day, name in sorted(changes):
        options = ranked_on(day, inputs, sized)
        then = cheapest_option(options)
        settles = is_close(allowed) and not is_close(options)
        if then is not None and (side_of([then]) != side or settles):
            return AnnouncedChange(day, name, BECOMES[KIND_OF_WINNER[then.kind]])
    return None


def _review(
    values: Sequence[SwitchingValue], announced: AnnouncedChange | None, signals: Signals, inputs: Inputs
) -> str:
    """When to revisit the decision: at a volume, on the day of an announced price change, when committed spend ends, when
    growth reaches a switching volume or a trigger, and by a month at the latest, because prices age."""
    growth, start = inputs.scenario.workload.growth_per_month_frac, inputs.scenario.as_of
    volumes = [
        (v.value_at, v.value_now)
        for v in values
        if v.field == "volume" and v.value_at is not None and (not growth or (v.value_at > v.value_now) == (growth > 0))
    ]
    months = [s.month for s in signals.exit_signals if s.month] + [inputs.catalog.signal_rules.review_months]
    months += [committed.months] if (committed := committed_spend(inputs)).months else []
    if growth:
        months += [max(1, ceil(log(at / now) / log(1 + growth))) for at, now in volumes]
        changed = month_of_change(curves_of(allowed_again(inputs), inputs))
        months += [changed] if changed else []
    latest = later_month(start, min(months))
    moves = [f"{'grows' if at > now else 'falls'} to {count(at)}" for at, now in volumes]
    when = f"when volume {' or '.join(moves)} requests/month, or " if moves else ""
    if announced is not None and announced.day <= latest:
        return (
            f"Revisit {when}on {announced.day}: {announced.label} then changes its price, and the decision becomes: "
            f"{announced.becomes}."
        )
    return f"Revisit {when}by {latest:%B %Y}."
