"""The verdict: the cheapest way that meets the targets, how sure that is, and what would change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from calculators.decision.crossover import Crossover
from calculators.options.option import Option, OptionKind
from calculators.units import count, percent, usd

Sureness = Literal["clear", "leaning", "too_close"]
VerdictKind = Literal[
    "stay",
    "optimise_api",
    "resold_api",
    "hosted_open",
    "self_host",
    "own_hardware",
    "hybrid",
    "forced_by_compliance",
    "too_close",
    "cannot_tell",
]

STAYS: tuple[OptionKind, ...] = ("api_today", "api_optimised", "resold_api")
CLOSE_FRAC = 0.10
"""Two costs nearer than this are called equal: list prices, traffic and staffing are not known better."""


@dataclass(frozen=True, slots=True)
class VerdictContext:
    """What compliance and the signals add to the ranking."""

    forced_by: str = ""
    """The cheapest way of all and its cost, where it is known not to be allowed."""
    why_forced: str = ""
    ask_first: str = ""
    """Who may be cheaper, if they are asked and say yes."""
    misses: str = ""
    """The signal that fires at today's API."""
    missing: str = ""
    """What must be known before anything can be said."""

    @property
    def remarks(self) -> str:
        return "".join(f" {words}" for words in (self.ask_first, self.misses) if words)


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: VerdictKind
    sureness: Sureness
    sentence: str
    reason: str
    winner: Option
    """The cheapest allowed way; today's API where none is."""
    runner_up: Option | None
    gap_usd_per_month: float
    """Runner-up minus winner."""
    saving_usd_per_month: float
    """What is paid today minus the winner; zero when today's API wins."""
    assumptions: tuple[str, ...]


def decide(
    today: Option,
    options: Sequence[Option],
    against_best: Crossover,
    against_today: Crossover,
    why_no_fleet: str,
    around: VerdictContext = VerdictContext(),
) -> Verdict:
    """Rank the allowed options and say it. The crossovers are self-hosting against the best way to buy and against
    today's API."""
    if not options:
        sentence = f"Cannot tell yet: {around.missing}"
        return Verdict("cannot_tell", "too_close", sentence, why_no_fleet, today, None, inf, 0.0, ())
    ranked = sorted(options, key=lambda option: option.usd_per_month)
    winner = ranked[0]
    others = [option for option in ranked if _side(option) != _side(winner)]
    sureness = _sureness(winner, others)
    if sureness == "clear" and around.ask_first:
        sureness = "leaning"
    runner_up = others[0] if sureness == "too_close" else _rival(ranked)
    gap = runner_up.usd_per_month - winner.usd_per_month if runner_up else inf
    kind, sentence = _said(winner, runner_up, today, sureness, around)
    reason = _reason(ranked, against_best, against_today, why_no_fleet)
    return Verdict(
        kind=kind,
        sureness=sureness,
        sentence=sentence + around.remarks,
        reason=f"{around.why_forced}. {reason}" if around.why_forced else reason,
        winner=winner,
        runner_up=runner_up,
        gap_usd_per_month=gap,
        saving_usd_per_month=today.usd_per_month - winner.usd_per_month,
        assumptions=_assumptions(winner, runner_up),
    )


def _said(
    winner: Option, rival: Option | None, today: Option, sureness: Sureness, around: VerdictContext
) -> tuple[VerdictKind, str]:
    """The kind of verdict and its sentence."""
    if around.missing:
        return "cannot_tell", f"Cannot tell yet: {around.missing}"
    if sureness == "too_close":
        tied = f" {around.forced_by}, is not allowed." if around.forced_by else ""
        return "too_close", _sentence("too_close", winner, rival, today) + tied
    if around.forced_by:
        cost = f"{winner.label} costs {usd(winner.usd_per_month)}/month"
        return "forced_by_compliance", f"Compliance decides: {cost}; {around.forced_by}, is not allowed."
    return _kind(winner), _sentence(_kind(winner), winner, rival, today)


def best_buy(options: Sequence[Option]) -> Option:
    return min((o for o in options if o.is_buy), key=lambda option: option.usd_per_month)


