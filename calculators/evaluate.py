"""The whole calculation, top to bottom: scenario and catalog in, Evaluation out. Pages, command line, report and tests
all call `evaluate`; every intermediate result is kept, so any number on a page can be traced."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators import api_cost, crossover, decision, fleet, ownership
from calculators.api_cost import ApiBill, Offer
from calculators.catalog import Catalog
from calculators.crossover import Crossover, Line
from calculators.decision import Option, Verdict
from calculators.fleet import Capacity, Misfit, Plan, Staircase
from calculators.ownership import CostLine, fixed_line
from calculators.scenario import Candidate, Scenario, check_ids
from calculators.units import SECONDS_PER_HOUR
from calculators.workload import Array, Demand, demand

RANGE_SETUPS = 60  # how many of the cheapest setups are sized again for the pessimistic and optimistic case


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

    @property
    def crossover(self) -> Crossover:
        """Against the best way to buy."""
        return next(found for option, found in self.crossovers if option is self.buy)


def evaluate(scenario: Scenario, catalog: Catalog) -> Evaluation:
    """Raises UnknownId or DataError when the scenario names something the catalog does not hold."""
    check_ids(scenario, catalog)
    need = demand(scenario.workload)
    buys = buy_options(scenario, need, catalog)
    stairs, misfits = all_staircases(scenario, need, catalog)
    build_lines = ownership.self_host_lines(scenario.operations, need, catalog.ownership)
    build_line = _build_line(build_lines, need)
    builds = build_options(stairs, build_lines, scenario, need, catalog)
    options = (buys[0], *sorted([*buys[1:], *builds], key=lambda option: option.usd_per_month))
    useful = _useful(stairs, need)
    crossovers = tuple((buy, crossover.find(useful, build_line, _buy_line(buy, need))) for buy in buys)
    outcomes = _outcomes(stairs, misfits, build_line, scenario, need)
    return Evaluation(
        scenario=scenario,
        digest=catalog.digest,
        demand=need,
        options=options,
        verdict=_verdict(options, builds, useful, crossovers, outcomes, scenario, catalog),
        crossovers=crossovers,
        stairs=tuple(useful),
        build_line=build_line,
        outcomes=outcomes,
        notes=tuple(_notes(scenario, buys[0], catalog)),
    )


# --- buying ------------------------------------------------------------------------------------------------------


def buy_options(scenario: Scenario, need: Demand, catalog: Catalog) -> list[Option]:
    """Today's API, the same API with its discounts used, and the cheapest host of each accepted open model."""
    offer = api_cost.offer(scenario.api.provider, scenario.api.model, catalog)
    w = scenario.workload
    today = api_cost.monthly_bill(offer, need, scenario.as_of, w.cached_frac, w.cache_write_frac, discount_frac=scenario.api.discount_frac)
    found = [_api_option("api_today", offer.label, today)]
    best = optimised_bill(offer, scenario, need, catalog, scenario.api.discount_frac)
    if best.usd_per_month < today.usd_per_month * 0.995:
        found.append(_api_option("api_optimised", f"{offer.label} with caching and batch", best))
    for candidate in scenario.candidates:
        if candidate.gate != "not_acceptable":
            found += _hosted_option(candidate, scenario, need, catalog)
    return found


def optimised_bill(offer: Offer, scenario: Scenario, need: Demand, catalog: Catalog, discount_frac: float = 0.0) -> ApiBill:
    """The cheapest way to buy here: prompts ordered for caching or not, deferrable requests in the batch tier.

    Where cache writes cost extra, every cacheable token that misses is taken as written once.
    """
    w, rule = scenario.workload, catalog.rules.get(offer.provider)
    day = scenario.as_of
    batch_off = rule.batch_discount_frac if rule else None
    minimum_tok = float(rule.cache_min_tok or 0) if rule else 0.0
    price = api_cost.rates(offer, day)[0]
    writes = (1 - w.cacheable_frac) if price.cache_write_usd_per_mtok > price.input_usd_per_mtok else 0.0
    ways = (
        api_cost.monthly_bill(offer, need, day, w.cached_frac, w.cache_write_frac, w.deferrable_frac, discount_frac, 0.0, batch_off),
        api_cost.monthly_bill(offer, need, day, max(w.cacheable_frac, w.cached_frac), writes if w.cacheable_frac else 0.0, w.deferrable_frac, discount_frac, minimum_tok, batch_off),
    )
    return min(ways, key=lambda bill: bill.usd_per_month)


