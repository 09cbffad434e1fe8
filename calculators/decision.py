"""The verdict: the cheapest way that meets the targets, how sure that is, and what would change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from calculators.api_cost import ApiBill
from calculators.crossover import Crossover
from calculators.fleet import Plan, Staircase
from calculators.ownership import PEOPLE, CostLine
from calculators.scenario import Gate, Workload
from calculators.units import MONTHS_PER_YEAR, count, percent, significant, usd

OptionKind = Literal["api_today", "api_optimised", "hosted_open", "self_host", "own_hardware"]
Sureness = Literal["clear", "leaning", "too_close"]
VerdictKind = Literal["stay", "optimise_api", "hosted_open", "self_host", "own_hardware", "too_close"]

CLOSE_FRAC = 0.10
"""Two costs nearer than this are called equal: list prices, traffic and staffing are not known better."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to serve the workload, with every line of its monthly cost."""

    kind: OptionKind
    label: str
    lines: tuple[CostLine, ...]
    model: str
    gate: Gate | None = None
    """Whose word it is that this model is good enough; None for the model in use today."""
    bill: ApiBill | None = None
    plan: Plan | None = None
    low_usd_per_month: float = 0.0
    high_usd_per_month: float = 0.0

    @property
    def usd_per_month(self) -> float:
        return sum(line.usd_per_month for line in self.lines)

    @property
    def is_build(self) -> bool:
        return self.kind in ("self_host", "own_hardware")


@dataclass(frozen=True, slots=True)
class Flip:
    """One input, and the value at which self-hosting and the best buy cost the same."""

    what: str
    now: str
    flips_at: str
    """What the input would have to become, or why no value does it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: VerdictKind
    sureness: Sureness
    sentence: str
    reason: str
    winner: Option
    runner_up: Option | None
    gap_usd_per_month: float
    """Runner-up minus winner."""
    saving_usd_per_month: float
    """What is paid today minus the winner; zero when today's API wins."""
    flips: tuple[Flip, ...]
    assumptions: tuple[str, ...]


def decide(
    options: Sequence[Option],
    against_best: Crossover,
    against_today: Crossover,
    flips: tuple[Flip, ...],
    why_no_fleet: str,
) -> Verdict:
    """Rank the options and say it. `options` holds today's API first; the crossovers are self-hosting against the best
    way to buy and against today's API."""
    today = options[0]
    ranked = sorted(options, key=lambda option: option.usd_per_month)
    winner = ranked[0]
    others = [option for option in ranked if _side(option) != _side(winner)]
    sureness = _sureness(winner, others)
    runner_up = others[0] if sureness == "too_close" else _rival(ranked)
    gap = runner_up.usd_per_month - winner.usd_per_month if runner_up else float("inf")
    kind: VerdictKind = "too_close" if sureness == "too_close" else _kind(winner)
    return Verdict(
        kind=kind,
        sureness=sureness,
        sentence=_sentence(kind, winner, runner_up, today),
        reason=_reason(ranked, against_best, against_today, why_no_fleet),
        winner=winner,
        runner_up=runner_up,
        gap_usd_per_month=gap,
        saving_usd_per_month=today.usd_per_month - winner.usd_per_month,
        flips=flips,
        assumptions=_assumptions(winner, runner_up),
    )


def best_buy(options: Sequence[Option]) -> Option:
    return min((o for o in options if not o.is_build), key=lambda option: option.usd_per_month)


def best_build(options: Sequence[Option]) -> Option | None:
    return min((o for o in options if o.is_build), key=lambda option: option.usd_per_month, default=None)


def _side(option: Option) -> str:
    """Staying, moving to another seller, and building are the three answers; options within one are variants of it."""
    return "build" if option.is_build else "move" if option.kind == "hosted_open" else "stay"


def _rival(ranked: Sequence[Option]) -> Option | None:
    """The question is build or buy, so the rival of a build is the best buy, and the other way round."""
    return next((option for option in ranked if option.is_build != ranked[0].is_build), None)


def _sureness(winner: Option, others: Sequence[Option]) -> Sureness:
    """Against every option of another side, cheapest first."""
    if not others:
        return "clear"
    if others[0].usd_per_month - winner.usd_per_month < CLOSE_FRAC * others[0].usd_per_month:
        return "too_close"
    return "leaning" if winner.high_usd_per_month > min(option.low_usd_per_month for option in others) else "clear"


