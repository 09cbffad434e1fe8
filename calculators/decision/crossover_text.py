"""The words of a crossover: its clause in the reason of a verdict, and the takeaway of its chart."""

from collections.abc import Sequence

from calculators.decision.crossover import Crossover
from calculators.options.option import Option
from calculators.units import count, significant


def break_even_clause(crossover: Crossover) -> str:
    """Where self-hosting breaks even, as a clause."""
    durable = crossover.durable_req_per_month
    match crossover.kind:
        case "always":
            return "self-hosting is cheaper at every volume"
        case "crosses" if durable is not None:
            return f"self-hosting stays cheaper from {count(durable)} requests/month{_until(crossover)}"
        case "crosses":
            return "self-hosting is cheaper at some volumes only, not at the largest"
        case "never":
            return f"self-hosting never breaks even: it {crossover.reason.removeprefix('self-hosting ')}"
        case _:
            return f"there is no break-even: {crossover.reason}"


def crossover_takeaway(
    crossover: Crossover, build: Option | None, allowed: Sequence[Option], requests_per_month: float
) -> str:
    """What the chart of cost over volume shows, in a sentence: its caption and its alternative text."""
    if build is None:
        return "No self-hosted option qualifies, so the chart shows API options only."
    if not any(option.is_buy for option in allowed):
        return "No API option is allowed. Today's API is shown for comparison only."
    durable = crossover.durable_req_per_month
    if crossover.kind == "always":
        return "Self-hosting is cheaper than any API option at every volume."
    if crossover.kind == "crosses" and durable is not None:
        multiple = significant(durable / requests_per_month, 2)
        return (
            f"Break-even volume: {count(durable)} requests/month, {multiple} times your volume. "
            f"{_from_when(crossover, durable)}{_until(crossover)}."
        )
    clause = break_even_clause(crossover)
    return f"{clause[0].upper()}{clause[1:]}."


def _until(crossover: Crossover) -> str:
    if crossover.until_req_per_month is None:
        return ""
    return f" up to {count(crossover.until_req_per_month)}, the most your GPU limit allows"


def _from_when(crossover: Crossover, durable: float) -> str:
    """From which volume self-hosting stays cheaper, and where it is cheaper first."""
    first = crossover.first_req_per_month
    if first is None or count(first) == count(durable):
        return "Self-hosting stays cheaper from there"
    return f"Self-hosting is first cheaper at {count(first)}, for good from {count(durable)} (capacity is added in whole servers)"