def best_build(options: Sequence[Option]) -> Option | None:
    return min((o for o in options if o.is_build), key=lambda option: option.usd_per_month, default=None)


def _side(option: Option) -> str:
    """Staying, moving to another seller, and building are the three answers; options within one are variants of it."""
    return "stay" if option.kind in STAYS else "move" if option.kind == "hosted_open" else "build"


def _rival(ranked: Sequence[Option]) -> Option | None:
    """The question is build or buy, so the rival of a build is the best buy, and the other way round."""
    return next((option for option in ranked if option.is_buy != ranked[0].is_buy), None)


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
        "resold_api": "resold_api",
        "hosted_open": "hosted_open",
        "self_host": "self_host",
        "own_hardware": "own_hardware",
        "hybrid": "hybrid",
    }
    return names[winner.kind]


def _sentence(kind: VerdictKind, winner: Option, rival: Option | None, today: Option) -> str:
    """The one sentence on the first screen."""
    cost, saving = usd(winner.usd_per_month), today.usd_per_month - winner.usd_per_month
    less = f", {usd(saving)} less than today" if saving > 0 else ""
    if kind == "too_close" and rival is not None:
        return (
            f"Too close to call: {winner.label} costs {cost}/month and {rival.label} {usd(rival.usd_per_month)}, "
            f"a difference of {usd(rival.usd_per_month - winner.usd_per_month)} that these estimates cannot settle."
        )
    if kind == "stay":
        return f"Stay on the API: {winner.label} costs {cost}/month{_dearer(winner, rival)}."
    advice = {
        "optimise_api": "Stay on the API and use its discounts",
        "resold_api": "Keep the model and change the contract",
        "hosted_open": "Do not self-host, buy tokens of an open model",
        "hybrid": "Self-host the base load and buy the rest",
        "own_hardware": "Buy servers and self-host",
    }.get(kind, "Self-host")
    condition = f", if {winner.model} is good enough" if winner.gate == "assumed" else ""
    return f"{advice}{condition}: {winner.label} costs {cost}/month{less}{_dearer(winner, rival)}."


def _dearer(winner: Option, rival: Option | None) -> str:
    if rival is None:
        return "; no fleet of your own qualifies" if winner.is_buy else "; no way to buy with a public price is allowed"
    whose = f"the best way to buy, {rival.label}," if rival.is_buy else "the cheapest fleet of your own"
    return f"; {whose} costs {usd(rival.usd_per_month)}"


def _reason(ranked: Sequence[Option], overall: Crossover, against_today: Crossover, why_no_fleet: str) -> str:
    build = best_build(ranked)
    if build is None or build.plan is None:
        return f"No fleet can serve this: {why_no_fleet}"
    plan, rest_usd = build.plan, build.usd_per_month - build.plan.rent_usd_per_month
    whole = "The peak needs" if ranked[0].kind != "hybrid" else "Carried by a fleet alone, the peak would need"
    fleet = (
        f"{whole} {plan.gpus} GPUs ({plan.replicas_words}) at "
        f"{usd(plan.rent_usd_per_month)}; people, platform and migration are the other {usd(rest_usd)}, "
        f"{percent(rest_usd / build.usd_per_month)} of the fleet's cost."
    )
    if not any(option.is_buy for option in ranked):
        return f"{fleet} No way to buy with a published price is allowed."
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
    if winner.kind == "hybrid":
        found.append(
            "Only the mean and the peak of the load are known: the hours between are taken as lognormal. A request above "
            "the fleet's capacity must be able to go elsewhere, so both models must be good enough."
        )
    for option in (winner, rival):
        if option is not None and option.gate == "assumed":
            found.append(
                f"{option.model} is good enough for your product: assumed, not yet shown by your own evaluation."
            )
    for option in (winner, rival):
        if option is not None and option.is_buy:
            found.append(
                f"Latency, rate limits and uptime of {option.label} are not known here: only a fleet of your own is held "
                "to the latency targets."
            )
    return tuple(dict.fromkeys(found))
