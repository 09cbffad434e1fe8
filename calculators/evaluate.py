"""The whole calculation, top to bottom: scenario and catalog in, Evaluation out. Pages, command line, report and tests
all call `evaluate`; every intermediate result is kept, so any number on a page can be traced."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np

from calculators import api_cost, crossover, decision, fleet, ownership
from calculators.catalog import STALE_DAYS, Catalog
from calculators.crossover import Crossover, Line
from calculators.decision import Option, Verdict
from calculators.fleet import Misfit, Plan, Staircase
from calculators.options import all_staircases, build_options, busy_frac, buy_line, buy_options, self_host_line
from calculators.records import Gpu
from calculators.scenario import Scenario, check_ids
from calculators.workload import Array, Demand, demand


@dataclass(frozen=True, slots=True)
class Curve:
    """Monthly cost of one option over volume. Arrays (v,)."""

    option: Option
    usd_per_month: Array


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one model does on one GPU: its cheapest plan and cost, or why there is none."""

    model: str
    gpu: str
    plan: Plan | None
    usd_per_month: float | None
    why: str
    stage: int = 5
    """How far it got: 0 does not fit … 5 a plan was found."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    scenario: Scenario
    digest: str
    demand: Demand
    options: tuple[Option, ...]
    """Today's API first, then the others by cost."""
    verdict: Verdict
    crossovers: tuple[tuple[Option, Crossover], ...]
    """Self-hosting against each way to buy."""
    crossover: Crossover
    """Self-hosting against the cheapest way to buy at each volume."""
    stairs: tuple[Staircase, ...]
    """Those that are cheapest somewhere: together they make the self-hosting curve."""
    build_line: Line
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]

    @property
    def today(self) -> Option:
        return self.options[0]

    @property
    def build(self) -> Option | None:
        return decision.best_build(self.options)

    @property
    def buy(self) -> Option:
        return decision.best_buy(self.options)


def evaluate(scenario: Scenario, catalog: Catalog) -> Evaluation:
    """Raises UnknownId or DataError when the scenario names something the catalog does not hold."""
    check_ids(scenario, catalog)
    need = demand(scenario.workload)
    buys = buy_options(scenario, need, catalog)
    stairs, misfits = all_staircases(scenario, need, catalog)
    lines = ownership.self_host_lines(scenario.operations, need, catalog.ownership)
    builds = build_options(stairs, lines, scenario, need, catalog)
    options = (buys[0], *sorted([*buys[1:], *builds], key=lambda option: (option.usd_per_month, option.label)))
    build_line, useful = self_host_line(lines, need), _useful(stairs, need)
    buy_lines, busy = [buy_line(buy, need) for buy in buys], busy_frac(scenario)
    crossovers = tuple((b, crossover.find(useful, build_line, [x], busy)) for b, x in zip(buys, buy_lines, strict=True))
    overall = crossover.find(useful, build_line, buy_lines, busy)
    outcomes = _outcomes(stairs, misfits, build_line, scenario, need)
    return Evaluation(
        scenario=scenario,
        digest=catalog.digest,
        demand=need,
        options=options,
        verdict=_verdict(options, stairs, overall, crossovers[0][1], outcomes, scenario, catalog),
        crossovers=crossovers,
        crossover=overall,
        stairs=tuple(useful),
        build_line=build_line,
        outcomes=outcomes,
        notes=tuple(_growth_note(scenario, overall) + _notes(scenario, options, catalog)),
    )


def volumes(need: Demand, stairs: Sequence[Staircase], show_req_per_month: float = 0.0, points: int = 240) -> Array:
    """A log-spaced grid around the user's volume that also shows another one, up to what the allowed GPUs can serve."""
    most = max((s.limit_req_per_month for s in stairs), default=float("inf"))
    low, high = need.requests_per_month / 300, need.requests_per_month * 30
    return np.geomspace(low, max(min(max(high, 3 * show_req_per_month), most), need.requests_per_month * 1.01), points)


def _useful(stairs: Sequence[Staircase], need: Demand) -> list[Staircase]:
    """The staircases that matter to the self-hosting curve: hundreds of others never touch it."""
    if not stairs:
        return []
    most = max(s.limit_req_per_month for s in stairs)
    grid = np.geomspace(min(need.requests_per_month, most) / 1e4, most, 300)
    return [stairs[i] for i in crossover.useful(stairs, np.append(grid, need.requests_per_month))]


