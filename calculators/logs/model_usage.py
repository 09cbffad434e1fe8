"""The share of one model in a file of usage."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What one model was used for. None: not known."""

    model: str
    requests: float | None
    input_tok: int | None
    cache_read_tok: int | None
    cache_write_tok: int | None
    output_tok: int | None
    spend_usd: float | None
