"""Mistakes that other calculators make, one test each, numbered as in the project's list of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import TODAY, demand_by_hand, scenario, staircase

from calculators.api.bill import Usage, monthly_bill
from calculators.api.rates import api_offer, hosted_offers
from calculators.catalog.catalog import Catalog
from calculators.decision import crossover
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.machine_offers import machine_offers
from calculators.fleet.owned_servers import owned_usd_per_gpu_h
from calculators.fleet.replica_capacity import Capacity, SizingCase, capacities, request_mix_of
from calculators.options.option import LinearCost, Option
from calculators.performance.model_size import kv_bytes
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.schema import Hardware, Operations, Targets, Workload

PRICE = LinearCost(0.0055, 0.0)


def _build(found: Evaluation) -> Option:
    assert found.build is not None
    return found.build


def _rent(found: Evaluation) -> float:
    plan = _build(found).plan
    assert plan is not None
    return plan.rent_usd_per_month


def _capacity(
    catalog: Catalog, targets: Targets, input_tok: float = 1_000, output_tok: float = 300, hit_frac: float = 0.0
) -> Capacity:
    config = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    mix = request_mix_of(demand_by_hand(1e6, input_tok, output_tok), hit_frac)
    found, _ = capacities([config], SizingCase(mix, targets), catalog)
    return found[0]


def test_trap_01_an_idle_gpu_bills_every_hour_and_low_utilisation_never_lowers_the_break_even(catalog: Catalog) -> None:
    busy, idle = (evaluate(scenario(workload={"requests_per_month": v}), catalog) for v in (2_000_000, 2))
    for found, gpus in ((busy, 4), (idle, 2)):  # idle: one busy and one spare GPU at the least
        plan = _build(found).plan
        assert plan is not None
        assert plan.gpus == gpus
        assert plan.rent_usd_per_month == pytest.approx(gpus * 2.5 * 730)
    firsts = []
    for peak_ratio in (1, 2, 4, 8, 16):  # the same bill, ever worse utilisation
        found = evaluate(scenario(workload={"peak_ratio": peak_ratio}), catalog).crossovers[0][1]
        firsts.append(found.first_req_per_month or float("inf"))
    assert firsts == sorted(firsts)
    assert firsts[-1] > firsts[0]


def test_trap_02_a_break_even_beyond_what_the_fleet_can_serve_is_never(catalog: Catalog) -> None:
    """$7,300 / $0.0055 = 1.33 million, but a replica at that price serves 200,000: $0.0365 a request at best."""
    naive = 7_300 / PRICE.usd_per_request
    stairs = [staircase(catalog, 200_000, 7_300)]
    [found] = crossover.find_crossovers(stairs, LinearCost(0.0, 0.0), [[PRICE]], 1.0)
    assert naive > 200_000
    assert found.kind == "never"
    assert found.first_req_per_month is None
    assert found.crossings == ()


def test_trap_03_the_first_crossing_is_not_the_lasting_one(catalog: Catalog) -> None:
    stairs, price = [staircase(catalog, 1_000, 800)], LinearCost(1.0, 0.0)
    [found] = crossover.find_crossovers(stairs, LinearCost(0.0, 500.0), [[price]], 1.0)
    assert found.first_req_per_month == pytest.approx(2_900)
    assert found.durable_req_per_month == pytest.approx(6_100)
    assert len(found.crossings) == 9


def test_trap_04_input_is_billed_at_the_input_price_and_output_at_the_output_price(catalog: Catalog) -> None:
    bill = monthly_bill(api_offer("testhost", "closed", catalog), demand_by_hand(1e6), TODAY)
    assert bill.usd_per_month == pytest.approx(1_000 * 2.5 + 300 * 10)
    assert bill.usd_per_month < 1_300 * (2.5 + 10) / 2  # not all tokens at the sum of both, not even at the mean


def test_trap_05_a_purchase_is_paid_once(catalog: Catalog) -> None:
    """Over its life an owned GPU costs its price and installation less the residual, colocation and maintenance: nothing twice."""
    life = scenario(operations={"horizon_months": 48}, outlook={"server_lead_weeks": 0})
    whole = owned_usd_per_gpu_h("h100-sxm", life, catalog) * 48 * 730
    colocation, maintenance = 1.0 * 182.5 * 48, 44_000 * 0.07 / 12 * 36
    assert whole == pytest.approx(40_000 * 1.1 * (1.03 - 0.2) + colocation + maintenance)


def test_trap_06_capacity_is_neither_one_stream_nor_saturation_beyond_the_latency_target(catalog: Catalog) -> None:
    tight, free = Targets(ttft_p95_ms=2_000, tpot_ms=25), Targets(ttft_p95_ms=None, tpot_ms=None)
    within, saturated = _capacity(catalog, tight), _capacity(catalog, free)
    one_stream_req_s = 1 / (300 * within.tpot_ms / 1e3)
    assert within.req_s > 3 * one_stream_req_s
    assert within.tpot_ms <= 25
    assert within.ttft_p95_ms <= 2_000
    assert within.req_s < saturated.req_s


def test_trap_07_input_tokens_take_capacity_but_less_than_output_tokens(catalog: Catalog) -> None:
    base, more_in, more_out = (
        _capacity(catalog, Targets(), *lengths).req_s for lengths in ((1_000, 300), (2_000, 300), (1_000, 1_300))
    )
    assert more_in < 0.95 * base  # not free
    assert base < 0.9 * _capacity(catalog, Targets(), hit_frac=0.9).req_s  # computing the prompt takes its share
    assert more_out < more_in  # a thousand more tokens out weigh more than a thousand more in


def test_trap_08_the_silent_defaults_are_a_peak_and_a_spare(catalog: Catalog) -> None:
    fields: dict[str, Any] = {
        "requests_per_month": 1,
        "input_tok": 1,
        "output_tok": 1,
        "input_p95_tok": 1,
        "output_p95_tok": 1,
    }
    assert Workload(**fields).peak_ratio == 4
    assert Workload(**fields).active_h_per_month == 730
    assert Operations().spare_replicas == 1
    assert Hardware().throughput_factor == 1
    plan = _build(evaluate(scenario(workload={"requests_per_month": 1}), catalog)).plan
    assert plan is not None
    assert (plan.replicas, plan.spare_replicas) == (1, 1)  # no scale to zero


def test_trap_09_a_slip_of_a_thousand_would_show(catalog: Catalog) -> None:
    """A million requests of a million tokens in at $2.50 a million are $2.5 million; a GPU-hour at $1 is $730/month."""
    closed = api_offer("testhost", "closed", catalog)
    assert monthly_bill(closed, demand_by_hand(1e6, 1e6, 0.0), TODAY).usd_per_month == pytest.approx(2_500_000)
    assert monthly_bill(closed, demand_by_hand(1.0, 0.0, 1e6), TODAY).usd_per_month == pytest.approx(10)
    [offer] = machine_offers(
        catalog.gpu("h100-sxm"), scenario(hardware={"rent_usd_per_gpu_h": {"h100-sxm": 1}}), catalog
    )
    one = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 1)
    assert offer.machine_usd_per_month(one) == pytest.approx(730)


@pytest.mark.parametrize(
    ("gpu", "dense_tflops"),
    [
        ("h100-sxm", 989),
        ("h200-sxm", 989),
        ("a100-80gb-sxm", 312),
        ("l4", 121),
        ("l40s", 362),
        ("a10g", 70),
        ("b200-sxm", 2_250),
        ("mi300x", 1_307),
    ],
)
def test_trap_10_peak_rates_are_dense(live_catalog: Catalog, gpu: str, dense_tflops: float) -> None:
    """Vendors' data sheets, 16 bit; the sparse figures are twice as high."""
    assert live_catalog.gpu(gpu).compute.bf16_dense_tflops == pytest.approx(dense_tflops, rel=0.05)