def _kind(winner: Option) -> VerdictKind:
    names: dict[OptionKind, VerdictKind] = {
        "api_today": "stay",
        "api_optimised": "optimise_api",
        "hosted_open": "hosted_open",
        "self_host": "self_host",
        "own_hardware": "own_hardware",
    }
    return names[winner.kind]


def _sentence(kind: VerdictKind, winner: Option, rival: Option | None, today: Option) -> str:
    """The one sentence on the first screen."""
    cost, saving = usd(winner.usd_per_month), today.usd_per_month - winner.usd_per_month
    less = f", {usd(saving)} less than today" if saving > 0 else ""
    if kind == "too_close" and rival is not None:
        return (
            f"Too close to call: {winner.label} costs {cost} a month and {rival.label} {usd(rival.usd_per_month)}, "
            f"a difference of {usd(rival.usd_per_month - winner.usd_per_month)} that these estimates cannot settle."
        )
    if kind == "stay":
        return f"Stay on the API: {winner.label} costs {cost} a month{_dearer(rival)}."
    advice = {
        "optimise_api": "Stay on the API and use its discounts",
        "hosted_open": "Do not self-host, buy tokens of an open model",
        "own_hardware": "Buy servers and self-host",
    }.get(kind, "Self-host")
    condition = f", if {winner.model} is good enough" if winner.gate == "assumed" else ""
    return f"{advice}{condition}: {winner.label} costs {cost} a month{less}{_dearer(rival)}."


def _dearer(rival: Option | None) -> str:
    if rival is None:
        return "; no fleet of your own qualifies"
    whose = "the cheapest fleet of your own" if rival.is_build else f"the best way to buy, {rival.label},"
    return f"; {whose} costs {usd(rival.usd_per_month)}"


def _reason(ranked: Sequence[Option], overall: Crossover, against_today: Crossover, why_no_fleet: str) -> str:
    build = best_build(ranked)
    if build is None or build.plan is None:
        return f"No fleet can serve this: {why_no_fleet}"
    plan, rest_usd = build.plan, build.usd_per_month - build.plan.rent_usd_per_month
    replicas = "replica" if plan.replicas == 1 else "replicas"
    fleet = (
        f"The peak needs {plan.gpus} GPUs ({plan.replicas} {replicas} and {plan.spare_replicas} spare) at "
        f"{usd(plan.rent_usd_per_month)}; people, platform and migration are the other {usd(rest_usd)}, "
        f"{percent(rest_usd / build.usd_per_month)} of the fleet's cost."
    )
    best = f"Against the best way to buy at each volume, {_crossover_clause(overall)}."
    return f"{fleet} {best} Against today's API alone, {_crossover_clause(against_today)}."


def _crossover_clause(crossover: Crossover) -> str:
    durable, until = crossover.durable_req_per_month, crossover.until_req_per_month
    end = f", up to the {count(until)} your GPU limit allows" if until is not None else ""
    match crossover.kind:
        case "always":
            return "self-hosting is cheaper at every volume"
        case "crosses" if durable is not None:
            return f"self-hosting stays cheaper from {count(durable)} requests a month on{end}"
        case "crosses":
            return "self-hosting is cheaper at some volumes only, and not at the largest"
        case "never":
            return f"buying stays cheaper at any volume: {crossover.reason}"
        case _:
            return f"there is no crossover: {crossover.reason}"


def _assumptions(winner: Option, rival: Option | None) -> tuple[str, ...]:
    """What the verdict takes on trust, most important first."""
    found = []
    for option in (winner, rival):
        if option is not None and option.gate == "assumed":
            found.append(
                f"{option.model} is good enough for your product: assumed, not yet shown by your own evaluation."
            )
    for option in (winner, rival):
        if option is not None and not option.is_build:
            found.append(
                f"Latency, rate limits and uptime of {option.label} are not known here: only a fleet of your own is held "
                "to the latency targets."
            )
    return tuple(dict.fromkeys(found))


def flips(
    build: Option,
    buy: Option,
    crossover: Crossover,
    stairs: Staircase,
    workload: Workload,
    engineer_usd_per_year: float,
) -> tuple[Flip, ...]:
    """For each input alone: the value at which `build` and `buy` cost the same. Exact for the plan at hand."""
    plan = build.plan
    assert plan is not None
    return (
        _volume_flip(crossover, workload.requests_per_month),
        _price_flip(build, buy),
        _rent_flip(build, buy, plan),
        _speed_flip(build, buy, plan, stairs, workload.requests_per_month),
        _peak_flip(build, buy, plan, stairs, workload),
        _staff_flip(build, buy, engineer_usd_per_year),
    )


