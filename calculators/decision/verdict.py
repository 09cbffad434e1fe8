"""The verdict: the cheapest option that meets the targets, how sure that is, and the words for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from calculators.decision.choice import Sureness, VerdictKind, choose
from calculators.decision.crossover import Crossover
from calculators.decision.verdict_context import VerdictContext
from calculators.decision.verdict_text import blocked_reason, key_assumptions, verdict_reason, verdict_sentence
from calculators.fleet.rent_gap import RentGap
from calculators.options.option import Option

NO_CONTEXT = VerdictContext()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The recommendation in codes and in words."""

    kind: VerdictKind
    sureness: Sureness
    sentence: str
    reason: str
    winner: Option
    """The cheapest allowed option; today's API where none is."""
    runner_up: Option | None
    gap_usd_per_month: float
    """Runner-up minus winner."""
    saving_usd_per_month: float
    """What is paid today minus the winner; zero when today's API wins."""
    assumptions: tuple[str, ...]
    rent_gap: RentGap | None = None
    """What keeps every GPU price out of the comparison; None where something is compared, or renting is not at stake."""


def decide(
    today: Option,
    options: Sequence[Option],
    against_best: Crossover,
    against_today: Crossover,
    why_no_fleet: str,
    context: VerdictContext = NO_CONTEXT,
) -> Verdict:
    """The verdict on the allowed `options`. The crossovers are self-hosting against the cheapest API option at each volume
    and against today's API."""
    choice = choose(today, options, context)
    reason = verdict_reason(options, against_best, against_today, why_no_fleet) if options else why_no_fleet
    return Verdict(
        kind=choice.kind,
        sureness=choice.sureness,
        sentence=verdict_sentence(choice, today, context),
        reason=blocked_reason(context) + context.passed_over + reason if options else reason,
        winner=choice.winner,
        runner_up=choice.runner_up,
        gap_usd_per_month=choice.gap_usd_per_month,
        saving_usd_per_month=today.usd_per_month - choice.winner.usd_per_month,
        assumptions=key_assumptions(choice) if options else (),
        rent_gap=context.rent_gap,
    )
