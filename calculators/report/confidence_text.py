"""How sure the decision is, in words that can be read aloud without knowing statistics."""

import numpy as np

from calculators.decision.choice import Answer, answer_of
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.uncertainty.confidence import DecisionConfidence
from calculators.units import listed, plural, usd

SURE_FRAC, OFTEN_FRAC = 0.995, 0.95
NOT_IN_IT = (
    "how good each model's answers are",
    "cache hit rates",
    "announced prices",
    "resale of servers",
    "and what nobody has thought of",
)
"""What no probability here counts."""
ANSWER_WORDS: dict[Answer, str] = {
    "stay": "staying with the model",
    "move": "moving to another model",
    "build": "self-hosting",
}
TOLD_APART_FRAC = 0.05
LEAST_REGRET_USD = 0.5
LEAST_WORTH_FRAC = 0.01
"""Of the recommended total: a finding worth less is not told."""


def odds(probability: float) -> str:
    """A probability in words: 9 in 10; practically always."""
    if probability >= SURE_FRAC:
        return "practically always"
    if probability < 1 - SURE_FRAC:
        return "practically never"
    if probability >= OFTEN_FRAC:
        return "more than 19 times in 20"
    if probability <= 1 - OFTEN_FRAC:
        return "less than once in 20"
    tenths = round(probability * 10)
    if tenths <= 1:
        return "about once in 10"
    return f"about {min(tenths, 9)} times in 10"


def probability_sentence(evaluation: Evaluation, sure: DecisionConfidence) -> str:
    """How sure the recommendation is, its answer before its form; what is in that, and what is not."""
    winner, months = evaluation.verdict.winner, evaluation.horizon.months
    counted = [one.name for one in sure.spreads]
    if not counted:
        return "How sure: every figure of the comparison is your own or has no range, so nothing can be said of chance."
    answer = answer_of(winner.kind)
    same = sum(
        frac
        for option, frac in zip(sure.outcomes.options, sure.outcomes.probability.tolist(), strict=True)
        if answer_of(option.kind) == answer
    )
    told = f"How sure: over {plural(months, 'month')}, {ANSWER_WORDS[answer]} costs least {odds(same)}"
    if (mine := sure.probability_of(winner)) < min(same, SURE_FRAC) - TOLD_APART_FRAC:
        told += f", and {winner.label} is the cheapest form of it {odds(mine)}"
    other = _runner_up(sure, winner)
    if other is not None:
        told += f"; {other[0].label} costs least {odds(other[1])}"
    return f"{told}. Counted: how far off these may be: {listed(counted)}. Not counted: {', '.join(NOT_IN_IT)}."


def _runner_up(sure: DecisionConfidence, winner: Option) -> tuple[Option, float] | None:
    """The option that is the cheapest most often beside the winner; None where that is practically never."""
    pairs = zip(sure.outcomes.options, sure.outcomes.probability.tolist(), strict=True)
    others = [(option, frac) for option, frac in pairs if option is not winner]
    best = max(others, key=lambda one: one[1], default=None)
    return best if best is not None and best[1] >= 1 - SURE_FRAC else None


def band_sentence(evaluation: Evaluation, sure: DecisionConfidence) -> str:
    """The range of the recommended total."""
    low, _, high = sure.outcomes.total_bands_usd[sure.outcomes.options.index(evaluation.verdict.winner)].tolist()
    return f"In 8 of 10 cases it costs {usd(low)} to {usd(high)} in total."


def finding_sentence(evaluation: Evaluation, sure: DecisionConfidence) -> str:
    """Which input is worth finding out, and what not knowing costs."""
    floor = LEAST_WORTH_FRAC * evaluation.horizon.cheapest.tco_usd
    worth = [one for one in sure.findings if one.worth_usd > floor]
    if not worth:
        return "Finding out any one input would not change the decision enough to pay for much work."
    first, *others = worth
    told = f"Most worth finding out: {first.spread.name}. Knowing it before you decide saves {usd(first.worth_usd)} on average"
    if others:
        told += f"; then {listed([f'{one.spread.name} ({usd(one.worth_usd)})' for one in others])}"
    return f"{told}. Knowing everything would save {usd(sure.worth_of_everything_usd)}."


def regret_sentence(evaluation: Evaluation, sure: DecisionConfidence) -> str:
    """What the recommendation is expected to cost above the best choice, seen afterwards."""
    regret = sure.outcomes.regret_usd
    mine = float(regret[sure.outcomes.options.index(evaluation.verdict.winner)])
    if mine < LEAST_REGRET_USD:
        return "Seen afterwards, no other choice would have been better."
    told = f"Seen afterwards, this choice costs {usd(mine)} more than the best one on average"
    least = int(np.argmin(regret))
    if sure.outcomes.options[least] is evaluation.verdict.winner or regret[least] > mine * 0.99:
        return f"{told}; no other choice is expected to do better."
    return f"{told}; {sure.outcomes.options[least].label} costs {usd(float(regret[least]))} more."


def confidence_lines(evaluation: Evaluation, sure: DecisionConfidence | None) -> list[str]:
    """Every sentence, first the one of confidence; none where no option is allowed."""
    if sure is None:
        return []
    if not sure.spreads:
        return [probability_sentence(evaluation, sure)]
    told = (probability_sentence, band_sentence, regret_sentence, finding_sentence)
    return [sentence(evaluation, sure) for sentence in told]
