"""The whole calculation, top to bottom: scenario and catalog in, Evaluation out. Pages, command line, report and tests
all call `evaluate`; every intermediate result is kept, so any number on a page can be traced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.compliance.assessment import ComplianceAssessment
from calculators.decision import crossover, savings, signals, switching_values, verdict_context
from calculators.decision import verdict as decision
from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.decision.crossover import Crossover
from calculators.decision.signal_result import Signals
from calculators.decision.switching_values import SwitchingValue
from calculators.decision.verdict import Verdict, VerdictContext
from calculators.fleet.operating_costs import engineer_usd_per_year
from calculators.fleet.staircase import Staircase
from calculators.options.build import build_options, self_host_line
from calculators.options.buy import buy_line
from calculators.options.feasibility import Feasibility, feasibility_matrix, why_no_fleet
from calculators.options.hybrid import hybrid_option
from calculators.options.option import LinearCost, Option
from calculators.options.scenario_check import check_ids
from calculators.options.shortlist import AllowedOptions, allowed_options, assess_options, enumerate_options
from calculators.options.speed_range import SpeedBounds, size_at_speed_bounds
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import count

GUESS_RATIO = 2.0
"""How far off a volume may be that is a typical figure, not the user's own."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Monthly cost of one option over volume. Arrays (v,)."""

    option: Option
    usd_per_month: Array


@dataclass(frozen=True, slots=True)
class Evaluation:
    scenario: Scenario
    digest: str
    demand: Demand
    options: tuple[Option, ...]
    """Today's API first, then the others that are allowed, by cost."""
    today_allowed: bool
    verdict: Verdict
    assessment: ComplianceAssessment
    """What compliance leaves."""
    signals: Signals
    switching_values: tuple[SwitchingValue, ...]
    review: str
    """When to look again."""
    crossovers: tuple[tuple[Option, Crossover], ...]
    """Self-hosting against each way to buy."""
    crossover: Crossover
    """Self-hosting against the cheapest way to buy at each volume."""
    stairs: tuple[Staircase, ...]
    """Those that are cheapest somewhere: together they make the self-hosting curve."""
    build_line: LinearCost
    feasibility: tuple[Feasibility, ...]
    notes: tuple[str, ...]

    @property
    def today(self) -> Option:
        return self.options[0]

    @property
    def allowed(self) -> tuple[Option, ...]:
        """The options that may be chosen."""
        return self.options if self.today_allowed else self.options[1:]

    @property
    def build(self) -> Option | None:
        return decision.best_build(self.options)

    @property
    def buy(self) -> Option:
        """The cheapest allowed way to buy; today's API where none is."""
        buys = [o for o in self.allowed if o.is_buy]
        return decision.best_buy(buys) if buys else self.today


def evaluate(scenario: Scenario, catalog: Catalog) -> Evaluation:
    """Raises UnknownId or DataError when the scenario names something the catalog does not hold."""
    check_ids(scenario, catalog)
    inputs = Inputs.of(scenario, catalog)
    every = enumerate_options(inputs)
    assessment = assess_options(every, inputs)
    left = allowed_options(every, assessment, inputs)
    useful = _useful(left.stairs, inputs.demand)
    cases = size_at_speed_bounds(left.stairs, left.rents_usd, useful, inputs)
    ranked = _ranked(left, cases, inputs)
    today, build_line = every.buys[0].option, self_host_line(every.lines, inputs.demand)
    against = _crossovers(today, left, useful, build_line, inputs)
    overall, of_today = against[0][1], against[1][1]
    found = _flips(today, ranked, left, useful, overall, inputs)
    judged = _signals(today, ranked, left, useful, cases, inputs)
    why_not = feasibility_matrix(left, build_line, inputs)
    around = _around(ranked, assessment, judged, found, today, scenario)
    verdict = decision.decide(today, ranked, overall, of_today, why_no_fleet(why_not), around)
    return Evaluation(
        scenario=scenario,
        digest=catalog.digest,
        demand=inputs.demand,
        options=(today, *(option for option in ranked if option is not today)),
        today_allowed=any(option is today for option in ranked),
        verdict=verdict,
        assessment=assessment,
        signals=judged,
        switching_values=found,
        review=signals.review_date(found, judged, inputs),
        crossovers=against[1:],
        crossover=overall,
        stairs=tuple(useful),
        build_line=build_line,
        feasibility=why_not,
        notes=(
            *contract_conditions(verdict.winner, assessment),
            *(growth_note(scenario, overall) if left.buys else ()),
            *caveats(inputs, today, ranked),
        ),
    )


def _ranked(left: AllowedOptions, cases: SpeedBounds, inputs: Inputs) -> list[Option]:
    """Everything that is allowed, cheapest first."""
    builds = build_options(left.stairs, left.rents_usd, cases, left.lines, inputs)
    mixed = _hybrids(builds, left.buys, left.stairs, inputs)
    return sorted([*left.buys, *builds, *mixed], key=lambda option: (option.usd_per_month, option.label))


def _crossovers(
    today: Option, left: AllowedOptions, useful: Sequence[Staircase], line: LinearCost, inputs: Inputs
) -> tuple[tuple[Option, Crossover], ...]:
    """Self-hosting against the best allowed way to buy at each volume, then against today's API, then against each
    other way alone. Where nothing may be bought today's API stands in."""
    shown = [today, *(b for b in left.buys if b is not today)]
    rivals = [[buy_line(b) for b in left.buys or shown], *([buy_line(b)] for b in shown)]
    crossovers = crossover.find_crossovers(useful, line, rivals, inputs.demand.max_utilization_frac)
    return tuple(zip((today, *shown), crossovers, strict=True))