def _volume_flip(crossover: Crossover, now: float) -> Flip:
    above = next((c for c in crossover.crossings if c.requests_per_month > now), None)
    below = next((c for c in reversed(crossover.crossings) if c.requests_per_month < now), None)
    parts = [f"{word} {count(c.requests_per_month)}" for word, c in (("up to", above), ("down to", below)) if c]
    return Flip("Volume, requests a month", count(now), " or ".join(parts) or f"no volume: {crossover.reason}")


def _price_flip(build: Option, buy: Option) -> Flip:
    """The kill price: how far the seller would have to move."""
    bill = buy.bill.usd_per_month if buy.bill else buy.usd_per_month
    needed = bill + build.usd_per_month - buy.usd_per_month
    if needed <= 0:
        return Flip(f"Price of {buy.label}", usd(bill) + " a month", "no price: even free it would cost more")
    change = f", {_change(needed / bill)}" if bill > 0 else ""
    return Flip(f"Price of {buy.label}", f"{usd(bill)} a month", f"{usd(needed)} a month{change}")


def _rent_flip(build: Option, buy: Option, plan: Plan) -> Flip:
    rate = plan.lease.usd_per_gpu_h
    affordable = plan.rent_usd_per_month + buy.usd_per_month - build.usd_per_month
    if affordable <= 0:
        return Flip("GPU rent", f"${rate:.2f} per GPU-hour", "no rent: even free GPUs would not pay for the rest")
    ratio = affordable / plan.rent_usd_per_month
    return Flip("GPU rent", f"${rate:.2f} per GPU-hour", f"${rate * ratio:.2f}, {_change(ratio)}")


def _needed_speed_ratio(build: Option, buy: Option, plan: Plan, stairs: Staircase, volume: float) -> float | None:
    """How many times as fast a replica would have to be for the affordable machines to carry the peak."""
    affordable = plan.rent_usd_per_month + buy.usd_per_month - build.usd_per_month
    machines = min(int(max(affordable, 0.0) // stairs.machine_usd_per_month), stairs.max_machines)
    replicas = machines * stairs.replicas_per_machine - stairs.spare_replicas
    return volume / (stairs.replica_req_per_month * replicas) if replicas >= 1 else None


def _speed_flip(build: Option, buy: Option, plan: Plan, stairs: Staircase, requests_per_month: float) -> Flip:
    needed = _needed_speed_ratio(build, buy, plan, stairs, requests_per_month)
    speed = stairs.capacity.req_s
    now = f"{significant(speed)} requests/s per replica"
    if needed is None:
        return Flip("Throughput", now, "no speed: not even one replica and its spare would be affordable")
    return Flip("Throughput", now, f"{significant(speed * needed)} requests/s, {_change(needed)}")


def _peak_flip(build: Option, buy: Option, plan: Plan, stairs: Staircase, workload: Workload) -> Flip:
    """Replicas are in proportion to the peak, so a flatter load does what faster GPUs would."""
    needed = _needed_speed_ratio(build, buy, plan, stairs, workload.requests_per_month)
    now = f"{significant(workload.peak_ratio)}× the mean"
    if needed is None or workload.peak_ratio / needed < 1:
        return Flip("Peak over mean", now, "no peak: even a perfectly flat load would not do")
    return Flip("Peak over mean", now, f"{significant(workload.peak_ratio / needed)}× the mean")


def _staff_flip(build: Option, buy: Option, engineer_usd_per_year: float) -> Flip:
    people = next(line.usd_per_month for line in build.lines if line.name == PEOPLE)
    if engineer_usd_per_year <= 0:
        return Flip("Engineers to run it", "unpaid", "not applicable: their cost is set to zero")
    per_fte = engineer_usd_per_year / MONTHS_PER_YEAR
    now, at = people / per_fte, (people + buy.usd_per_month - build.usd_per_month) / per_fte
    return Flip(
        "Engineers to run it", significant(now), significant(at) if at >= 0 else "no number: dearer even unattended"
    )


def _change(ratio: float) -> str:
    """A ratio in words: 24 % lower, 3.1 times as much."""
    if ratio >= 2:
        return f"{significant(ratio)} times as much"
    return f"{percent(abs(ratio - 1))} {'higher' if ratio >= 1 else 'lower'}"