def curves(evaluation: Evaluation, grid: Array) -> list[Curve]:
    """Every way to buy, and the cheapest self-hosted fleet, over a grid of volumes."""
    found = [
        Curve(option, buy_line(option, evaluation.demand).usd_per_month(grid)) for option, _ in evaluation.crossovers
    ]
    if evaluation.build is not None:
        usd = crossover.envelope_usd_per_month(evaluation.stairs, evaluation.build_line, grid)
        found.append(Curve(evaluation.build, usd))
    return found


# --- saying it ---------------------------------------------------------------------------------------------------


def _outcomes(
    stairs: Sequence[Staircase], misfits: Sequence[Misfit], line: Line, scenario: Scenario, need: Demand
) -> tuple[Outcome, ...]:
    """One row for each model and GPU: the cheapest plan, or the reason of the setup that got furthest."""
    volume = need.requests_per_month
    found: dict[tuple[str, str], Outcome] = {}
    rents = fleet.rents_matrix(stairs, np.array([volume]))[:, 0] if stairs else np.array([])
    rest = float(line.usd_per_month(np.asarray(volume)))
    for i in np.argsort(rents, kind="stable"):
        s = stairs[i]
        key = (s.capacity.setup.model.name, s.capacity.setup.gpu.name)
        if key not in found and np.isfinite(rents[i]):
            found[key] = Outcome(*key, fleet.plan(s, volume), float(rents[i]) + rest, "")
        elif key not in found:
            found[key] = Outcome(*key, None, None, f"needs more than the {scenario.hardware.max_gpus} GPUs allowed", 5)
    for misfit in sorted(misfits, key=lambda m: -m.stage):
        key = (misfit.setup.model.name, misfit.setup.gpu.name)
        detail = f"{misfit.setup.tensor_parallel}× {misfit.setup.precision.upper()}: {misfit.why}"
        found.setdefault(key, Outcome(*key, None, None, detail, misfit.stage))
    best = min((o.usd_per_month for o in found.values() if o.usd_per_month is not None), default=0.0)
    return tuple(
        sorted(
            (_with_gap(o, best) for o in found.values()),
            key=lambda o: (o.usd_per_month is None, o.usd_per_month or 0.0, o.model, o.gpu),
        )
    )


def _with_gap(outcome: Outcome, best: float) -> Outcome:
    if outcome.usd_per_month is None:
        return outcome
    gap = outcome.usd_per_month - best
    why = "cheapest" if gap <= 0 else f"${gap:,.0f} a month dearer than the cheapest"
    return Outcome(outcome.model, outcome.gpu, outcome.plan, outcome.usd_per_month, why)


def _verdict(
    options: Sequence[Option],
    stairs: Sequence[Staircase],
    overall: Crossover,
    against_today: Crossover,
    outcomes: Sequence[Outcome],
    scenario: Scenario,
    catalog: Catalog,
) -> Verdict:
    buy, build = decision.best_buy(options), decision.best_build(options)
    flips: tuple[decision.Flip, ...] = ()
    if build is not None and build.plan is not None:
        plan = build.plan
        same = next(s for s in stairs if s.capacity is plan.capacity and s.lease is plan.lease)
        pay = scenario.operations.engineer_usd_per_year
        pay = catalog.ownership.engineer_usd_per_year.central if pay is None else pay
        flips = decision.flips(build, buy, overall, same, scenario.workload, pay)
    return decision.decide(options, overall, against_today, flips, _why_no_fleet(outcomes))


def _why_no_fleet(outcomes: Sequence[Outcome]) -> str:
    """The nearest miss and its remedy, for when nothing can be served."""
    if not outcomes:
        return "no open model is accepted as a stand-in. Accept one on the Candidates page to compare."
    nearest = max(outcomes, key=lambda outcome: outcome.stage)
    remedy = {
        0: "Allow GPUs with more memory, or a coarser weight format.",
        1: "Allow GPUs with more memory, or a coarser weight format.",
        2: "Relax the target for the time per token, or allow faster GPUs.",
        3: "Relax the target for the first token, or allow faster GPUs.",
        4: "Allow other providers, terms, or prices of lower confidence.",
        5: "Allow more GPUs.",
    }[nearest.stage]
    return f"the nearest miss is {nearest.model} on {nearest.gpu}, {nearest.why}. {remedy}"


