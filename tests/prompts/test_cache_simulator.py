"""Replaying a prefix cache: the rule by hand, the limits, and what no cache can do."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.__main__ import main
from calculators.errors import DataError
from calculators.prompts.cache_simulator import (
    BlockRequest,
    SimulatedCache,
    check_settings,
    read_block_log,
    replay_blocks,
)

INF = float("inf")


def asked(*blocks: tuple[int, ...], every_s: float = 1.0, tok: int | None = None) -> list[BlockRequest]:
    return [BlockRequest(i * every_s, (len(b) if tok is None else tok) * 10, b) for i, b in enumerate(blocks)]


def hits(requests: list[BlockRequest], capacity: float = INF, ttl_s: float = INF) -> int:
    return replay_blocks(requests, SimulatedCache(capacity, ttl_s, block_tok=10)).hit_tok


def test_only_the_common_beginning_is_found() -> None:
    assert hits(asked((1, 2, 3), (1, 2, 4), (9, 2, 3))) == 20


def test_a_last_partial_block_counts_its_own_tokens_only() -> None:
    full = BlockRequest(0, 25, (1, 2, 3))
    assert replay_blocks([full, full], SimulatedCache(block_tok=10)).hit_tok == 25
    assert replay_blocks([full, BlockRequest(1, 12, (1, 2))], SimulatedCache(block_tok=10)).hit_tok == 12


def test_the_last_token_is_computed_again_where_an_engine_does() -> None:
    for tok, found in ((30, 20), (31, 30), (29, 20), (10, 0), (0, 0)):
        full = BlockRequest(0, tok, tuple(range(tok // 10)))
        assert replay_blocks([full, full], SimulatedCache(block_tok=10, last_again=True)).hit_tok == found


def test_a_hit_below_the_minimum_does_not_count_and_each_is_told() -> None:
    told: list[int] = []
    assert (
        replay_blocks(
            asked((1,), (1,), (1, 2), (1, 2)), SimulatedCache(block_tok=10, minimum_tok=20), each=told.append
        ).hit_tok
        == 20
    )
    assert told == [0, 0, 0, 20]


def test_leaves_are_forgotten_before_what_they_build_on() -> None:
    """Room for two: of 1-2-3 the leaf 3 goes first, so 1-2 is found again."""
    assert hits(asked((1, 2, 3), (1, 2, 3)), capacity=2) == 20
    assert hits(asked((1, 2), (7, 8), (1, 2)), capacity=2) == 0
    assert hits(asked((1, 2), (7,), (1, 2)), capacity=2) == 10


def test_a_use_renews_the_time_to_live() -> None:
    assert hits(asked((1,), (1,), (1,), every_s=50), ttl_s=60) == 20
    assert hits(asked((1,), (2,), (1,), every_s=50), ttl_s=60) == 0
    assert hits(asked((1,), (1,), every_s=60), ttl_s=60) == 10


def test_prefix_routing_finds_what_one_endless_cache_finds_in_a_log_with_partial_blocks() -> None:
    log = [BlockRequest(i, 25, (i % 3, 10 + i % 3, 20 + i % 3)) for i in range(60)]
    assert replay_blocks(log, SimulatedCache(block_tok=10)).hit_tok == 57 * 25
    assert replay_blocks(log, SimulatedCache(replicas=3, routing="prefix", block_tok=10)).hit_tok == 57 * 25


def test_replicas_that_do_not_share_find_less_and_prefix_routing_finds_it_all() -> None:
    log = asked(*[(i % 7, 100 + i % 7) for i in range(400)])
    one, four = (
        replay_blocks(log, SimulatedCache(block_tok=10)),
        replay_blocks(log, SimulatedCache(replicas=4, block_tok=10)),
    )
    routed = replay_blocks(log, SimulatedCache(replicas=4, routing="prefix", block_tok=10))
    assert four.hit_tok < one.hit_tok
    assert routed.hit_tok == one.hit_tok
    assert sum(four.replica_requests_count) == sum(routed.replica_requests_count) == 400
    assert min(routed.replica_requests_count) > 0


logs = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5), max_size=40).map(
    lambda rows: asked(*[tuple(hash((*row[: i + 1],)) for i in range(len(row))) for row in rows])
)


@given(logs, st.integers(1, 30), st.integers(0, 30))
def test_more_memory_or_time_never_finds_less(log: list[BlockRequest], room: int, more: int) -> None:
    assert hits(log, capacity=room + more) >= hits(log, capacity=room)
    assert hits(log, ttl_s=room + more) >= hits(log, ttl_s=room)


@given(logs, st.integers(1, 5))
def test_no_cache_finds_more_than_it_was_given_before(log: list[BlockRequest], replicas: int) -> None:
    found = replay_blocks(log, SimulatedCache(replicas=replicas, block_tok=10))
    fresh = {block for request in log for block in request.blocks}
    assert found.hit_tok <= found.input_tok - 10 * len(fresh)
    assert 0 <= found.hit_rate_frac <= 1


def write(folder: Path, *lines: str) -> Path:
    path = folder / "log.jsonl"
    path.write_text("\n".join(lines))
    return path


GOOD = '{"timestamp": 0, "input_length": 1000, "output_length": 5, "hash_ids": [1, 2]}'


def test_the_command_prints_the_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(write(tmp_path, GOOD, "", GOOD))
    assert main(["cache-replay", log, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["hit_rate_frac"] == 0.5
    assert plain["requests_count"] == 2
    assert main(["cache-replay", log, "--ttl-s", "300", "--replicas", "2", "--routing", "prefix"]) == 0
    assert "50% of 2,000 input tokens" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "line 2: not JSON"),
        ("[1]", "line 2: not an object"),
        ('{"input_length": 1, "hash_ids": [1]}', "timestamp is missing"),
        ('{"timestamp": -1, "input_length": 1, "hash_ids": [1]}', "timestamp is -1"),
        ('{"timestamp": NaN, "input_length": 1, "hash_ids": [1]}', "timestamp is nan"),
        ('{"timestamp": 1, "input_length": 1.5, "hash_ids": [1]}', "input_length is 1.5"),
        ('{"timestamp": 1, "input_length": 5, "hash_ids": "abc"}', "hash_ids is 'abc'"),
        ('{"timestamp": 1, "input_length": 5, "hash_ids": [true]}', "hash_ids is"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(DataError, match=why.replace("[", r"\[")):
        list(read_block_log(write(tmp_path, GOOD, line)))


def test_time_must_not_go_back(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2: timestamp goes back"):
        list(read_block_log(write(tmp_path, GOOD.replace("0", "5", 1), GOOD)))


@pytest.mark.parametrize("settings", [(0, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0), (1, 1, 2_000, 1)])
def test_settings_that_make_no_cache_are_refused(settings: tuple[float, float, int, int]) -> None:
    with pytest.raises(DataError, match="--"):
        check_settings(*settings)
    with pytest.raises(DataError, match="nan"):
        check_settings(float("nan"), 1, 1, 1)
