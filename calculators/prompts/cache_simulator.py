"""What a prefix cache would have found, by replaying a log of block hashes: share of input tokens that need no prefill.

A prompt is cut into blocks; each has an id that stands for itself and everything before it, as in vLLM's hash blocks,
SGLang's radix tree and the public Mooncake traces (FAST'25). A request hits the longest run of its first blocks that are
cached, and leaves all its blocks in the cache. Providers forget a prefix some minutes after its last use; servers of
one's own forget the least recently used one when memory is full, leaves before the blocks they build on. So one hit rate
cannot serve both.
"""

import json
import random
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calculators.errors import DataError

Routing = Literal["random", "prefix"]
BLOCK_TOK = 512
"""Of the Mooncake traces; vLLM's own blocks are 16 tokens."""
MAX_REQUESTS = 50_000_000
MAX_LINE_CHARS = 5_000_000
MAX_REPLICAS = 1_024


@dataclass(frozen=True, slots=True)
class BlockRequest:
    time_s: float
    input_tok: int
    blocks: tuple[int, ...]
    """Ids of its blocks, first to last; the last one may be partly filled."""


@dataclass(frozen=True, slots=True)
class CacheReplay:
    requests_count: int
    input_tok: int
    hit_tok: int
    replica_requests_count: tuple[int, ...]
    most_blocks_count: int
    """The fullest that any one cache was."""

    @property
    def hit_rate_frac(self) -> float:
        """Share of input tokens."""
        return self.hit_tok / self.input_tok if self.input_tok else 0.0


class LruCache:
    """Block ids with the time of their last use, least recently used first."""

    def __init__(self, capacity_blocks: float, ttl_s: float) -> None:
        self.capacity_blocks, self.ttl_s = capacity_blocks, ttl_s
        self.used_s: OrderedDict[int, float] = OrderedDict()
        self.most = 0

    def found(self, request: BlockRequest) -> int:
        """How many of its first blocks are cached and not too old."""
        count = 0
        for block in request.blocks:
            used_s = self.used_s.get(block)
            if used_s is None or request.time_s - used_s > self.ttl_s:
                break
            count += 1
        return count

    def keep(self, request: BlockRequest) -> None:
        """All its blocks are used now, the first one last: so that leaves are forgotten before what they build on."""
        used_s = self.used_s
        for block in reversed(request.blocks):
            used_s[block] = request.time_s
            used_s.move_to_end(block)
        while len(used_s) > self.capacity_blocks:
            used_s.popitem(last=False)
        self.most = max(self.most, len(used_s))


def replay_blocks(
    requests: Iterable[BlockRequest],
    capacity_blocks: float = float("inf"),
    ttl_s: float = float("inf"),
    replicas: int = 1,
    routing: Routing = "random",
    block_tok: int = BLOCK_TOK,
    seed: int = 1,
    minimum_tok: int = 0,
    last_again: bool = False,
    each: Callable[[int], None] | None = None,
) -> CacheReplay:
    """`capacity_blocks`: of each replica. Hits shorter than `minimum_tok` do not count; with `last_again` the last token of
    a request is always computed; `each` is told every request's hit. Prefix routing sends a request to the replica that has
    most of it cached, and among equals to the one with the fewest tokens so far; random routing does not look, and one draw
    of it differs from another by about a point."""
    caches = [LruCache(capacity_blocks, ttl_s) for _ in range(replicas)]
    sent_tok, sent_count, rng = [0] * replicas, [0] * replicas, random.Random(seed)  # noqa: S311
    total = hits = count = 0
    for request in requests:
        if routing == "random" or replicas == 1:
            place = rng.randrange(replicas) if replicas > 1 else 0
        else:
            place = min(range(replicas), key=lambda i: (-caches[i].found(request), sent_tok[i]))
        hit = _hit_tok(request, caches[place].found(request), block_tok, minimum_tok, last_again)
        caches[place].keep(request)
        total, hits, count = total + request.input_tok, hits + hit, count + 1
        sent_tok[place] += request.input_tok - hit
        sent_count[place] += 1
        if each is not None:
            each(hit)
    return CacheReplay(count, total, hits, tuple(sent_count), max(cache.most for cache in caches))


def _hit_tok(request: BlockRequest, found: int, block_tok: int, minimum_tok: int, last_again: bool) -> int:
    if last_again:
        found = min(found, max(request.input_tok - 1, 0) // block_tok)
    hit = min(found * block_tok, request.input_tok)
    return hit if hit >= minimum_tok else 0


def read_block_log(path: Path) -> Iterator[BlockRequest]:
    """JSON lines with `timestamp` in ms, `input_length` and `hash_ids`, as in the Mooncake traces; in the order of time.
    Raises DataError naming the line, the field and what is allowed."""
    last_s = float("-inf")
    with path.open(encoding="utf-8") as file:
        for number in range(1, MAX_REQUESTS + 2):
            try:
                line = file.readline(MAX_LINE_CHARS + 1)
            except UnicodeDecodeError:
                raise DataError(f"{path.name}: not text in UTF-8; give a log in JSON lines") from None
            if not line:
                return
            if number > MAX_REQUESTS:
                raise DataError(f"{path.name}: more than {MAX_REQUESTS:,} requests; replay a part of the log")
            if len(line) > MAX_LINE_CHARS:
                raise DataError(f"{path.name}: line {number} is longer than {MAX_LINE_CHARS:,} characters")
            if not line.strip():
                continue
            request = _request(line, f"{path.name}: line {number}")
            if request.time_s < last_s:
                raise DataError(f"{path.name}: line {number}: timestamp goes back in time; sort the log by it")
            last_s = request.time_s
            yield request


def _request(line: str, where: str) -> BlockRequest:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError(f"{where}: not JSON; each line is one request") from None
    if not isinstance(value, dict):
        raise DataError(f"{where}: not an object with timestamp, input_length and hash_ids")
    time_ms, length, ids = value.get("timestamp"), value.get("input_length"), value.get("hash_ids")
    if not isinstance(time_ms, int | float) or isinstance(time_ms, bool) or not 0 <= time_ms < 1e15:
        raise DataError(
            f"{where}: timestamp is {_shown(time_ms)}; give milliseconds, 0 or more, in a log of block hashes (of a log of "
            "requests prompt-scan finds the prefixes)"
        )
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= 100_000_000:
        raise DataError(f"{where}: input_length is {_shown(length)}; give a whole number of tokens")
    if not isinstance(ids, list) or not all(isinstance(i, int) and not isinstance(i, bool) for i in ids):
        raise DataError(f"{where}: hash_ids is {_shown(ids)}; give a list of whole numbers, one a block")
    return BlockRequest(time_ms / 1e3, length, tuple(ids))


def _shown(value: object) -> str:
    return "missing" if value is None else repr(value)[:40]


def check_settings(capacity_blocks: float, ttl_s: float, replicas: int, block_tok: int) -> None:
    """Raises DataError for a setting that makes no cache."""
    for name, value, least in (
        ("--capacity-blocks", capacity_blocks, 1),
        ("--ttl-s", ttl_s, 0),
        ("--replicas", replicas, 1),
        ("--block-tok", block_tok, 1),
    ):
        if not value >= least:
            raise DataError(f"{name} is {value}; give {least} or more")
    if replicas > MAX_REPLICAS:
        raise DataError(f"--replicas is {replicas}; give at most {MAX_REPLICAS:,}")