def test_trap_11_the_cache_follows_grouped_heads(catalog: Catalog) -> None:
    """Llama 70B: 2 x 80 layers x 8 KV heads x 128 x 2 bytes = 0.33 MB a token; all 64 heads would make 2.6 MB."""
    shape = catalog.model("llama-3.3-70b").shape
    assert float(kv_bytes(shape, 1)) == 327_680
    everything = shape.model_copy(update={"attention": shape.attention.model_copy(update={"kv_heads": 64})})
    assert float(kv_bytes(everything, 1)) == 8 * 327_680
    assert float(kv_bytes(shape, 8_192)) == 8_192 * 327_680  # it grows with the context: no flat surcharge on weights


def test_trap_12_cached_tokens_are_part_of_the_input_and_charged_once(catalog: Catalog) -> None:
    offer = api_offer("testhost", "closed-cached", catalog)
    bill = monthly_bill(offer, demand_by_hand(1e6, 1_000, 0.0), TODAY, Usage(cached_frac=1.0))
    assert bill.usd_per_month == pytest.approx(200)  # 1,000 M tokens at 0.2; with the full price on top it were 2,200
    assert bill.input_usd_per_month == 0


@pytest.mark.parametrize("model", ["llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.1"])
def test_trap_13_the_cheapest_host_of_the_same_model_is_a_rival(live_catalog: Catalog, model: str) -> None:
    any_speed = {"ttft_p95_ms": None, "tpot_ms": None}
    asked = scenario(api={"provider": "openai", "model": "gpt-5.4"}, candidates=[{"model": model}], targets=any_speed)
    found = evaluate(asked, live_catalog)
    [hosted] = [option for option in found.options if option.kind == "hosted_open"]
    assert hosted.bill is not None
    everyone = hosted_offers(live_catalog.model(model), TODAY, live_catalog)
    bills = [monthly_bill(offer, found.demand, TODAY).usd_per_month for offer in everyone]
    assert len(bills) >= 3
    assert hosted.bill.usd_per_month <= min(bills) * (1 + 1e-9)
    assert "hosted_open" in {option.kind for option, _ in found.crossovers}