def _signals(
    today: Option,
    ranked: Sequence[Option],
    left: AllowedOptions,
    useful: Sequence[Staircase],
    cases: SpeedBounds,
    inputs: Inputs,
) -> Signals:
    saved = savings.savings_by_month(inputs, useful, cases, left.lines, left.buys)
    return signals.exit_signals(inputs, ranked, today, saved, left.has_fleet)


def _hybrids(
    builds: Sequence[Option], buys: Sequence[Option], stairs: Sequence[Staircase], inputs: Inputs
) -> list[Option]:
    """A fleet for the base load only, where that is clearly cheaper than everything else: it takes two systems."""
    if not builds or not buys:
        return []
    best = decision.best_buy(buys)
    bar = min(o.usd_per_month for o in (*builds, *buys)) * (1 - decision.CLOSE_FRAC)
    of_plan = {(id(s.capacity), id(s.offer)): s for s in stairs}
    plans = ((b, b.plan) for b in builds if b.plan is not None)
    found = (hybrid_option(b, of_plan[id(p.capacity), id(p.offer)], best, inputs) for b, p in plans)
    return sorted((o for o in found if o is not None and o.usd_per_month < bar), key=lambda o: o.usd_per_month)[:1]


def _around(
    ranked: Sequence[Option],
    assessment: ComplianceAssessment,
    judged: Signals,
    found: Sequence[SwitchingValue],
    today: Option,
    scenario: Scenario,
) -> VerdictContext:
    """Compliance, what is missing, and a signal that fires where the cheapest way is today's API or one of its forms."""
    fires = [s.name.lower() for s in judged.exit_signals if s.status == "firing" and s.id != "cost"]
    stays = bool(ranked) and min(ranked, key=lambda o: o.usd_per_month).is_buy
    misses = ""
    if fires and stays:
        misses = (
            f"But the {' and '.join(fires)} signal fires: {today.label} does not give what the product needs, and of no "
            "other seller it is known; a fleet of your own is taken to."
        )
    return replace(
        verdict_context.compliance_context(assessment),
        misses=misses,
        missing=_missing(ranked, assessment, found, scenario),
    )


def _missing(
    ranked: Sequence[Option], found: ComplianceAssessment, flip: Sequence[SwitchingValue], scenario: Scenario
) -> str:
    """What must be known before anything can be said; empty: nothing."""
    if not ranked:
        ask = found.with_status("ask")
        if ask:
            names = ", ".join(dict.fromkeys(p.path.name for p in ask[:3]))
            return f"ask {names}: no path with a known price is known to be allowed, and {len(ask)} may be."
        return "no path with a known price is allowed."
    volume = next((f.value_at for f in flip if f.field == "volume"), None)
    w = scenario.workload
    guessed = w.requests_basis == "assumed" and not w.source.startswith("log:")
    now = w.requests_per_month
    if guessed and volume is not None and 1 / GUESS_RATIO < volume / now < GUESS_RATIO:
        return (
            f"requests a month. {count(now)} is a typical figure, not yours, and the answer changes at {count(volume)}."
        )
    return ""


def volume_grid(
    demand: Demand, stairs: Sequence[Staircase], show_req_per_month: float = 0.0, points: int = 240
) -> Array:
    """A log-spaced grid around the user's volume that also shows another one, up to what the allowed GPUs can serve."""
    most = max((s.limit_req_per_month for s in stairs), default=float("inf"))
    low, high = demand.requests_per_month / 300, demand.requests_per_month * 30
    return np.geomspace(
        low, max(min(max(high, 3 * show_req_per_month), most), demand.requests_per_month * 1.01), points
    )


def _useful(stairs: Sequence[Staircase], demand: Demand) -> list[Staircase]:
    """The staircases that matter to the self-hosting curve: hundreds of others never touch it."""
    if not stairs:
        return []
    most = max(s.limit_req_per_month for s in stairs)
    grid = np.geomspace(min(demand.requests_per_month, most) / 1e4, most, 300)
    return [stairs[i] for i in crossover.on_envelope(stairs, np.append(grid, demand.requests_per_month))]


def curves(evaluation: Evaluation, grid: Array) -> list[Curve]:
    """Every way to buy, and the cheapest self-hosted fleet, over a grid of volumes."""
    found = [Curve(option, buy_line(option).usd_per_month(grid)) for option, _ in evaluation.crossovers]
    if evaluation.build is not None:
        usd = crossover.envelope_usd_per_month(evaluation.stairs, evaluation.build_line, grid)
        found.append(Curve(evaluation.build, usd))
    return found


def _flips(
    today: Option,
    ranked: Sequence[Option],
    left: AllowedOptions,
    useful: Sequence[Staircase],
    overall: Crossover,
    inputs: Inputs,
) -> tuple[SwitchingValue, ...]:
    """Between the cheapest fleet and the best way to buy; and between today's API and what is cheapest beside it."""
    build = decision.best_build(ranked)
    found: tuple[SwitchingValue, ...] = ()
    if build is not None and left.buys:
        pay = engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership)
        found = switching_values.switching_values(build, left.buys, overall, useful, inputs.scenario.workload, pay)
    return (*found, *switching_values.switching_values_of_today(today, ranked))
