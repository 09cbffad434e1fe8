"""Hit rate of a prefix cache by the order of the prompt: it finds everything before the first token that differs.

A prompt is a row of blocks, each of which changes never, with a release, by tenant, by session or with every request. A block
that changes often breaks the cache for all blocks after it, however stable they are. Whether a prefix is still cached depends
on how soon the next request with it arrives: within the seller's TTL, or before a self-hosted replica needs the memory. The
API and self-hosted replicas therefore have separate hit rates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf
from typing import Literal

from calculators.api.cache_terms import CacheRule
from calculators.errors import DataError
from calculators.units import count

ChangeFrequency = Literal["never", "release", "tenant", "session", "request"]
CHANGE_ORDER: dict[ChangeFrequency, int] = {"never": 0, "release": 1, "tenant": 2, "session": 3, "request": 4}
MAX_BLOCKS, MAX_TOK = 100, 10_000_000
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a prompt: its name, length and how often it changes."""

    name: str
    tok: float
    changes: ChangeFrequency


@dataclass(frozen=True, slots=True)
class Traffic:
    """Request rate, tenants and sessions behind the prompts."""

    req_s: float
    tenants_count: float = 1.0
    requests_per_session: float = 1.0
    session_gap_s: float = 60.0
    """Mean time between two requests of a session."""


def check_blocks(blocks: Sequence[Block]) -> None:
    """Checks blocks as typed. Raises DataError that names the block, the value and what is allowed."""
    if not 0 < len(blocks) <= MAX_BLOCKS:
        raise DataError(f"The prompt has {len(blocks)} blocks. Enter 1 to {MAX_BLOCKS}.")
    for block in blocks:
        if not 0 <= block.tok <= MAX_TOK:
            raise DataError(f"Block “{block.name[:40]}” has {count(block.tok)} tokens. Enter 0 to {count(MAX_TOK)}.")
        if block.changes not in CHANGE_ORDER:
            raise DataError(
                f"Block “{block.name[:40]}” changes “{block.changes}”. Choose one of {', '.join(CHANGE_ORDER)}."
            )
    if sum(block.tok for block in blocks) <= 0:
        raise DataError("The prompt has no tokens. Enter the length of at least one block.")


def best_order(blocks: Sequence[Block]) -> list[Block]:
    """Blocks sorted from the most stable to the most changeable; equal ones keep their order."""
    return sorted(blocks, key=lambda block: CHANGE_ORDER[block.changes])


def moved_up(blocks: Sequence[Block], index: int) -> list[Block]:
    """Blocks with one of them moved one place towards the beginning; the first one stays."""
    moved = list(blocks)
    if 0 < index < len(moved):
        moved[index - 1 : index + 1] = [moved[index], moved[index - 1]]
    return moved


def first_breaker(blocks: Sequence[Block]) -> int | None:
    """Index of the first block that changes more often than a block after it, so that it breaks the cache; None if none does."""
    for i, block in enumerate(blocks):
        if any(CHANGE_ORDER[later.changes] < CHANGE_ORDER[block.changes] for later in blocks[i + 1 :]):
            return i
    return None


def hit_probability_frac(changes: ChangeFrequency, traffic: Traffic, cache: CacheRule) -> float:
    """Probability that a prefix is still cached when the next request with it arrives, by how often it changes.

    Requests that share a prefix arrive at random (Poisson), so the probability is 1 - exp(-rate x lifetime). The first
    request of a session never hits.
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
    """Expected cache hit rate of the input: each block hits as often as the most changeable block up to it."""
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
    """Tokens of a matching prefix that count: 0 below the minimum, else floor(length / granularity) x granularity."""
    if length_tok < cache.minimum_tok:
        return 0.0
    return length_tok // cache.granularity_tok * cache.granularity_tok


@dataclass(frozen=True, slots=True)
class FleetCache:
    """The prefix cache of a fleet."""

    capacity_tok: float
    """Tokens that one replica can keep, beside those of requests in flight."""
    replicas: int
    by_prefix: bool
    """Whether requests are routed to the replica that holds their prefix."""
    block_tok: int
    """Tokens per block of the engine's cache."""


@dataclass(frozen=True, slots=True)
class FleetHitRates:
    """Hit rates of the fleet's prefix cache today and in the best order, and the lifetime of a prefix in the best order."""

    now_frac: float
    best_frac: float
    kept_s: float


def fleet_hit_rates(blocks: Sequence[Block], traffic: Traffic, cache: FleetCache) -> FleetHitRates:
    """Hit rates of self-hosted replicas for a prompt as it is and in the best order."""
    orders = (blocks, best_order(blocks))
    rules = [own_cache(order, traffic, cache) for order in orders]
    now, best = (expected_hit_frac(order, traffic, rule) for order, rule in zip(orders, rules, strict=True))
    return FleetHitRates(now, best, rules[1].kept_s)


def own_cache(blocks: Sequence[Block], traffic: Traffic, cache: FleetCache) -> CacheRule:
    """Rule of the fleet's prefix cache for this prompt. A prefix is kept until the tokens that miss have filled the cache:
    lifetime = capacity / missed tokens per second, the characteristic time of an LRU cache (Che et al., 2002), by bisection."""
    capacity_tok, replicas = cache.capacity_tok, float(cache.replicas)
    base = CacheRule(inf, granularity_tok=float(cache.block_tok), replicas=1.0 if cache.by_prefix else replicas)
    input_tok_s = traffic.req_s * sum(block.tok for block in blocks)
    low, high = 1e-3, 1e9
    for _ in range(ROUNDS):
        kept_s = (low * high) ** 0.5
        fresh_tok_s = input_tok_s * (1 - expected_hit_frac(blocks, traffic, replace(base, kept_s=kept_s))) / replicas
        fills_s = capacity_tok / fresh_tok_s if fresh_tok_s > 0 else inf
        low, high = (kept_s, high) if fills_s > kept_s else (low, kept_s)
    return replace(base, kept_s=(low * high) ** 0.5)
