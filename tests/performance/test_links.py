"""Messages between machines, against the published times of DeepEP and against counts by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.performance.links import NEVER_US, island_gpus, islands_count
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.step_time import MESSAGES, exposed_network_s, network_s, step_s

LIVE = load_catalog()
DEEPEP_US = {16: (118, 195), 32: (155, 273), 64: (173, 314), 128: (192, 369), 256: (194, 360)}
"""Dispatch and combine of 128 tokens by its low-latency kernels, GPUs to us: DeepEP, docs/legacy.md, read on 2026-11-30."""


def ranks(gpu: str, count: int, engine: str = "vllm", catalog: Catalog = LIVE) -> ReplicaArrays:
    config = ReplicaConfig(
        catalog.model("deepseek-v3"),
        catalog.gpu(gpu),
        "fp8",
        1,
        attention_ranks=count,
        expert_ranks=count,
        engine="tensorrt-llm" if engine == "tensorrt-llm" else "vllm",
    )
    return replica_arrays([config], catalog)


@pytest.mark.parametrize("gpus", DEEPEP_US)
def test_an_exchange_takes_the_published_time(gpus: int) -> None:
    m = ranks("h100-sxm", gpus)
    one_exchange_us = float(network_s(m, np.array([128.0]))[0, 0]) / float(m.layers_count[0, 0]) * 1e6
    assert one_exchange_us == pytest.approx(sum(DEEPEP_US[gpus]), rel=0.12)


def test_a_rack_is_one_island() -> None:
    assert [islands_count(LIVE.gpu("gb200"), n) for n in (4, 72, 73)] == [1, 1, 2]
    assert [islands_count(LIVE.gpu("h100-sxm"), n) for n in (8, 16, 72)] == [1, 2, 9]
    assert island_gpus(LIVE.gpu("l40s")) == 8
    assert float(network_s(ranks("gb200", 64), np.array([128.0]))[0, 0]) == 0


def test_engines_without_direct_messages_gather_all_tokens_with_more_latency() -> None:
    direct, gathered = ranks("h100-sxm", 16), ranks("h100-sxm", 16, "tensorrt-llm")
    assert float(direct.direct_latency_us[0, 0]) == LIVE.links.direct_latency_us.central
    assert float(gathered.direct_latency_us[0, 0]) == NEVER_US
    least = MESSAGES * 61 * LIVE.links.gather_latency_us.central * 1e-6
    assert float(network_s(gathered, np.array([1.0]))[0, 0]) == pytest.approx(least, rel=0.01)


def test_only_engines_that_send_directly_hide_messages_behind_arithmetic() -> None:
    rows, beside = np.array([64.0]), np.array([[1.0]])
    direct, gathered = ranks("h100-sxm", 16), ranks("h100-sxm", 16, "tensorrt-llm")
    assert exposed_network_s(gathered, rows, beside) == pytest.approx(network_s(gathered, rows))
    share = LIVE.links.exposed_frac.central
    assert exposed_network_s(direct, rows, beside) == pytest.approx(share * network_s(direct, rows))


def test_an_all_reduce_sends_its_share_over_every_port() -> None:
    """Of 2 x hidden bytes per token, each of the 8 GPUs of a machine sends half of an eighth to the other, twice."""
    config = ReplicaConfig(LIVE.model("deepseek-v3"), LIVE.gpu("h100-sxm"), "fp8", 16)
    m = replica_arrays([config], LIVE)
    assert float(m.collective_bytes_per_tok[0, 0]) == pytest.approx(2 * 7168 * 2 / 2 / 8)


def test_pipeline_stages_hop_between_machines_only() -> None:
    model, gpu = LIVE.model("llama-3.1-405b"), LIVE.gpu("h100-sxm")
    splits = ((8, 2), (4, 2), (8, 4))
    m = replica_arrays([ReplicaConfig(model, gpu, "bf16", tp, pipeline_stages=pp) for tp, pp in splits], LIVE)
    assert m.hops_count[:, 0].tolist() == [1, 0, 3]
    assert m.islands_count[:, 0].tolist() == [1, 1, 1]


def test_ranks_of_a_pool_for_one_phase_wait_for_the_slowest() -> None:
    config = ReplicaConfig(LIVE.model("deepseek-v3"), LIVE.gpu("gb200"), "fp8", 1, attention_ranks=32, expert_ranks=32)
    shared, alone = replica_arrays([config, replace(config, one_phase=True)], LIVE).exchange_latency_us[:, 0]
    assert (shared, alone) == (0, LIVE.links.exchange_latency_us.central)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(["latency", "rate", "inside"]),
    st.floats(1, 20),
    st.sampled_from([8, 16, 32, 64]),
    st.sampled_from(["vllm", "tensorrt-llm"]),
    st.floats(1, 5_000),
)
def test_slower_links_never_shorten_a_step(what: str, slower: float, gpus: int, engine: str, tokens: float) -> None:
    m = ranks("h100-sxm", gpus, engine)
    changed = {
        "latency": {
            "network_latency_us": m.network_latency_us * slower,
            "direct_latency_us": m.direct_latency_us * slower,
        },
        "rate": {"network_bytes_s": m.network_bytes_s / slower},
        "inside": {"link_bytes_s": m.link_bytes_s / slower},
    }[what]
    batch, context, none = np.array([tokens]), np.array([2_000.0]), np.zeros(1)
    before, after = (float(step_s(x, batch, context, none, none)[0, 0]) for x in (m, replace(m, **changed)))
    assert after >= before * (1 - 1e-12)
