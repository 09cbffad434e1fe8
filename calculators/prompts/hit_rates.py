"""Hit rates of a prompt log, replayed through a cache as sent and in the best order.

Requests are cut into blocks of tokens, each named by everything up to its end, and replayed one after another.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calculators.api.cache_terms import CacheTerms
from calculators.prompts import tokenizer as tokens
from calculators.prompts.cache_simulator import BlockRequest, Routing, SimulatedCache, replay_blocks
from calculators.prompts.scan import PARTS, PromptScan
from calculators.prompts.segments import Ints, SegmentedPrompt, SegmentTable

MAX_BLOCKS = 3_000_000
"""Limit above which blocks are made larger, to bound memory."""
INF = float("inf")


@dataclass(frozen=True, slots=True)
class Setting:
    """A cache to replay prompts through. `last_again`: the last token is always computed, as self-hosted engines do."""

    step_tok: int = 1
    minimum_tok: int = 0
    kept_s: float = INF
    capacity_tok: float = INF
    replicas: int = 1
    routing: Routing = "random"
    last_again: bool = False


@dataclass(frozen=True, slots=True)
class PartHits:
    """Input tokens of one part of the prompt, and those found in the cache."""

    part: str
    tok: int
    hit_tok: int


@dataclass(frozen=True, slots=True)
class Hits:
    """Hit rate of a replay, in total and by part of the prompt."""

    input_tok: int
    hit_tok: int
    parts: tuple[PartHits, ...]
    step_tok: int
    """Block size of the replay; larger than the setting for very large logs."""

    @property
    def hit_frac(self) -> float:
        return self.hit_tok / self.input_tok if self.input_tok else 0.0


def api_setting(terms: CacheTerms) -> Setting:
    """Cache of an API, with assumptions for rules that are not published."""
    cache = terms.cache
    return Setting(int(cache.granularity_tok), int(cache.minimum_tok), cache.kept_s)


def own_setting(block_tok: int, capacity_tok: float, replicas: int, by_prefix: bool) -> Setting:
    """Cache of self-hosted replicas."""
    return Setting(
        step_tok=block_tok,
        capacity_tok=capacity_tok,
        replicas=replicas,
        routing="prefix" if by_prefix else "random",
        last_again=True,
    )


def prompt_hits(scan: PromptScan, setting: Setting) -> tuple[Hits, Hits]:
    """Hit rates as sent and in the best order; where sorting gains nothing, the order as sent is the best."""
    now, best = _hits(scan, setting, False), _hits(scan, setting, True)
    return now, best if best.hit_frac > now.hit_frac else now


def _hits(scan: PromptScan, setting: Setting, best: bool) -> Hits:
    tok = scan.segments.tok()
    total = sum(int(tok[row.best_pieces if best else row.segments].sum()) for row in scan.rows)
    step = max(setting.step_tok, -(-total // MAX_BLOCKS))
    cache = SimulatedCache(
        capacity_blocks=max(setting.capacity_tok // step, 1.0),
        ttl_s=setting.kept_s if scan.timed else INF,
        replicas=setting.replicas,
        routing=setting.routing,
        block_tok=step,
        minimum_tok=setting.minimum_tok,
        last_again=setting.last_again,
    )
    hit_tok: list[int] = []
    replay_blocks(_requests(scan, step, best), cache, each=hit_tok.append)
    return Hits(total, sum(hit_tok), _by_part(scan.rows, tok, hit_tok, best), step)


def _requests(scan: PromptScan, step_tok: int, best: bool) -> Iterator[BlockRequest]:
    for row in scan.rows:
        ids = _row_ids(row.best_pieces if best else row.segments, scan.segments)
        names = prefix_names(ids)[step_tok - 1 :: step_tok]
        yield BlockRequest(row.time_s, len(ids), tuple(names.tolist()))


def _row_ids(numbers: Ints, segments: SegmentTable) -> tokens.Ids:
    return np.concatenate([segments.ids[i] for i in numbers]) if len(numbers) else np.zeros(0, dtype=np.int32)


def prefix_names(ids: tokens.Ids) -> npt.NDArray[np.uint64]:
    """A number for each prefix (tokens,), equal for equal prefixes: a polynomial in the mixed ids, modulo 2^64."""
    mixed = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    powers = np.cumprod(np.full(len(ids), 0xD6E8FEB86659FD93, dtype=np.uint64))
    names: npt.NDArray[np.uint64] = np.cumsum(mixed * powers, dtype=np.uint64)
    return names


def _by_part(
    rows: tuple[SegmentedPrompt, ...], tok: tokens.Ids, hit_tok: list[int], best: bool
) -> tuple[PartHits, ...]:
    """Hits by part of the prompt: in each request the first tokens hit, whatever part they belong to."""
    total, cached = np.zeros(len(PARTS)), np.zeros(len(PARTS))
    for row, hit in zip(rows, hit_tok, strict=True):
        numbers, parts = (row.best_pieces, row.best_parts) if best else (row.segments, row.parts)
        length = tok[numbers]
        ends = np.cumsum(length)
        total += np.bincount(parts, length, len(PARTS))
        cached += np.bincount(parts, np.clip(hit - (ends - length), 0, length), len(PARTS))
    return tuple(PartHits(PARTS[i], round(total[i]), round(cached[i])) for i in range(len(PARTS)) if total[i])