def test_trap_14_more_gpus_never_carry_less(catalog: Catalog) -> None:
    limits, costs = [], []
    for max_gpus in (4, 8, 16, 64, 512):
        found = evaluate(scenario(hardware={"max_gpus": max_gpus}), catalog)
        limits.append(found.crossover.limit_req_per_month)
        costs.append(_build(found).usd_per_month)
    assert limits == sorted(limits)
    assert costs == sorted(costs, reverse=True)
    configs = [ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", tp) for tp in (2, 4, 8)]
    rates = [
        c.req_s for c in capacities(configs, SizingCase(request_mix_of(demand_by_hand(), 0.0), Targets()), catalog)[0]
    ]
    assert rates == sorted(rates)


def test_trap_17_people_egress_migration_platform_and_redundancy_are_in_the_bill(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    lines = {line.kind: line.usd_per_month for line in _build(found).lines}
    assert set(lines) == {"gpu_rental", "staffing", "platform", "migration", "network_egress"}
    assert all(usd > 0 for usd in lines.values())
    assert lines["staffing"] > lines["gpu_rental"]  # staffing decides a case of this size
    alone = evaluate(scenario(operations={"spare_replicas": 0}), catalog)
    assert _rent(alone) == pytest.approx(lines["gpu_rental"] / 2)
    book = catalog.ownership.model_copy(update={"colocation_usd_per_kw_month": catalog.ownership.pue_ratio})
    colder = replace(catalog, ownership=book)
    assert owned_usd_per_gpu_h("h100-sxm", scenario(), colder) < owned_usd_per_gpu_h("h100-sxm", scenario(), catalog)


def test_trap_18_old_rents_are_left_out_and_ageing_ones_called_so(catalog: Catalog) -> None:
    listed = scenario(hardware={"rent_usd_per_gpu_h": {}, "rent_providers": ["singles"]})
    rates = [offer.usd_per_gpu_h for offer in machine_offers(catalog.gpu("h100-sxm"), listed, catalog)]
    assert 1.6 not in rates  # seen in January 2025
    later = scenario(as_of="2027-06-01", hardware={"rent_usd_per_gpu_h": {}, "rent_providers": ["singles"]})
    assert any("was last seen on 2026-11-01" in note for note in evaluate(later, catalog).caveats)
    assert not any("was last seen" in note for note in evaluate(listed, catalog).caveats)


def test_the_staircase_of_trap_01_is_flat_below_its_first_step(catalog: Catalog) -> None:
    stairs = replace(staircase(catalog, 1e6, 3_650, spare_replicas=1), max_machines=5)
    rents = stairs.rent_usd_per_month(np.array([1.0, 10.0, 999_999.0, 1_000_000.0, 1_000_001.0]))
    assert rents.tolist() == [7_300, 7_300, 7_300, 7_300, 10_950]