def _hosted_option(candidate: Candidate, scenario: Scenario, need: Demand, catalog: Catalog) -> list[Option]:
    """The cheapest seller of this open model; none when nobody is known to sell it."""
    model = catalog.model(candidate.model)
    bills = [optimised_bill(offer, scenario, need, catalog) for offer in api_cost.hosted_offers(model, scenario.as_of, catalog)]
    if not bills:
        return []
    best = min(bills, key=lambda bill: bill.usd_per_month)
    extra = ownership.hosted_open_lines(scenario.operations, catalog.ownership)
    label = f"{model.name} at {best.offer.provider_name}"
    return [_api_option("hosted_open", label, best, extra, model.name, candidate)]


def _api_option(
    kind: decision.OptionKind, label: str, bill: ApiBill, extra: tuple[CostLine, ...] = (), model: str | None = None, candidate: Candidate | None = None
) -> Option:
    basis = f"list price, {bill.offer.confidence} confidence"
    lines = [fixed_line("API bill", bill.usd_per_month, basis, bill.offer.source, "; ".join(bill.notes)), *extra]
    low, high = sum(line.low_usd_per_month for line in lines), sum(line.high_usd_per_month for line in lines)
    return Option(kind, label, tuple(lines), model or bill.offer.model, candidate.gate if candidate else None, bill, None, low, high)


def _buy_line(option: Option, need: Demand) -> Line:
    bill = option.bill
    assert bill is not None
    return Line(bill.usd_per_request, option.usd_per_month - bill.usd_per_month)


# --- building ----------------------------------------------------------------------------------------------------


def peak_s_per_month(scenario: Scenario) -> float:
    """Requests a month for each request a second of peak: active seconds / peak ratio."""
    return scenario.workload.active_h_per_month * SECONDS_PER_HOUR / scenario.workload.peak_ratio


def all_staircases(scenario: Scenario, need: Demand, catalog: Catalog) -> tuple[list[Staircase], list[Misfit]]:
    """Every fleet worth considering, and every setup that drops out, with the reason."""
    traffic = fleet.traffic(need, scenario.workload.self_hit_frac)
    found, misfits = fleet.capacities(fleet.setups(scenario, catalog), traffic, scenario.targets, catalog, scenario.hardware.throughput_factor)
    stairs, unrentable = fleet.staircases(found, scenario, catalog, peak_s_per_month(scenario))
    return stairs, misfits + unrentable


def build_options(stairs: Sequence[Staircase], lines: tuple[CostLine, ...], scenario: Scenario, need: Demand, catalog: Catalog) -> list[Option]:
    """The cheapest rented fleet, and the cheapest bought one, for each model that can be served."""
    if not stairs:
        return []
    volume = need.requests_per_month
    rents = fleet.rents_matrix(stairs, np.array([volume]))[:, 0]
    best: dict[tuple[str, bool], int] = {}
    for i in np.argsort(rents, kind="stable"):
        if np.isfinite(rents[i]):
            best.setdefault((stairs[i].capacity.setup.model.id, stairs[i].lease.basis == "owned"), int(i))
    cheapest = np.argsort(rents, kind="stable")[:RANGE_SETUPS]
    return [_build_option(stairs[i], lines, scenario, need, catalog, [stairs[j] for j in cheapest]) for i in best.values()]


