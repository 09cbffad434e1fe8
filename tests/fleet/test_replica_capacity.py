"""What one replica serves within the targets, and how each switch of the scenario reaches the speed model."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import demand_by_hand, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.fleet.candidate_configs import (
    replica_config,
)
from calculators.fleet.replica_capacity import (
    Capacity,
    Infeasible,
    SizingCase,
    at_load_ms,
    capacities,
    replica_capacities,
    request_mix_of,
)
from calculators.fleet.replica_layouts import Layout
from calculators.performance import queueing as latency
from calculators.performance.disaggregation import prompts_only, tokens_only, transfer_s
from calculators.performance.percentiles import ttft_percentile_s
from calculators.performance.queueing import at_rate, queue_model
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import first_token_overhead_s
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Targets, Techniques

LIVE = load_catalog()


def _capacity(catalog: Catalog, targets: Targets, config: ReplicaConfig | None = None) -> Capacity | Infeasible:
    config = config or ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    found, infeasible = capacities([config], SizingCase(request_mix_of(demand_by_hand(), 0.0), targets), catalog)
    return [*found, *infeasible][0]


def test_a_setup_that_drops_out_says_how_far_it_got(catalog: Catalog) -> None:
    big = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("l40s"), "bf16", 1)
    reasons = [
        _capacity(catalog, Targets(), big),
        _capacity(catalog, Targets(ttft_p95_ms=None, tpot_ms=0.1)),
        _capacity(catalog, Targets(ttft_p95_ms=1, tpot_ms=None)),
    ]
    assert [r.constraint for r in reasons if isinstance(r, Infeasible)] == ["weights", "tpot", "ttft"]
    words = [r.why for r in reasons if isinstance(r, Infeasible)]
    assert words[0].startswith("does not fit in memory: 141 GB of weights in 48 GB of GPU memory")
    assert "the target is 0.1 ms" in words[1]
    assert "TTFT p95" in words[2]


def test_a_looser_target_never_lowers_capacity_and_is_always_met(catalog: Catalog) -> None:
    rates = []
    for tpot_ms in (15.0, 20.0, 30.0, 50.0, 100.0, None):
        found = _capacity(catalog, Targets(ttft_p95_ms=2_000, tpot_ms=tpot_ms))
        if isinstance(found, Capacity):
            assert found.tpot_ms <= (tpot_ms or np.inf)
            assert found.ttft_p95_ms <= 2_000
        rates.append(found.req_s if isinstance(found, Capacity) else 0.0)
    assert rates == sorted(rates)
    assert rates[-1] > 0


def test_an_own_measurement_above_the_model_makes_everything_faster(catalog: Catalog) -> None:
    config = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    rates = [
        capacities([config], SizingCase(request_mix_of(demand_by_hand(), 0.0), Targets(), factor=factor), catalog)[0][
            0
        ].req_s
        for factor in (0.8, 1.0, 1.25)
    ]
    assert rates[0] <= 0.8 * rates[1] * 1.001
    assert rates[2] >= 1.25 * rates[1] * 0.999


# --- switches ----------------------------------------------------------------------------------------------------


def served(techniques: dict[str, Any], targets: dict[str, Any] | None = None, hit_frac: float = 0.3) -> dict[str, Any]:
    """Capacity of Llama 3.3 70B in FP8 on 4 H100 with these switches."""
    asked = scenario(
        techniques=techniques, targets=targets or {}, workload={"self_hit_frac": hit_frac, "cacheable_frac": 0.5}
    )
    config = replica_config(LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm"), "fp8", 4, asked.techniques)
    found, infeasible = replica_capacities([config], Inputs(asked, demand_by_hand(), LIVE))
    assert not infeasible
    return {"capacity": found[0], "asked": asked, "setup": config}


def rate(**techniques: Any) -> float:
    return float(served(techniques)["capacity"].req_s)


def test_prompts_found_cached_count_only_where_prefix_caching_is_on() -> None:
    assert rate(prefix_caching=False) < rate()
    assert rate(prefix_caching=False) == served({}, hit_frac=0.0)["capacity"].req_s


def test_a_smaller_cap_on_the_batch_never_serves_more_and_is_kept() -> None:
    found = [served({"batch_cap": cap})["capacity"] for cap in (1, 4, 16, 64, 256, 1_024)]
    grid = 1 - 5e-3  # loads are searched on a grid
    assert all(more.req_s >= less.req_s * grid for less, more in pairwise(found))
    assert all(c.batch <= cap for c, cap in zip(found, (1, 4, 16, 64, 256, 1_024), strict=True))


def test_a_cache_in_eight_bits_holds_more_requests_and_never_serves_fewer() -> None:
    assert rate(kv_cache="fp8") >= rate()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.floats(0.1, 0.95), st.floats(0.05, 0.95))
def test_speculation_never_changes_the_time_to_the_first_token(drafts: int, accepted: float, load: float) -> None:
    plain = served({})
    drafted = served({"speculation": True, "draft_tok": drafts, "acceptance_frac": accepted})
    at_req_s = load * min(plain["capacity"].req_s, drafted["capacity"].req_s)
    mix = request_mix_of(demand_by_hand(), 0.3)
    first = [at_load_ms(s["setup"], mix, at_req_s, s["asked"], LIVE)[0] for s in (plain, drafted)]
    assert first[0] == first[1]


def test_speculation_serves_more_where_tokens_were_too_slow_and_less_where_it_is_seldom_right() -> None:
    tight = {"tpot_ms": 25.0, "ttft_p95_ms": 5_000.0}
    plain = served({}, tight)["capacity"]
    good = served({"speculation": True, "acceptance_frac": 0.9}, tight)["capacity"]
    poor = served({"speculation": True, "acceptance_frac": 0.05, "draft_tok": 8}, tight)["capacity"]
    assert plain.limit == "tpot_target"
    assert poor.req_s < plain.req_s < good.req_s


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(0.1, 0.8), st.integers(1, 8))
def test_a_better_draft_never_serves_less(accepted: float, drafts: int) -> None:
    rates = [
        rate(speculation=True, draft_tok=drafts, acceptance_frac=a) for a in (accepted, min(accepted + 0.15, 0.99))
    ]
    assert rates[0] <= rates[1] * (1 + 1e-6)


def test_a_guessed_acceptance_widens_the_range_and_a_typed_one_does_not() -> None:
    def spread(acceptance: float | None) -> float:
        techniques = {"speculation": True, "acceptance_frac": acceptance, "batch_cap": 1_024}
        asked = scenario(techniques=techniques, targets={"tpot_ms": 20.0})
        config = replica_config(LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm"), "fp8", 4, asked.techniques)
        good, bad = replica_capacities([config, config], Inputs(asked, demand_by_hand(), LIVE), np.array([1.0, -1.0]))[
            0
        ]
        return good.req_s / bad.req_s

    assert spread(None) > spread(LIVE.technique_rules.acceptance_frac.central) > 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(0, 0.9), st.floats(0, 0.09), st.floats(0.05, 0.95))
def test_more_hits_never_raise_the_time_to_the_first_token(hits: float, more: float, load: float) -> None:
    found = served({}, hit_frac=0.0)
    at_req_s = load * found["capacity"].req_s
    fewer, rather = (
        at_load_ms(found["setup"], request_mix_of(demand_by_hand(), share), at_req_s, found["asked"], LIVE)[0]
        for share in (hits, hits + more)
    )
    assert rather <= fewer * (1 + 1e-6)


# --- pools of their own ------------------------------------------------------------------------------------------


def pools(**changes: Any) -> tuple[Capacity, Scenario, ReplicaConfig]:
    found = served({"disaggregation": True, **changes})
    return found["capacity"], found["asked"], found["setup"]


def test_neither_pool_serves_less_than_a_replica_that_does_both() -> None:
    apart, _, _ = pools()
    assert apart.prefill_req_s > rate()
    assert apart.req_s > rate()


def test_the_first_token_waits_for_the_cache_to_cross() -> None:
    apart, asked, config = pools()
    moved_ms = float(transfer_s([config], 1_000.0, LIVE)[0, 0]) * 1e3
    assert moved_ms > 1
    assert apart.ttft_p95_ms > moved_ms
    assert apart.ttft_p95_ms <= (asked.targets.ttft_p95_ms or np.inf)


def test_a_cache_that_takes_longer_to_cross_than_the_target_allows_is_said() -> None:
    asked = scenario(techniques={"disaggregation": True}, targets={"ttft_p95_ms": 1.0})
    config = replica_config(LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm"), "fp8", 4, asked.techniques)
    found, infeasible = replica_capacities([config], Inputs(asked, demand_by_hand(), LIVE))
    assert found == []
    assert [m.config for m in infeasible] == [replace(config, one_phase=True)]
    assert "TTFT" in infeasible[0].why


def test_the_decode_pool_is_spared_the_prompts() -> None:
    """At the same rate its tokens come faster than where prompts ride along."""
    _, asked, config = pools()
    at_req_s = rate() * 0.9
    together = at_load_ms(config, request_mix_of(demand_by_hand(), 0.3), at_req_s, asked, LIVE)[1]
    assert at_load_ms(config, tokens_only(demand_by_hand().lengths), at_req_s, asked, LIVE)[1] < together


def test_requests_hardly_wait_for_a_slot_of_the_decode_pool() -> None:
    """Such a wait stands behind the first token, where neither target would show it."""
    for cap in (1, 8, 256):
        apart, _, config = pools(batch_cap=cap)
        ready = latency.queue_model(replica_arrays([config], LIVE), tokens_only(demand_by_hand().lengths), cap)
        found = latency.at_rate(ready, np.array([[apart.req_s]]))
        assert float(found.full_frac[0, 0]) <= 0.051
    patient = scenario(techniques={"disaggregation": True}, targets={"ttft_p95_ms": None, "tpot_ms": None})
    found_patient, _ = replica_capacities([config], Inputs(patient, demand_by_hand(), LIVE))
    assert found_patient[0].req_s > pools()[0].req_s  # without a target all may wait


def test_what_stops_a_replica_is_the_queue_that_ends_first() -> None:
    free = scenario(targets={"ttft_p95_ms": None, "tpot_ms": None})
    config = replica_config(LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm"), "fp8", 4, Techniques())
    long_prompts, long_answers = demand_by_hand(1e6, 60_000.0, 5.0), demand_by_hand(1e6, 50.0, 4_000.0)
    assert replica_capacities([config], Inputs(free, long_prompts, LIVE))[0][0].limit == "prefill_time"
    assert replica_capacities([config], Inputs(free, long_answers, LIVE))[0][0].limit in (
        "batch_cap",
        "kv_cache",
    )
    good = scenario(
        techniques={"speculation": True, "acceptance_frac": 0.95}, targets={"ttft_p95_ms": None, "tpot_ms": None}
    )
    limited = replica_capacities([config], Inputs(good, long_answers, LIVE))[0][0].limit
    assert limited == "undrafted_load"


def test_over_machines_speed_is_less_sure() -> None:
    """The pessimistic load is further below the central one than within a machine."""
    asked = scenario(targets={"ttft_p95_ms": None, "tpot_ms": 60.0})
    inputs = Inputs(asked, demand_by_hand(), LIVE)
    layouts = (Layout(8, 1, 2), Layout(8))
    configs = [
        replica_config(LIVE.model("deepseek-v3"), LIVE.gpu("h200-sxm"), "fp8", one, Techniques()) for one in layouts
    ]
    central, pessimistic = (replica_capacities(configs, inputs, sign)[0] for sign in (0.0, -1.0))
    far, near = (slow.req_s / usual.req_s for slow, usual in zip(pessimistic, central, strict=True))
    assert far < near < 1


def test_pipeline_stages_serve_their_own_requests() -> None:
    """Two stages carry twice the load of one at the same step time, but for the hop between them."""
    inputs = Inputs(scenario(targets={"ttft_p95_ms": None, "tpot_ms": 60.0}), demand_by_hand(), LIVE)
    model, gpu = LIVE.model("llama-3.1-8b"), LIVE.gpu("h100-sxm")
    configs = [replica_config(model, gpu, "fp8", Layout(8, 1, stages), Techniques()) for stages in (1, 2)]
    (one, two), _ = replica_capacities(configs, inputs)
    assert 1.8 * one.req_s < two.req_s <= 2.05 * one.req_s


def test_a_prefill_pool_has_the_layout_that_carries_most_per_gpu() -> None:
    """Wide decode replicas beside narrower prefill workers: as many as their GPUs hold."""
    asked = scenario(techniques={"disaggregation": True}, targets={"ttft_p95_ms": 3_000.0, "tpot_ms": 60.0})
    inputs, model, gpu = Inputs(asked, demand_by_hand(), LIVE), LIVE.model("deepseek-v3"), LIVE.gpu("h200-sxm")
    layouts = (Layout(8), Layout(1, 8), Layout(1, 16))
    configs = [replica_config(model, gpu, "fp8", one, asked.techniques) for one in layouts]
    alone = {id(c.config): c for config in configs for c in replica_capacities([config], inputs)[0]}
    together = [pair for pair in replica_capacities(configs, inputs)[0] if pair.prefill_size == 1]
    assert len(together) == 3
    for one in together:
        assert one.prefill_config is not None
        assert one.config.gpus_count == one.prefill_workers * one.prefill_config.gpus_count
        same = next(
            c for c in alone.values() if c.config.gpus_count == one.config.gpus_count and c.config == one.config
        )
        assert one.prefill_req_s >= same.prefill_req_s
        assert one.req_s == pytest.approx(same.req_s)


def test_a_prefill_worker_may_be_larger_than_a_decode_replica() -> None:
    """One GPU reads this prompt too slowly for the target and generates fast enough."""
    asked = scenario(techniques={"disaggregation": True}, targets={"ttft_p95_ms": 250.0, "tpot_ms": 60.0})
    inputs, model, gpu = Inputs(asked, demand_by_hand(), LIVE), LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm")
    configs = [replica_config(model, gpu, "fp8", Layout(tp), asked.techniques) for tp in (1, 2)]
    pairs = [(c, c.prefill_config) for c in replica_capacities(configs, inputs)[0]]
    sizes = [(c.config.gpus_count, worker.gpus_count, c.least_replicas) for c, worker in pairs if worker]
    assert (1, 2, 3) in sizes
    assert len(pairs) <= 2 * len(configs)
    alone = {c.config.gpus_count: c.req_s_per_gpu for c in capacities(configs, _prompts_of(inputs), LIVE)[0]}
    for c, worker in pairs:
        assert worker is not None
        gpus = max(c.config.gpus_count, worker.gpus_count)
        assert c.prefill_req_s / gpus == pytest.approx(alone[worker.gpus_count], rel=0.3)


def _prompts_of(inputs: Inputs) -> SizingCase:
    targets = Targets(ttft_p95_ms=inputs.scenario.targets.ttft_p95_ms, tpot_ms=None)
    return SizingCase(prompts_only(inputs.demand.lengths, inputs.scenario.own_hit_frac), targets)


def test_the_first_token_of_a_fleet_waits_for_the_engines_front_end_and_the_launch_of_its_kernels() -> None:
    """What a benchmark of the same replica counts before and beside the arithmetic, a fleet counts too."""
    config = ReplicaConfig(LIVE.model("llama-3.3-70b"), LIVE.gpu("h100-sxm"), "fp8", 2)
    overhead_ms = float(first_token_overhead_s(replica_arrays([config], LIVE))[0, 0]) * 1e3
    assert overhead_ms > 5
    mix, asked = request_mix_of(demand_by_hand(), 0.9), scenario()
    queue = queue_model(replica_arrays([config], LIVE), mix)
    nearly_idle_ms = float(ttft_percentile_s(at_rate(queue, np.array([[1e-6]])), 0.95)[0, 0]) * 1e3
    told_ms, _ = at_load_ms(config, mix, 1e-6, asked, LIVE)
    assert told_ms == pytest.approx(nearly_idle_ms + overhead_ms, rel=0.01)
