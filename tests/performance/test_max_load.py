"""The highest load within the targets: on its edge, in order of the targets, and with the queue that ends first."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from queues_by_hand import ALL, CONFIGS, equal, heavy

from calculators.performance.max_load import BATCH_COLUMN, TAIL_FRAC, LoadSearch, Stop, highest_loads, latencies_ms
from calculators.performance.percentiles import ttft_above_frac
from calculators.performance.queueing import at_rate, largest_req_s, queue_model
from calculators.performance.request_mix import request_mix
from calculators.performance.speculation import Drafts
from calculators.scenario.schema import Targets

MIX = request_mix(heavy(900.0, 200.0, 2.0))
ONES = np.ones((len(CONFIGS), 1))
SLOTS, POSSIBLE, REQ_S, BATCH, TPOT_MS, TTFT_MS, STOP = range(7)


def search(ttft_p95_ms: float | None = 2_000.0, tpot_ms: float | None = 80.0, **changes: Any) -> LoadSearch:
    targets = Targets(ttft_p95_ms=ttft_p95_ms, tpot_ms=tpot_ms)
    return replace(
        LoadSearch(targets=targets, speed_ratio=ONES, tpot_speed_ratio=ONES, first_token_speed_ratio=ONES), **changes
    )


def test_both_targets_are_met_at_the_highest_load_and_one_is_missed_a_little_above_it() -> None:
    best = highest_loads(ALL, MIX, search())
    served = best[:, POSSIBLE] == 1
    assert served.any()
    assert np.all(best[served, TPOT_MS] <= 80)
    assert np.all(best[served, TTFT_MS] <= 2_000 * 1.001)
    rate = best[:, REQ_S : REQ_S + 1] * 1.06  # the interval is cut to a thirty-sixth of a quarter, twice
    points = at_rate(queue_model(ALL, MIX), rate)
    missed = (points.tpot_s > 0.08) | (ttft_above_frac(points, 2.0) > TAIL_FRAC) | (points.stable == 0)
    assert np.all(missed[served])


def test_latencies_at_the_highest_load_are_those_of_the_load() -> None:
    best = highest_loads(ALL, MIX, search())
    ttft_ms, tpot_ms, _ = latencies_ms(ALL, MIX, best[:, REQ_S : REQ_S + 1])
    served = best[:, POSSIBLE] == 1
    assert best[served, TTFT_MS] == pytest.approx(ttft_ms[served, 0])
    assert best[served, TPOT_MS] == pytest.approx(tpot_ms[served, 0])
    assert BATCH_COLUMN == BATCH


def test_without_targets_a_queue_is_what_stops_a_replica() -> None:
    best = highest_loads(ALL, MIX, search(None, None))
    assert set(best[:, STOP]) <= {Stop.SLOTS, Stop.PREFILL}
    top = largest_req_s(queue_model(ALL, MIX))[:, 0]
    served = best[:, POSSIBLE] == 1
    assert best[served, REQ_S] == pytest.approx(0.98 * top[served])


@pytest.mark.parametrize(("targets", "stop"), [((None, 12.0), Stop.TPOT), ((120.0, None), Stop.TTFT)])
def test_a_tight_target_is_named_as_the_stop(targets: tuple[float | None, float | None], stop: Stop) -> None:
    best = highest_loads(ALL, MIX, search(*targets))
    assert stop in set(best[:, STOP])


def test_a_replica_that_misses_its_target_when_idle_has_no_load() -> None:
    best = highest_loads(ALL, MIX, search(None, 0.1))
    assert np.all(best[:, POSSIBLE] == 0)
    assert np.all(best[:, TPOT_MS] > 0.1)
    assert np.all(best[:, STOP] == Stop.TPOT)


def test_a_measured_speed_moves_targets_and_rates_alike() -> None:
    plain = highest_loads(ALL, MIX, search(4_000.0, 100.0))
    halved = highest_loads(
        ALL,
        MIX,
        search(8_000.0, 200.0, speed_ratio=ONES / 2, tpot_speed_ratio=ONES / 2, first_token_speed_ratio=ONES / 2),
    )
    assert halved[:, REQ_S] == pytest.approx(plain[:, REQ_S] / 2)
    assert halved[:, TPOT_MS] == pytest.approx(plain[:, TPOT_MS] * 2)


def test_a_transfer_before_the_first_token_is_part_of_it() -> None:
    plain, moved = (highest_loads(ALL, MIX, search(before_s=delay)) for delay in (0.0, 0.5))
    assert np.all(moved[:, REQ_S] <= plain[:, REQ_S])
    assert np.all(moved[:, TTFT_MS] >= 500)


def test_where_no_target_shows_the_wait_few_may_wait_for_a_slot() -> None:
    mix = request_mix(equal(8_000, 1_000))
    free, kept = (highest_loads(ALL, mix, search(None, None, allow_slot_queue=allow)) for allow in (True, False))
    assert np.all(kept[:, REQ_S] <= free[:, REQ_S])
    served = (kept[:, POSSIBLE] == 1) & (kept[:, STOP] == Stop.SLOTS)
    assert served.any()
    points = at_rate(queue_model(ALL, mix), kept[:, REQ_S : REQ_S + 1])
    assert np.all(points.full_frac[served] <= TAIL_FRAC)


def test_the_searched_rows_are_the_rows_asked_for() -> None:
    rows = np.array([2, 0])
    some = search(before_s=0.25, speed_ratio=np.arange(5.0)[:, None] + 1).rows(rows)
    assert some.speed_ratio[:, 0].tolist() == [3, 1]
    assert np.asarray(some.before_s).tolist() == [[0.25], [0.25]]


def test_drafts_take_memory_and_change_no_first_token() -> None:
    drafts = Drafts(draft_tok=3, tokens_per_pass=ONES * 2.5, memory_frac=0.05)
    plain, drafted = (highest_loads(ALL, MIX, search(drafts=d)) for d in (None, drafts))
    assert np.all(drafted[:, SLOTS] <= plain[:, SLOTS])
    rate = np.full((len(CONFIGS), 1), 0.05)
    assert latencies_ms(ALL, MIX, rate, drafts=drafts)[0] == pytest.approx(latencies_ms(ALL, MIX, rate)[0])
