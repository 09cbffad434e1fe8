"""How the order of a prompt decides what a prefix cache finds: everything before the first token that differs, nothing after.

A prompt is a row of blocks, each of which changes never, with a release, by tenant, by session or with every request. What
stands behind a block that changes often is lost with it, however stable itself. How often a prefix is found depends on how
soon another request with the same one comes: before the provider forgets it, or before memory on one's own servers is
needed for others. So one hit rate cannot serve both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf
from typing import Literal

from calculators.api.cache_terms import CacheRule
from calculators.errors import DataError

ChangeFrequency = Literal["never", "release", "tenant", "session", "request"]
CHANGE_ORDER: dict[ChangeFrequency, int] = {"never": 0, "release": 1, "tenant": 2, "session": 3, "request": 4}
MAX_BLOCKS, MAX_TOK = 100, 10_000_000
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    tok: float
    changes: ChangeFrequency


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who sends the prompts."""

    req_s: float
    tenants_count: float = 1.0
    requests_per_session: float = 1.0
    session_gap_s: float = 60.0
    """Mean time between two requests of a session."""


def check_blocks(blocks: Sequence[Block]) -> None:
    """Raises DataError naming the block and what is allowed."""
    if not 0 < len(blocks) <= MAX_BLOCKS:
        raise DataError(f"a prompt has 1 to {MAX_BLOCKS} blocks, not {len(blocks)}")
    for block in blocks:
        if not 0 <= block.tok <= MAX_TOK:
            raise DataError(f"block '{block.name[:40]}': {block.tok:g} tokens; give 0 to {MAX_TOK:,}")
        if block.changes not in CHANGE_ORDER:
            raise DataError(
                f"block '{block.name[:40]}': changes '{block.changes}'; give one of {', '.join(CHANGE_ORDER)}"
            )
    if sum(block.tok for block in blocks) <= 0:
        raise DataError("the prompt has no tokens; give some block its length")


def best_order(blocks: Sequence[Block]) -> list[Block]:
    """By how rarely they change; blocks that change equally often stay as they are."""
    return sorted(blocks, key=lambda block: CHANGE_ORDER[block.changes])


def moved_up(blocks: Sequence[Block], index: int) -> list[Block]:
    """That block one place nearer to the beginning; the first one stays."""
    found = list(blocks)
    if 0 < index < len(found):
        found[index - 1 : index + 1] = [found[index], found[index - 1]]
    return found


def first_breaker(blocks: Sequence[Block]) -> int | None:
    """The first block that changes more often than something behind it: it spoils what follows. None: none does."""
    for i, block in enumerate(blocks):
        if any(CHANGE_ORDER[later.changes] < CHANGE_ORDER[block.changes] for later in blocks[i + 1 :]):
            return i
    return None


def hit_probability_frac(changes: ChangeFrequency, traffic: Traffic, cache: CacheRule) -> float:
    """How often a prefix that changes so is still kept when the next request with it comes.

    Requests that share it come at random, so one came within the time it is kept with 1 - exp(-rate x time). Of a session
    the first request finds nothing.
    """
    if changes == "request":
        return 0.0
    if changes == "session":
        again = 1 - 1 / max(traffic.requests_per_session, 1.0)
        soon = 1 - exp(-cache.kept_s / traffic.session_gap_s) if traffic.session_gap_s > 0 else 1.0
        return again * soon / cache.replicas
    rate = traffic.req_s / (traffic.tenants_count if changes == "tenant" else 1.0) / cache.replicas
    return 1 - exp(-rate * cache.kept_s)


def expected_hit_frac(blocks: Sequence[Block], traffic: Traffic, cache: CacheRule) -> float:
    """Share of input tokens found: each stretch of the prompt as often as its most changeable block so far."""
    total = sum(block.tok for block in blocks)
    length = counted = hits = 0.0
    worst: ChangeFrequency = "never"
    for block in blocks:
        worst = max(worst, block.changes, key=lambda changes: CHANGE_ORDER[changes])
        length += block.tok
        usable = _usable_tok(length, cache)
        hits += (usable - counted) * hit_probability_frac(worst, traffic, cache)
        counted = usable
    return hits / total if total else 0.0


def _usable_tok(length_tok: float, cache: CacheRule) -> float:
    """hit = 0 below the minimum, else floor(length / granularity) x granularity."""
    if length_tok < cache.minimum_tok:
        return 0.0
    return length_tok // cache.granularity_tok * cache.granularity_tok


def own_cache(
    blocks: Sequence[Block],
    traffic: Traffic,
    capacity_tok: float,
    replicas: float,
    by_prefix: bool,
    block_tok: float = 1.0,
) -> CacheRule:
    """`block_tok`: the engine's blocks. A cache of `capacity_tok` on each replica keeps a prefix as long as it takes to be filled by what is not found: time
    = capacity / fresh tokens a second (the characteristic time of an LRU cache; Che et al., 2002), by bisection."""
    base = CacheRule(inf, granularity_tok=block_tok, replicas=1.0 if by_prefix else replicas)
    input_tok_s = traffic.req_s * sum(block.tok for block in blocks)
    low, high = 1e-3, 1e9
    for _ in range(ROUNDS):
        kept_s = (low * high) ** 0.5
        fresh_tok_s = input_tok_s * (1 - expected_hit_frac(blocks, traffic, replace(base, kept_s=kept_s))) / replicas
        fills_s = capacity_tok / fresh_tok_s if fresh_tok_s > 0 else inf
        low, high = (kept_s, high) if fills_s > kept_s else (low, kept_s)
    return replace(base, kept_s=(low * high) ** 0.5)
