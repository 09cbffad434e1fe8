"""Why nothing can be self-hosted, and what would help. A remedy is told only after it was tried: the options are sized and
judged again with it, and a fleet is among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import inf

from calculators.fleet.replica_capacity import CONSTRAINTS
from calculators.options.changed_options import ChangedOptions, Values, merged
from calculators.options.feasibility import Feasibility, RowConstraint
from calculators.options.loosenings import (
    AFTER_SIZING,
    CANDIDATE_EFFORT,
    FITTING,
    NATURAL,
    REQUIREMENTS,
    Loosening,
    alone,
    more_candidates,
)
from calculators.options.shortlist import AllowedOptions, PricedProduct
from calculators.scenario.change import Change, asked
from calculators.scenario.inputs import Inputs

NOTHING_HELPS = "None of the changes that were tried, alone or together, makes it possible."
CANDIDATES_WITH_OTHERS = 2
"""Other candidates that are tried together with other changes."""
SMALL_EFFORT = 4.0
"""A fitting change that asks for no more is told without looking at others."""
LARGE_EFFORT = 8.0
"""A change that asks for more is told only where no several smaller ones ask for less."""
HUGE_EFFORT = 30.0
"""Several changes that ask for more are told only where no limit or target may move by more to do with less."""
MODERATE_RATIO = 4.0
"""The most that a limit or target moves where several changes are told together, unless nothing else helps."""
OTHER_EFFORT = 2.0
"""By how much a change of an input that the nearest does not fail counts for more than one that it does."""
Rated = tuple[float, tuple[Change, ...]]
"""What changes ask for that work together, as the product of each; and the changes."""


@dataclass(frozen=True, slots=True)
class NoFleet:
    """Why there is no self-hosted option: the constraint of the nearest, its words, and what would help."""

    constraint: RowConstraint | None
    """None: no candidate model is selected."""
    why: str
    remedy: str
    changes: tuple[Change, ...] = ()
    """Changes of the scenario that make one possible together, tried."""

    @property
    def words(self) -> str:
        """Both as sentences."""
        return f"{self.why} {self.remedy}"


def no_fleet(
    rows: Sequence[Feasibility], allowed: AllowedOptions, buys: tuple[PricedProduct, ...], inputs: Inputs
) -> NoFleet | None:
    """Why none of the allowed options is self-hosted, and what would help; None where one is. `rows`: of every model and GPU;
    `buys`: every API option before compliance."""
    if allowed.has_fleet:
        return None
    nearest = nearest_row(rows) if rows else None
    changes = _that_work(nearest, rows, ChangedOptions.of(inputs, buys))
    ask = _ask(allowed) if nearest is not None and nearest.constraint == "not_allowed" else ""
    remedy = asked(changes)
    helps = f"{ask}, or {remedy[:1].lower()}{remedy[1:]}" if ask and remedy else remedy or f"{ask}." * bool(ask)
    return NoFleet(nearest.constraint if nearest else None, _why(nearest, rows), helps or NOTHING_HELPS, changes)


def _why(nearest: Feasibility | None, rows: Sequence[Feasibility]) -> str:
    if nearest is None:
        return "No candidate open model is selected, or all are marked not acceptable."
    if nearest.constraint == "context":
        short = "; ".join({row.model: f"{row.model}: {row.why}" for row in rows}.values())
        return f"No candidate open model holds your requests ({short})."
    return f"The closest is {nearest.model} on {nearest.gpu} ({nearest.why})."


def nearest_row(rows: Sequence[Feasibility]) -> Feasibility:
    """The row that meets most constraints and misses the next by least; one that only the requirements bar before all."""
    return max(rows, key=lambda row: (row.constraint == "not_allowed", row.passed_count, -row.miss_ratio))


def _ask(allowed: AllowedOptions) -> str:
    """Whom to ask: each has a fleet that only its answer keeps from being allowed."""
    names = list(dict.fromkeys(fleet.operator for fleet in allowed.barred if fleet.is_to_ask))
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"Ask {names[0]}{more} whether your requirements are met"


# --- the search -----------------------------------------------------------------------------------------------------


def _that_work(nearest: Feasibility | None, rows: Sequence[Feasibility], options: ChangedOptions) -> tuple[Change, ...]:
    """Changes that work together and ask for little; empty where none do."""
    best: Rated = (inf, ())
    for more_than, ways in _tried(nearest, rows, options):
        is_one = (
            len(best[1]) == 1 and more_than >= HUGE_EFFORT
        )  # one change, however large, rather than another candidate
        if not best[1] or (best[0] > more_than and not is_one):
            best = min((best, *ways), key=lambda rated: (not rated[1], rated[0]))
    return _needed(best[1], options)


def _needed(changes: tuple[Change, ...], options: ChangedOptions) -> tuple[Change, ...]:
    """Those of several changes that it does not work without."""
    for change in changes if len(changes) > 1 else ():
        rest = tuple(one for one in changes if one is not change)
        if rest and options.works(merged(one.values for one in rest)):
            changes = rest
    return changes


def _tried(
    nearest: Feasibility | None, rows: Sequence[Feasibility], options: ChangedOptions
) -> Iterator[tuple[float, Iterator[Rated]]]:
    """What to try in turn, each only where the changes so far ask for more than the figure: one input that the nearest row
    fails, another one, another candidate, several inputs by little and then by any amount, and these with another candidate."""
    fitting: tuple[Loosening, ...] = ()
    if nearest is not None and nearest.constraint not in (None, "context"):
        fitting = FITTING[nearest.constraint]
        yield 0.0, _single(fitting, options)
        others = [loosening for loosening in _reached(rows) if loosening not in fitting]
        yield SMALL_EFFORT, _single(others, options, OTHER_EFFORT)
    yield CANDIDATE_EFFORT, _candidate(options)
    loosenings = tuple(dict.fromkeys((*fitting, *NATURAL)))
    near = [(row.model, row.gpu) for row in sorted(rows, key=lambda row: (-row.passed_count, row.miss_ratio))]
    if near:
        yield LARGE_EFFORT, _together(loosenings, near, options, MODERATE_RATIO)
    yield HUGE_EFFORT, _with_a_candidate(loosenings, options, MODERATE_RATIO)
    if near:
        yield HUGE_EFFORT, _together(loosenings, near, options)
        yield inf, _together((*loosenings, REQUIREMENTS), near, options)
    yield inf, _with_a_candidate((*loosenings, REQUIREMENTS), options)


def _single(loosenings: Sequence[Loosening], options: ChangedOptions, weight: float = 1.0) -> Iterator[Rated]:
    for loosening in loosenings:
        change = loosening.told(options)
        if change is not None:
            yield loosening.effort_of(change, options.scenario) * weight, (change,)


def _reached(rows: Sequence[Feasibility]) -> tuple[Loosening, ...]:
    """The inputs that any row comes to: where no configuration meets the targets, more offers do not help."""
    is_sized = any(row.passed_count >= CONSTRAINTS.index("no_offer") for row in rows)
    return tuple(one for one in (*NATURAL, REQUIREMENTS) if is_sized or one not in AFTER_SIZING)


def _candidate(options: ChangedOptions) -> Iterator[Rated]:
    """The first other candidate that has a fleet."""
    for change in more_candidates(options):
        if options.works(alone(change)) and options.works(change.values):
            yield CANDIDATE_EFFORT, (change,)
            return


def _together(
    loosenings: Sequence[Loosening],
    near: Sequence[tuple[str, str]],
    options: ChangedOptions,
    most_ratio: float = inf,
) -> Iterator[Rated]:
    """Several changes that work, none of them without the others: for the first of `near`, models and GPUs, that may serve, and
    for the cheapest. `most_ratio`: how far a limit or target moves."""
    fleets = options.fleets(merged(one.values(options.scenario, most_ratio) for one in loosenings))
    working = list(dict.fromkeys((one.capacity.config.model.name, one.capacity.config.gpu.name) for one in fleets))
    nearest = [pair for pair in near if pair in working]
    for pair in dict.fromkeys((*nearest[:1], *working[:1])):
        effort, some = _minimal(loosenings, replace(options, pair=pair), most_ratio)
        if some and options.works(merged(change.values for change in some)):
            yield effort, some
            if effort <= LARGE_EFFORT:
                return


def _minimal(loosenings: Sequence[Loosening], options: ChangedOptions, most_ratio: float) -> Rated:
    """Changes that work together: all inputs at their loosest, then one after the other left as it is, the last one first, and
    the rest tightened; empty where they do not work."""
    needed = {one: values for one in loosenings if (values := one.values(options.scenario, most_ratio))}
    if not options.works(merged(needed.values())):
        return inf, ()
    needed = _fewest(tuple(needed), needed, options)
    effort, told = 1.0, list[Change]()
    for loosening in tuple(needed):
        del needed[loosening]
        change = loosening.told(options.after(merged((*(one.values for one in told), *needed.values()))))
        if change is None:
            return inf, ()
        effort, told = effort * loosening.effort_of(change, options.scenario), [*told, change]
    return effort, tuple(told)


def _fewest(
    some: Sequence[Loosening], needed: Mapping[Loosening, Values], options: ChangedOptions
) -> dict[Loosening, Values]:
    """`needed` without those of `some` that it works without: all at once, else by halves, the last ones first."""
    rest = {one: values for one, values in needed.items() if one not in some}
    if options.works(merged(rest.values())):
        return rest
    if len(some) == 1:
        return dict(needed)
    half = len(some) // 2
    return _fewest(some[:half], _fewest(some[half:], needed, options), options)


def _with_a_candidate(
    loosenings: Sequence[Loosening], options: ChangedOptions, most_ratio: float = inf
) -> Iterator[Rated]:
    """The first other candidate that works together with other changes."""
    for change in islice(more_candidates(options), CANDIDATES_WITH_OTHERS):
        ways = _together(loosenings, [], options.after(alone(change)), most_ratio)
        effort, others = min(ways, default=(inf, ()), key=lambda rated: rated[0])
        if others and options.after(change.values).works(merged(one.values for one in others)):
            yield CANDIDATE_EFFORT * effort, (change, *others)
            return