def _notes(scenario: Scenario, options: Sequence[Option], catalog: Catalog) -> list[str]:
    """What a careful reader should know about this result."""
    found = _price_notes(scenario, options[0])
    build = decision.best_build(options)
    if build is not None and build.plan is not None:
        found += _rent_notes(build.plan, scenario) + _own_speed_notes(build.plan, scenario, catalog)
    if scenario.workload.peak_basis != "measured":
        words = {"typed": "your own figure", "bounded": "a lower bound, from a short log"}
        basis = words.get(scenario.workload.peak_basis, "assumed")
        found.append(f"The peak, {scenario.workload.peak_ratio:.3g}× the mean, is {basis}, and fleet size follows it.")
    if scenario.workload.cached_basis == "assumed":
        found.append(
            f"How much input the API bills as cached today is not known: {scenario.workload.cached_frac:.0%} is assumed."
        )
    if scenario.workload.requests_basis in ("assumed", "bounded"):
        origin = "extrapolated from a short log" if scenario.workload.source.startswith("log:") else "a typical figure"
        found.append(f"Requests a month are {origin}, not measured: check them on the Workload page.")
    return found


def _own_speed_notes(plan: Plan, scenario: Scenario, catalog: Catalog) -> list[str]:
    """Whether the fleet's speed is the model's or the user's own."""
    setup, hardware = plan.setup, scenario.hardware
    if hardware.throughput_factor != 1.0:
        return [f"Every modelled speed is multiplied by {hardware.throughput_factor:g}: your own figure."]
    names = [(catalog.model(m.model), catalog.gpu(m.gpu)) for m in hardware.own_measurements]
    count = sum(model is setup.model and gpu is setup.gpu for model, gpu in names)
    if count == 0:
        return _unmeasured_note(setup.gpu, catalog)
    plural = "s" * (count > 1)
    return [f"Speeds of {setup.model.name} on {setup.gpu.name} are corrected by {count} benchmark{plural} of your own."]


def _unmeasured_note(gpu: Gpu, catalog: Catalog) -> list[str]:
    if not catalog.is_extrapolated(gpu):
        return []
    factor = catalog.range_ratio("tpot_ms", gpu)
    return [
        f"Few runs were measured on GPUs like {gpu.name}: its speed is extrapolated, and the range takes it a factor of "
        f"{factor:.1f} either way. Drop a benchmark of your own on the Candidates page to narrow it."
    ]


def _growth_note(scenario: Scenario, overall: Crossover) -> list[str]:
    """When the stated growth reaches the durable crossover against the best way to buy."""
    durable = overall.durable_req_per_month
    growth, now = scenario.workload.growth_per_month_frac, scenario.workload.requests_per_month
    if growth <= 0 or durable is None or durable <= now:
        return []
    months = ceil(log(durable / now) / log(1 + growth))
    return [f"At {growth:.0%} growth a month your volume reaches the crossover in {months} months, at prices of today."]


def _price_notes(scenario: Scenario, today: Option) -> list[str]:
    assert today.bill is not None
    offer = today.bill.offer
    return [
        f"{offer.label} changes price on {day}: ${rates.input_usd_per_mtok:g} in, ${rates.output_usd_per_mtok:g} out "
        "per million tokens. The verdict uses the price of today."
        for day, rates in api_cost.scheduled_changes(offer, scenario.as_of, scenario.operations.horizon_months)
    ]


def _rent_notes(plan: Plan, scenario: Scenario) -> list[str]:
    found = []
    seen = plan.lease.seen
    if plan.lease.basis == "list" and seen is not None and (scenario.as_of - seen).days > STALE_DAYS:
        found.append(
            f"The rent at {plan.lease.provider} was last seen on {seen}, {(scenario.as_of - seen).days} days ago. "
            "GPU rents rose by about half in 2026: ask for a quote."
        )
    if plan.lease.basis != "yours":
        found.append(
            "The rent is one provider's list price: whether it has the machines free when you need them is not known."
        )
    return found
