"""Hit rate of a prefix cache, by replaying a log of block hashes: the share of input tokens that need no prefill.

A prompt is cut into blocks; the id of a block stands for itself and everything before it, as in vLLM's hash blocks,
SGLang's radix tree and the public Mooncake traces (FAST'25). A request hits the longest run of its first blocks that are
cached, and leaves all its blocks in the cache. An API drops a prefix some minutes after its last use (TTL); a self-hosted
replica drops the least recently used one when memory is full, leaves before the blocks they build on.
"""

import json
import random
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from calculators.errors import DataError
from calculators.units import count, percent, plural, printable

Routing = Literal["random", "prefix"]
BLOCK_TOK = 512
"""Block size of the Mooncake traces; vLLM uses 16 tokens."""
MAX_REQUESTS = 50_000_000
MAX_LINE_CHARS = 5_000_000
MAX_REPLICAS = 1_024


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """One request of a block log."""

    time_s: float
    input_tok: int
    blocks: tuple[int, ...]
    """Block ids, first to last; the last block may be partly filled."""


@dataclass(frozen=True, slots=True)
class SimulatedCache:
    """The caches that a log is replayed through."""

    capacity_blocks: float = float("inf")
    """Blocks that each replica can keep."""
    ttl_s: float = float("inf")
    """Lifetime of a block after its last use."""
    replicas: int = 1
    routing: Routing = "random"
    """prefix: a request goes to the replica that holds most of it, among equals to the one with the fewest tokens so far."""
    block_tok: int = BLOCK_TOK
    minimum_tok: int = 0
    """Shorter hits do not count."""
    last_again: bool = False
    """Whether the last token of a request is always computed, as vLLM and SGLang do."""


@dataclass(frozen=True, slots=True)
class CacheReplay:
    """Totals of a replay."""

    requests_count: int
    input_tok: int
    hit_tok: int
    replica_requests_count: tuple[int, ...]
    most_blocks_count: int
    """Most blocks in any one cache at any time."""

    @property
    def hit_rate_frac(self) -> float:
        """Share of input tokens found in the cache."""
        return self.hit_tok / self.input_tok if self.input_tok else 0.0

    @property
    def text(self) -> str:
        """The hit rate in a sentence."""
        of = f"{count(self.input_tok)} input tokens in {plural(self.requests_count, 'request')}"
        return f"Cache hit rate: {percent(self.hit_rate_frac)} of {of}."

    def to_json(self) -> dict[str, object]:
        """The JSON of `cache-replay`."""
        return {"hit_rate_frac": self.hit_rate_frac, **asdict(self)}


class LruCache:
    """Block ids with the time of their last use, least recently used first."""

    def __init__(self, capacity_blocks: float, ttl_s: float) -> None:
        self.capacity_blocks, self.ttl_s = capacity_blocks, ttl_s
        self.used_s: OrderedDict[int, float] = OrderedDict()
        self.most = 0

    def hit_blocks(self, request: BlockRequest) -> int:
        """Number of first blocks of a request that are cached and within the TTL."""
        count = 0
        for block in request.blocks:
            used_s = self.used_s.get(block)
            if used_s is None or request.time_s - used_s > self.ttl_s:
                break
            count += 1
        return count

    def keep(self, request: BlockRequest) -> None:
        """Marks all blocks of a request as used, the first one last, so that leaves are dropped before the blocks they build on."""
        used_s = self.used_s
        for block in reversed(request.blocks):
            used_s[block] = request.time_s
            used_s.move_to_end(block)
        while len(used_s) > self.capacity_blocks:
            used_s.popitem(last=False)
        self.most = max(self.most, len(used_s))


def replay_blocks(
    requests: Iterable[BlockRequest],
    cache: SimulatedCache = SimulatedCache(),
    seed: int = 1,
    each: Callable[[int], None] | None = None,
) -> CacheReplay:
    """Totals of a replay. `each` is called with the hit tokens of every request. With random routing the hit rate of two
    seeds differs by about one percentage point."""
    replicas = cache.replicas
    caches = [LruCache(cache.capacity_blocks, cache.ttl_s) for _ in range(replicas)]
    sent_tok, sent_count, rng = [0] * replicas, [0] * replicas, random.Random(seed)  # noqa: S311
    total = hits = served = 0
    for request in requests:
        if cache.routing == "random" or replicas == 1:
            place = rng.randrange(replicas) if replicas > 1 else 0
        else:
            place = min(range(replicas), key=lambda i: (-caches[i].hit_blocks(request), sent_tok[i]))
        hit = _hit_tok(request, caches[place].hit_blocks(request), cache)
        caches[place].keep(request)
        total, hits, served = total + request.input_tok, hits + hit, served + 1
        sent_tok[place] += request.input_tok - hit
        sent_count[place] += 1
        if each is not None:
            each(hit)
    return CacheReplay(served, total, hits, tuple(sent_count), max(one.most for one in caches))


def _hit_tok(request: BlockRequest, blocks: int, cache: SimulatedCache) -> int:
    """Hit tokens of a request of which so many first blocks are cached."""
    if cache.last_again:
        blocks = min(blocks, max(request.input_tok - 1, 0) // cache.block_tok)
    hit = min(blocks * cache.block_tok, request.input_tok)
    return hit if hit >= cache.minimum_tok else 0


def read_block_log(path: Path) -> Iterator[BlockRequest]:
    """Requests of a block log: JSON lines with `timestamp` in ms, `input_length` and `hash_ids`, as in the Mooncake traces,
    sorted by time. Raises DataError that names the line, the field and what is allowed."""
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
    """A value as an error message shows it."""
    return "missing" if value is None else printable(repr(value), 40)


def check_settings(capacity_blocks: float, ttl_s: float, replicas: int, block_tok: int) -> None:
    """Checks command-line settings. Raises DataError for values that make no cache."""
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
