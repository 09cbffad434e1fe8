"""Each API model's traffic decided on its own, beside the decision for all of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from calculators.evaluate import Evaluation
from calculators.options.option import CLOSE_FRAC, STAYS
from calculators.scenario.mix import traffic_name
from calculators.scenario.schema import ModelTraffic
from calculators.units import listed, percent, usd


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What one API model's traffic costs today, and the best option for it alone."""

    model: str
    requests_frac: float
    today_usd_per_month: float
    choice: str
    """Label of the best option."""
    moves: bool
    """Whether another model takes over."""
    usd_per_month: float
    is_decided: bool = True
    """Whether any option is allowed for it alone; else it stays where it is."""

    @property
    def saving_usd_per_month(self) -> float:
        """Against today."""
        return self.today_usd_per_month - self.usd_per_month


def choices_by_model(whole: Evaluation, alone: Sequence[Evaluation]) -> list[ModelChoice]:
    """The decision for each model's traffic, as evaluated alone: the others stay as they are."""
    return [_choice(used, part, whole) for used, part in zip(whole.scenario.api.mix, alone, strict=True)]


def _choice(used: ModelTraffic, part: Evaluation, whole: Evaluation) -> ModelChoice:
    winner = part.verdict.winner
    return ModelChoice(
        model=f"{traffic_name(used)}, priced as {part.today.label}" if used.basis == "assumed" else part.today.label,
        requests_frac=part.demand.requests_per_month / whole.demand.requests_per_month,
        today_usd_per_month=part.today.usd_per_month,
        choice=part.label_of(winner),
        moves=winner.kind not in STAYS,
        usd_per_month=winner.usd_per_month,
        is_decided=bool(part.allowed),
    )


def by_model_sentence(whole: Evaluation, choices: Sequence[ModelChoice]) -> str:
    """Whether one option for all traffic, or one for each model, costs less."""
    undecided = [choice.model for choice in choices if not choice.is_decided]
    if undecided or not whole.allowed:
        which = f"the traffic of {listed(undecided)} alone" if undecided and whole.allowed else "all traffic"
        return f"No option is allowed for {which}, so one option for all is not compared with one for each model."
    apart_usd, together = sum(choice.usd_per_month for choice in choices), whole.verdict.winner
    gap = together.usd_per_month - apart_usd
    moved = [choice.model for choice in choices if choice.moves]
    if abs(gap) < CLOSE_FRAC * together.usd_per_month:
        return f"One option for each model costs about as much as one for all: {usd(apart_usd)}/month."
    if gap < 0:
        return (
            f"One option for all traffic is cheaper: {usd(together.usd_per_month)}/month, against {usd(apart_usd)}/month "
            "for the best option of each model."
        )
    saved = f"{usd(gap)}/month ({percent(gap / together.usd_per_month)}) less than {together.label} for all"
    if not moved:
        return f"Keeping each model, with its discounts, costs {usd(apart_usd)}/month: {saved}."
    which = f"Moving only {moved[0]}" if len(moved) == 1 else "The best option for each model"
    return f"{which} costs {usd(apart_usd)}/month in all: {saved}."
