"""The gap between two totals, by the inputs that differ."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from calculators.catalog.catalog import Catalog
from calculators.comparison.differing_inputs import DifferingInput, mixed_scenario
from calculators.comparison.shapley import (
    MeanEffects,
    NoValue,
    Value,
    all_orders,
    antithetic_orders,
    mean_over_orders,
    steps_in_order,
    to_cents,
)
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate
from calculators.horizon.months import OptionMonths
from calculators.units import listed, plural

Subject = Literal["recommended", "today", "self_hosted"]
"""The option whose total is compared."""
SUBJECTS: tuple[Subject, ...] = ("recommended", "today", "self_hosted")
MAX_EXACT = 6
"""Beyond so many inputs Shapley values are estimated: 2 ^ n mixes take too long to evaluate."""
MAX_EVALUATIONS = 64
Totals = dict[Subject, float | str]
"""Total over the horizon of each subject in USD, or why there is none."""


@dataclass(frozen=True, slots=True)
class GapShare:
    """What one input, or several that cannot be told apart, add to a gap."""

    inputs: tuple[DifferingInput, ...]
    usd: float

    @property
    def label(self) -> str:
        return listed([one.label for one in self.inputs])


@dataclass(frozen=True, slots=True)
class CostGap:
    """The difference of two totals, second less first, and its parts; in whole cents."""

    subject: Subject
    months: int | None
    """The horizon of both; None where they have different ones: every amount is then the mean of a month."""
    a_usd: float | None
    b_usd: float | None
    shares: tuple[GapShare, ...] = ()
    """They add up to the gap. Empty where it cannot be attributed, or nothing differs."""
    words: str = "Nothing is attributed."
    """How the shares were found, or why there is no gap, as sentences."""

    @property
    def usd(self) -> float | None:
        """Second less first; None where either has no total."""
        return None if self.a_usd is None or self.b_usd is None else round(self.b_usd - self.a_usd, 2)


def total_gaps(
    a: Evaluation, b: Evaluation, differing: Sequence[DifferingInput], catalog: Catalog
) -> tuple[CostGap, ...]:
    """The gap of each subject, from the same mixed scenarios."""
    of = _mixes(a, b, differing, catalog)
    months = a.horizon.months if a.horizon.months == b.horizon.months else None
    return tuple(_gap(subject, months, of, differing) for subject in SUBJECTS)


def totals_of(evaluation: Evaluation) -> Totals:
    """The totals of an evaluation, or why there is none."""
    horizon, winner = evaluation.horizon, evaluation.verdict.winner
    is_allowed = any(option is winner for option in evaluation.allowed)
    builds = [one for one in horizon.options if one.option.is_build]
    lost = evaluation.no_fleet or evaluation.outgrown
    return {
        "recommended": _total(horizon.of(winner), "volume outgrows the recommended option within the horizon")
        if is_allowed
        else "no option with a known price is allowed",
        "today": horizon.today.tco_usd,
        "self_hosted": _total(next(iter(builds), None), lost.words if lost else "no self-hosted option qualifies"),
    }


def _total(months: OptionMonths | None, reason: str) -> float | str:
    return months.tco_usd if months is not None else _first_sentence(reason)


def _first_sentence(reason: str) -> str:
    return reason.partition(". ")[0].rstrip(".")


def _mixes(
    a: Evaluation, b: Evaluation, differing: Sequence[DifferingInput], catalog: Catalog
) -> Callable[[frozenset[int]], tuple[Totals, int]]:
    """Totals and months of the first scenario with these inputs, by place, of the second; each evaluated once."""

    @cache
    def of(changed: frozenset[int]) -> tuple[Totals, int]:
        if len(changed) in (0, len(differing)):
            one = b if changed else a
            return totals_of(one), one.horizon.months
        fields = [field for place in changed for field in differing[place].fields]
        try:
            one = evaluate(mixed_scenario(a.scenario, b.scenario, fields), catalog)
        except DataError as error:
            return dict.fromkeys(SUBJECTS, _first_sentence(str(error))), 1
        return totals_of(one), one.horizon.months

    return of


def _gap(
    subject: Subject,
    months: int | None,
    of: Callable[[frozenset[int]], tuple[Totals, int]],
    differing: Sequence[DifferingInput],
) -> CostGap:
    def value(changed: frozenset[int]) -> float:
        totals, horizon_months = of(changed)
        total = totals[subject]
        if isinstance(total, str):
            raise NoValue(total)
        return total if months is not None else total / horizon_months

    (a_usd, no_a), (b_usd, no_b) = (_end(value, changed) for changed in (range(0), range(len(differing))))
    if a_usd is None or b_usd is None:
        missing = [f"The {which} has no total: {why}." for which, why in (("first", no_a), ("second", no_b)) if why]
        return CostGap(subject=subject, months=months, a_usd=a_usd, b_usd=b_usd, words=" ".join(missing))
    if not differing:
        return CostGap(subject=subject, months=months, a_usd=a_usd, b_usd=b_usd)
    attribution = _attribution(value, len(differing))
    cents = to_cents([usd for _, usd in attribution.effects], b_usd - a_usd)
    shares = [
        GapShare(tuple(differing[place] for place in places), usd)
        for (places, _), usd in zip(attribution.effects, cents, strict=True)
    ]
    return CostGap(
        subject=subject,
        months=months,
        a_usd=a_usd,
        b_usd=b_usd,
        shares=tuple(shares),
        words=attribution.words,
    )


def _end(value: Value, changed: Iterable[int]) -> tuple[float | None, str]:
    """A total in whole cents, or why there is none."""
    try:
        return round(value(frozenset(changed)), 2), ""
    except NoValue as error:
        return None, str(error)


@dataclass(frozen=True, slots=True)
class _Attribution:
    """The effects of the inputs, by their places."""

    effects: list[tuple[tuple[int, ...], float]]
    words: str


def _attribution(value: Value, count: int) -> _Attribution:
    """Shapley values, over all orders or as many as there is time for; where none has a result at every step, in the order of the
    pages."""
    is_exact = count <= MAX_EXACT
    pairs = max((MAX_EVALUATIONS - 2) // (2 * max(count - 1, 1)), 1)
    try:
        mean = mean_over_orders(value, all_orders(count) if is_exact else antithetic_orders(count, pairs))
    except NoValue as error:
        words = (
            "In the order of the pages, each input changed after those before it; inputs without a result of their own stand together: "
            f"{error}. The parts add up exactly."
        )
        return _Attribution(steps_in_order(value, count), words)
    return _Attribution([((place,), effect) for place, effect in enumerate(mean.effects)], _mean_words(mean, is_exact))


def _mean_words(mean: MeanEffects, is_exact: bool) -> str:
    """How the effects were found, and which orders were left out."""
    if mean.left_out_count:
        tried = f"{mean.orders_count + mean.left_out_count:,} {'' if is_exact else 'tried '}orders"
        orders = (
            f"Over the {mean.orders_count:,} of {tried} in which every step has a result (some mixes of the two have none: "
            f"{mean.why_left_out})"
        )
    elif is_exact:
        orders = "Shapley values, exact: over every order in which the inputs can change"
    else:
        orders = (
            f"Shapley values, estimated: over {plural(mean.orders_count, 'order')} in which the inputs can change (that of the pages, begun at "
            "different places, and their reverses)"
        )
    return f"{orders}, the mean effect of each input. The parts add up exactly."
