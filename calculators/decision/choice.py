"""The choice among the allowed options, in codes: which kind of verdict, how sure, the winner and its rival."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from calculators.decision.verdict_context import NO_DOUBT, VerdictContext
from calculators.options.option import CLOSE_FRAC, MOVES, STAYS, Option, OptionKind

Sureness = Literal["clear", "leaning", "too_close"]
VerdictKind = Literal[
    "stay",
    "optimise_api",
    "resold_api",
    "step_down",
    "hosted_open",
    "routed_api",
    "self_host",
    "own_hardware",
    "hybrid",
    "forced_by_compliance",
    "too_close",
    "cannot_tell",
]
Answer = Literal["stay", "move", "build"]
"""Keeping the model, buying another one, and self-hosting are the three answers; options within one of them are variants of
it."""
KIND_OF_WINNER: dict[OptionKind, VerdictKind] = {
    "api_today": "stay",
    "api_optimised": "optimise_api",
    "resold_api": "resold_api",
    "step_down": "step_down",
    "hosted_open": "hosted_open",
    "routed_api": "routed_api",
    "self_host": "self_host",
    "own_hardware": "own_hardware",
    "hybrid": "hybrid",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Kind and sureness of a verdict, the cheapest allowed option and its rival."""

    kind: VerdictKind
    sureness: Sureness
    winner: Option
    """Today's API where no option is allowed."""
    runner_up: Option | None
    cheaper_today: Option | None = None
    """The option that is cheapest today, where growth makes another one win over the horizon."""

    @property
    def gap_usd_per_month(self) -> float:
        """Runner-up minus winner, in decisive cost; infinite without a runner-up."""
        rival = self.runner_up
        return rival.decisive_usd_per_month - self.winner.decisive_usd_per_month if rival else inf


def choose(today: Option, options: Sequence[Option], context: VerdictContext) -> Choice:
    """The cheapest of the allowed `options`, its rival, and how sure the choice is."""
    if not options:
        return Choice("cannot_tell", "too_close", today, None)
    ranked = by_decisive_cost(options)
    winner = ranked[0]
    others = [option for option in ranked if _side(option) != _side(winner)]
    sureness = _sureness(winner, others)
    is_partial = context.may_be_cheaper or context.rent_gap is not None
    if sureness == "clear" and (is_partial or context.doubt != NO_DOUBT):
        sureness = "leaning"
    runner_up = others[0] if sureness == "too_close" else _rival(ranked)
    first = min(options, key=lambda option: option.usd_per_month)
    if first.kind == winner.kind:
        return Choice(_kind(winner, sureness, context), sureness, winner, runner_up)
    sureness = "leaning" if sureness == "clear" else sureness  # growth is a forecast
    return Choice(_kind(winner, sureness, context), sureness, winner, runner_up, first)


def by_decisive_cost(options: Sequence[Option]) -> list[Option]:
    """The options, cheapest first: over the horizon where volume grows or shrinks, else today; today's cost decides
    between those that growth carries beyond the GPU limit."""
    return sorted(options, key=lambda option: (option.decisive_usd_per_month, option.usd_per_month))


def cheapest_option(options: Sequence[Option]) -> Option | None:
    """The option that wins; None where there is none."""
    return next(iter(by_decisive_cost(options)), None)


def _kind(winner: Option, sureness: Sureness, context: VerdictContext) -> VerdictKind:
    if context.missing is not None:
        return "cannot_tell"
    if sureness == "too_close":
        return "too_close"
    return "forced_by_compliance" if context.blocked is not None else KIND_OF_WINNER[winner.kind]


def is_close(options: Sequence[Option]) -> bool:
    """Whether two of the three answers cost nearly the same."""
    ranked = by_decisive_cost(options)
    others = [option for option in ranked if _side(option) != _side(ranked[0])]
    return bool(ranked) and _sureness(ranked[0], others) == "too_close"


def answer_of(kind: OptionKind) -> Answer:
    """The answer that a kind of option is a variant of."""
    return "stay" if kind in STAYS else "move" if kind in MOVES else "build"


def _side(option: Option) -> Answer:
    return answer_of(option.kind)


def _rival(ranked: Sequence[Option]) -> Option | None:
    """The cheapest option of the opposite answer to build or buy."""
    return next((option for option in ranked if option.is_buy != ranked[0].is_buy), None)


def _sureness(winner: Option, others: Sequence[Option]) -> Sureness:
    """Sureness against every option of another side, cheapest first."""
    if not others:
        return "clear"
    nearest_usd = others[0].decisive_usd_per_month
    if nearest_usd - winner.decisive_usd_per_month < CLOSE_FRAC * nearest_usd:
        return "too_close"
    return "leaning" if ranges_overlap(winner, others) else "clear"


def ranges_overlap(winner: Option, others: Sequence[Option]) -> bool:
    """Whether the winner in its pessimistic case costs more than another option in its optimistic case, each at today's
    traffic: what the traffic does to the options, it does to all of them (`traffic_doubt`)."""
    cheapest = min((option.own_low_usd_per_month for option in others), default=inf)
    return winner.own_high_usd_per_month > cheapest