def _build_option(
    stairs: Staircase, lines: tuple[CostLine, ...], scenario: Scenario, need: Demand, catalog: Catalog, similar: Sequence[Staircase]
) -> Option:
    plan = fleet.plan(stairs, need.requests_per_month)
    assert plan is not None
    owned = stairs.lease.basis == "owned"
    model = stairs.capacity.setup.model
    gate = next(c.gate for c in scenario.candidates if catalog.model(c.model) is model)
    low, high = _rent_range(plan, scenario, need, catalog, similar)
    where = "on your own servers" if owned else f"rented from {stairs.lease.provider}"
    rent = CostLine("Servers you own" if owned else "GPU rent", plan.rent_usd_per_month, low, high, _rent_basis(stairs), stairs.lease.source, _rent_note(plan))
    all_lines = (rent, *lines)
    return Option(
        kind="own_hardware" if owned else "self_host",
        label=f"{model.name} on {plan.gpus}× {plan.setup.gpu.name} {where}",
        lines=all_lines,
        model=model.name,
        gate=gate,
        plan=plan,
        low_usd_per_month=sum(line.low_usd_per_month for line in all_lines),
        high_usd_per_month=sum(line.high_usd_per_month for line in all_lines),
    )


def _rent_basis(stairs: Staircase) -> str:
    return {"yours": "yours", "owned": "rule of thumb"}.get(stairs.lease.basis, f"list price, {stairs.lease.confidence} confidence")


def _rent_note(plan: Plan) -> str:
    return f"{plan.machines} × {plan.lease.machine} at ${plan.lease.usd_per_gpu_h:.2f} per GPU-hour, every hour of the month"


def _rent_range(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, similar: Sequence[Staircase]) -> tuple[float, float]:
    """Rent if the model's speed were off by its 80th-percentile error, either way, with the fleet chosen anew."""
    error = catalog.efficiencies.tpot_error_p80_frac if scenario.hardware.throughput_factor == 1.0 else 0.0
    candidates = [plan.setup, *(s.capacity.setup for s in similar if s.capacity.setup.model is plan.setup.model)]
    same_model = list({id(setup): setup for setup in candidates}.values())
    rents = [_cheapest_rent(same_model, scenario, need, catalog, factor) for factor in (1 + error, 1 / (1 + error))]
    return min(rents[0], plan.rent_usd_per_month), max(rents[1], plan.rent_usd_per_month)


def _cheapest_rent(setups: Sequence[fleet.Setup], scenario: Scenario, need: Demand, catalog: Catalog, factor: float) -> float:
    traffic = fleet.traffic(need, scenario.workload.self_hit_frac)
    found, _ = fleet.capacities(setups, traffic, scenario.targets, catalog, factor * scenario.hardware.throughput_factor)
    stairs, _ = fleet.staircases(found, scenario, catalog, peak_s_per_month(scenario))
    return float(fleet.rents_matrix(stairs, np.array([need.requests_per_month])).min()) if stairs else float("inf")


def _build_line(lines: tuple[CostLine, ...], need: Demand) -> Line:
    """People and platform do not grow with volume; egress does."""
    egress = sum(line.usd_per_month for line in lines if line.name == "Egress")
    return Line(egress / need.requests_per_month, sum(line.usd_per_month for line in lines) - egress)


def volumes(need: Demand, stairs: Sequence[Staircase], points: int = 240) -> Array:
    """A log-spaced grid around the user's volume, up to what the allowed GPUs can serve."""
    most = max((s.replica_req_per_month * (s.max_machines * s.replicas_per_machine - s.spare_replicas) for s in stairs), default=0.0)
    high = max(need.requests_per_month * 30, 1.0)
    low = need.requests_per_month / 300
    return np.geomspace(low, max(min(high, most), need.requests_per_month * 1.01), points)


def _useful(stairs: Sequence[Staircase], need: Demand) -> list[Staircase]:
    if not stairs:
        return []
    most = max(s.replica_req_per_month * (s.max_machines * s.replicas_per_machine - s.spare_replicas) for s in stairs)
    grid = np.geomspace(min(need.requests_per_month, most) / 1e4, most, 300)
    return [stairs[i] for i in crossover.useful(stairs, np.append(grid, need.requests_per_month))]


