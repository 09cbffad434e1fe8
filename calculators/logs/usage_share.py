"""The share of one model, team or API key in the usage of a file."""

from collections.abc import Sequence
from dataclasses import dataclass

from calculators.units import printable

MAX_SHARES = 50
MAX_NAMED_SHARES = 12
MAX_SHARE_CHARS = 120
UNNAMED = "unknown"
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class UsageShare:
    """What one value of a dimension was used for. None: not known."""

    value: str
    requests: float | None
    input_tok: int | None
    cache_read_tok: int | None
    cache_write_tok: int | None
    output_tok: int | None
    spend_usd: float | None
    input_p95_tok: float | None = None
    """Of a model in a log of requests only."""
    output_p95_tok: float | None = None

    @property
    def total_tok(self) -> int:
        """Input and output."""
        return (self.input_tok or 0) + (self.output_tok or 0)


def largest_shares(shares: Sequence[UsageShare]) -> tuple[UsageShare, ...]:
    """The shares by tokens, the most first; those beyond `MAX_SHARES` are summed as "others"."""
    ordered = sorted(shares, key=lambda share: (-share.total_tok, -(share.requests or 0), share.value))
    rest = ordered[MAX_SHARES:]
    return (*ordered[:MAX_SHARES], *((_summed(rest),) if rest else ()))


def _summed(shares: Sequence[UsageShare]) -> UsageShare:
    names = ("requests", "input_tok", "cache_read_tok", "cache_write_tok", "output_tok", "spend_usd")
    known = {name: [value for share in shares if (value := getattr(share, name)) is not None] for name in names}
    sums = {name: sum(values) if values else None for name, values in known.items()}
    return UsageShare(value=OTHERS, **sums)


def named_values(shares: Sequence[UsageShare]) -> str:
    """The values of the largest shares, for a message."""
    shown = [printable(share.value, MAX_SHARE_CHARS) for share in shares[:MAX_NAMED_SHARES]]
    more = len(shares) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
