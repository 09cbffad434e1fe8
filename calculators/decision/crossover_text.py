"""The words of a crossover: its clause in the reason of a verdict, and the takeaway of its chart."""

from collections.abc import Sequence

from calculators.decision.crossover import Crossover
from calculators.options.option import Option, best_self_hosted
from calculators.units import capital, count, multiple_of, plural

WHOLE = "self-hosting all of the load"
"""What breaks even where a hybrid costs less: a crossover is that of fleets that carry the peak."""


def break_even_clause(crossover: Crossover, allowed: Sequence[Option]) -> str:
    """Where self-hosting breaks even, as a clause. `allowed`: the options that may be chosen."""
    subject = _subject(allowed)
    durable = crossover.durable_req_per_month
    match crossover.kind:
        case "always":
            return f"{subject} is cheaper at every volume"
        case "crosses" if durable is not None:
            return f"{subject} stays cheaper from {plural(durable, 'request')}/month{_until(crossover)}"
        case "crosses":
            return f"{subject} is cheaper at some volumes only, not at the largest"
        case "never":
            return f"{subject} never breaks even: it {crossover.reason.removeprefix('self-hosting ')}"
        case _:
            return f"there is no break-even: {crossover.reason}"


def crossover_takeaway(
    crossover: Crossover, build: Option | None, allowed: Sequence[Option], requests_per_month: float
) -> str:
    """What the chart of cost over volume shows, in a sentence: its caption and its alternative text."""
    if build is None and best_self_hosted(allowed) is not None:
        return "No fleet carries all of the load within your GPU limit, so the chart shows API options only."
    if build is None:
        return "No self-hosted option qualifies, so the chart shows API options only."
    if not any(option.is_buy for option in allowed):
        return "No API option is allowed. Today's API is shown for comparison only."
    durable = crossover.durable_req_per_month
    if crossover.kind == "always":
        return f"{capital(_subject(allowed))} is cheaper than any API option at every volume."
    if crossover.kind == "crosses" and durable is not None:
        multiple = multiple_of(durable / requests_per_month, "your volume")
        return (
            f"Break-even volume: {plural(durable, 'request')}/month, {multiple}. "
            f"{_from_when(crossover, durable, _subject(allowed))}{_until(crossover)}."
        )
    return f"{capital(break_even_clause(crossover, allowed))}."


def _subject(allowed: Sequence[Option]) -> str:
    best = best_self_hosted(allowed)
    return WHOLE if best is not None and best.kind == "hybrid" else "self-hosting"


def _until(crossover: Crossover) -> str:
    if crossover.until_req_per_month is None:
        return ""
    return f" up to {count(crossover.until_req_per_month)}, the most your GPU limit allows"


def _from_when(crossover: Crossover, durable: float, subject: str) -> str:
    """From which volume `subject` stays cheaper, and where it is cheaper first."""
    first = crossover.first_req_per_month
    if first is None or count(first) == count(durable):
        return f"{capital(subject)} stays cheaper from there"
    first_and_last = f"is first cheaper at {count(first)}, for good from {count(durable)}"
    return f"{capital(subject)} {first_and_last} (capacity is added in whole servers)"