def curves(evaluation: Evaluation, grid: Array) -> list[Curve]:
    """Every way to buy, and the cheapest self-hosted fleet, over a grid of volumes."""
    found = [Curve(option, _buy_line(option, evaluation.demand).usd_per_month(grid)) for option, _ in evaluation.crossovers]
    if evaluation.build is not None:
        usd = crossover.envelope_usd_per_month(evaluation.stairs, evaluation.build_line, grid)
        found.append(Curve(evaluation.build, usd))
    return found


# --- saying it ---------------------------------------------------------------------------------------------------


def _outcomes(stairs: Sequence[Staircase], misfits: Sequence[Misfit], line: Line, scenario: Scenario, need: Demand) -> tuple[Outcome, ...]:
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
            found[key] = Outcome(*key, None, None, f"needs more than the {scenario.hardware.max_gpus} GPUs allowed")
    for misfit in sorted(misfits, key=lambda m: -m.stage):
        key = (misfit.setup.model.name, misfit.setup.gpu.name)
        detail = f"{misfit.setup.tensor_parallel}× {misfit.setup.precision.upper()}: {misfit.why}"
        found.setdefault(key, Outcome(*key, None, None, detail))
    best = min((o.usd_per_month for o in found.values() if o.usd_per_month is not None), default=0.0)
    return tuple(sorted((_with_gap(o, best) for o in found.values()), key=lambda o: (o.usd_per_month is None, o.usd_per_month or 0.0, o.model, o.gpu)))


def _with_gap(outcome: Outcome, best: float) -> Outcome:
    if outcome.usd_per_month is None:
        return outcome
    gap = outcome.usd_per_month - best
    why = "cheapest" if gap <= 0 else f"${gap:,.0f} a month dearer than the cheapest"
    return Outcome(outcome.model, outcome.gpu, outcome.plan, outcome.usd_per_month, why)


def _verdict(
    options: Sequence[Option],
    builds: Sequence[Option],
    stairs: Sequence[Staircase],
    crossovers: Sequence[tuple[Option, Crossover]],
    outcomes: Sequence[Outcome],
    scenario: Scenario,
    catalog: Catalog,
) -> Verdict:
    buy, build = decision.best_buy(options), decision.best_build(builds)
    found = next(c for option, c in crossovers if option is buy)
    flips: tuple[decision.Flip, ...] = ()
    if build is not None:
        plan = build.plan
        assert plan is not None
        same = next(s for s in stairs if s.capacity is plan.capacity and s.lease is plan.lease)
        pay = scenario.operations.engineer_usd_per_year
        pay = catalog.ownership.engineer_usd_per_year.central if pay is None else pay
        flips = decision.flips(build, buy, found, same, scenario.workload.requests_per_month, pay)
    return decision.decide(options, found, flips, _why_no_fleet(outcomes))


def _why_no_fleet(outcomes: Sequence[Outcome]) -> str:
    """The commonest reason, with its remedy, for when nothing can be served."""
    reasons = [o.why for o in outcomes if o.plan is None]
    if not reasons:
        return "no open model is accepted as a stand-in. Accept one on the Candidates page to compare."
    example = outcomes[0]
    return f"for instance {example.model} on {example.gpu}, {example.why}. Relax the latency targets, or allow other GPUs, formats or models."


def _notes(scenario: Scenario, today: Option, catalog: Catalog) -> list[str]:
    """What a careful reader should know about this result."""
    assert today.bill is not None
    found = []
    for day, rates in api_cost.scheduled_changes(today.bill.offer, scenario.as_of, scenario.operations.horizon_months):
        found.append(
            f"{today.bill.offer.label} changes price on {day}: ${rates.input_usd_per_mtok:g} in, ${rates.output_usd_per_mtok:g} out per million tokens. "
            "The verdict uses today's price."
        )
    if scenario.workload.peak_basis != "measured":
        found.append(f"The peak, {scenario.workload.peak_ratio:.3g}× the mean, is {scenario.workload.peak_basis}, and fleet size follows it directly.")
    if scenario.workload.requests_basis in ("assumed", "bounded"):
        found.append("Requests a month are extrapolated from a short log: check the figure on the Workload page.")
    return found
