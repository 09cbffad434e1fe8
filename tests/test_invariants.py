"""What must hold for every scenario, on the fixed catalog, with hypothesis looking for one that breaks it."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scaled_catalog import scaled
from support import BASE, FIXED_ROOT, TODAY, scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.decision import crossover
from calculators.decision import verdict as decision
from calculators.evaluate import Evaluation, evaluate, sensitivity_of
from calculators.fleet.known_speed import lead_ratio
from calculators.fleet.leading_fleets import leading_rents_usd
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import rents_matrix, staircases
from calculators.options.build import size_candidates
from calculators.options.option import LinearCost, Option
from calculators.scenario.demand import needed_context_tok
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, parse_scenario

CATALOG = load_catalog(FIXED_ROOT)
LIVE = load_catalog()
MODELS = ("llama-3.3-70b", "gpt-oss-120b", "llama-3.1-8b")
quickly = settings(max_examples=20, deadline=None, derandomize=True)


TECHNIQUES = st.fixed_dictionaries(
    {
        "batch_cap": st.sampled_from([4, 256]),
        "kv_cache": st.sampled_from(["bf16", "fp8"]),
        **{name: st.booleans() for name in ("prefix_caching", "quantization", "speculation", "disaggregation")},
    }
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Any reasonable question to the fixed catalog, as plain values."""
    input_tok, output_tok = draw(st.floats(50, 8_000)), draw(st.floats(10, 2_000))
    return {
        **BASE,
        "workload": {
            "requests_per_month": 10 ** draw(st.floats(3, 9)),
            "input_tok": input_tok,
            "output_tok": output_tok,
            "input_p95_tok": input_tok * draw(st.floats(1, 4)),
            "output_p95_tok": output_tok * draw(st.floats(1, 4)),
            "cached_frac": draw(st.floats(0, 0.5)),
            "cacheable_frac": draw(st.floats(0, 1)),
            "self_hit_frac": draw(st.floats(0, 0.5)),
            "deferrable_frac": draw(st.floats(0, 1)),
            "peak_ratio": draw(st.floats(1, 20)),
            "active_h_per_month": draw(st.floats(50, 730)),
        },
        "api": {"provider": "testhost", "model": draw(st.sampled_from(["closed", "closed-cached"]))},
        "candidates": [
            {"model": model, "gate": draw(st.sampled_from(["accepted", "assumed"]))}
            for model in draw(st.lists(st.sampled_from(MODELS), min_size=1, unique=True))
        ],
        "targets": {"ttft_p95_ms": draw(st.sampled_from([None, 2_000])), "tpot_ms": draw(st.sampled_from([None, 50]))},
        "hardware": {"include_owned": draw(st.booleans()), "max_gpus": draw(st.sampled_from([64, 512]))},
        "operations": {
            "spare_replicas": draw(st.integers(0, 2)),
            "self_host_fte": draw(st.sampled_from([0, 0.25, None])),
        },
        "techniques": draw(st.just({}) | TECHNIQUES),
    }


def _with(case: dict[str, Any], group: str, **values: Any) -> Scenario:
    return parse_scenario({**case, group: {**case[group], **values}})


def _costs(found: Evaluation) -> dict[tuple[str, str], float]:
    return {(o.kind, o.model): o.usd_per_month for o in found.options}


def _fleet_cost(case: Scenario) -> float:
    return _fleet_cost_and_break_even(case)[0]


def _fleet_cost_and_break_even(case: Scenario) -> tuple[float, float]:
    result = evaluate(case, CATALOG)
    first = result.crossovers[0][1].first_req_per_month
    return (
        float("inf") if result.build is None else result.build.usd_per_month,
        float("inf") if first is None else first,
    )


def _fleet_cost_and_lead(case: Scenario) -> tuple[float, float]:
    """Cost of the cheapest fleet, and how many times the cost of another it may have and lead."""
    build = evaluate(case, CATALOG).build
    if build is None or build.plan is None:
        return float("inf"), 1.0
    return build.usd_per_month, lead_ratio(build.plan.capacity.config, None, CATALOG)


@quickly
@given(cases(), st.floats(1, 100))
def test_more_volume_never_costs_less(case: dict[str, Any], times: float) -> None:
    volume = case["workload"]["requests_per_month"]
    less, more = (
        _costs(evaluate(_with(case, "workload", requests_per_month=v), CATALOG)) for v in (volume, volume * times)
    )
    for option in less.keys() & more.keys():
        assert more[option] >= less[option] * (1 - 1e-9), option


@quickly
@given(cases(), st.floats(1, 50))
def test_the_bill_of_every_api_is_linear_in_volume(case: dict[str, Any], times: float) -> None:
    volume = case["workload"]["requests_per_month"]
    one, many = (evaluate(_with(case, "workload", requests_per_month=v), CATALOG) for v in (volume, volume * times))
    bills = [{(o.kind, o.model): o.bill.usd_per_month for o in e.options if o.bill is not None} for e in (one, many)]
    assert bills[0].keys() == bills[1].keys()
    for option, usd in bills[0].items():
        assert bills[1][option] == pytest.approx(usd * times)


@quickly
@given(cases(), st.floats(1, 10))
def test_a_higher_peak_never_lowers_the_fleet_or_the_break_even(case: dict[str, Any], times: float) -> None:
    ratios = (case["workload"]["peak_ratio"] * k for k in (1, times))
    flat, steep = (_fleet_cost_and_break_even(_with(case, "workload", peak_ratio=ratio)) for ratio in ratios)
    assert steep[0] >= flat[0] * (1 - 1e-9)
    assert steep[1] >= flat[1] * (1 - 1e-9)


@quickly
@given(cases(), st.floats(0.05, 1))
def test_fewer_active_hours_never_lower_the_fleet_or_the_break_even(case: dict[str, Any], part: float) -> None:
    hours = (case["workload"]["active_h_per_month"] * k for k in (1, part))
    whole, short = (_fleet_cost_and_break_even(_with(case, "workload", active_h_per_month=h)) for h in hours)
    assert short[0] >= whole[0] * (1 - 1e-9)
    assert short[1] >= whole[1] * (1 - 1e-9)


def test_lower_utilisation_never_brings_the_lasting_break_even_nearer(catalog: Catalog) -> None:
    """The same machines at ever lower load: what a replica carries a month shrinks with the utilisation."""
    for seed in range(60):
        rng = random.Random(seed)
        usd, fixed, price = rng.uniform(100, 900), rng.uniform(0, 5_000), rng.uniform(0.5, 2)
        durable = []
        for utilisation in (1.0, 0.8, 0.5, 0.3):
            stairs = staircase(catalog, 1_000 * utilisation, usd, 1, 1, 5_000)
            [found] = crossover.find_crossovers([stairs], LinearCost(0.0, fixed), [[LinearCost(price, 0.0)]], 1.0)
            durable.append(float("inf") if found.durable_req_per_month is None else found.durable_req_per_month)
        assert all(later >= sooner * (1 - 1e-12) for sooner, later in pairwise(durable)), seed


@quickly
@given(cases(), st.floats(0.01, 100))
def test_scaling_every_price_scales_every_cost_and_moves_no_crossing(case: dict[str, Any], k: float) -> None:
    case = {**case, "operations": {"spare_replicas": 1}}  # people by the catalog's own figures
    before, after = evaluate(parse_scenario(case), CATALOG), evaluate(parse_scenario(case), scaled(CATALOG, k))
    costs, costs_after = _costs(before), _costs(after)
    assert costs.keys() == costs_after.keys()
    for option, usd in costs.items():
        assert costs_after[option] == pytest.approx(usd * k), option
    assert after.verdict.winner.usd_per_month == pytest.approx(before.verdict.winner.usd_per_month * k)
    assert (after.verdict.winner.kind, after.verdict.winner.model) == (
        before.verdict.winner.kind,
        before.verdict.winner.model,
    )
    for (_, one), (_, other) in zip(before.crossovers, after.crossovers, strict=True):
        assert one.kind == other.kind
        assert [c.requests_per_month for c in other.crossings] == pytest.approx(
            [c.requests_per_month for c in one.crossings]
        )


@quickly
@given(cases())
def test_the_crossings_of_an_evaluation_are_those_of_every_fleet_there_is(case: dict[str, Any]) -> None:
    """Only some staircases are kept for the curve: no other fleet may be cheaper anywhere below the limit."""
    asked = parse_scenario(case)
    found = evaluate(asked, CATALOG)
    inputs = Inputs(asked, found.demand, CATALOG)
    every, _ = staircases(size_candidates(inputs)[0], inputs)
    assume(every)
    limit = max(s.limit_req_per_month for s in every)
    grid = np.unique(np.concatenate([np.geomspace(limit / 1e6, limit, 800), np.linspace(limit / 2_000, limit, 2_000)]))
    everything = leading_rents_usd(every, rents_matrix(every, grid))
    kept = leading_rents_usd(found.envelope_staircases, rents_matrix(found.envelope_staircases, grid))
    finite = np.isfinite(everything)
    assert kept[finite] == pytest.approx(everything[finite], rel=1e-9)
    for option, against in found.crossovers:
        assert option.bill is not None
        buy = option.usd_per_month - option.bill.usd_per_month + option.bill.usd_per_request * grid
        gaps = (buy - found.build_line.usd_per_month(grid) - everything)[finite]
        volumes = [c.requests_per_month for c in against.crossings]
        building = (np.searchsorted(volumes, grid[finite]) % 2 == 1) ^ (against.first_req_per_month == 0.0)
        clear = np.abs(gaps) > 1e-6 * (1 + buy[finite])
        assert ((gaps > 0) == building)[clear].all()


@quickly
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(case: dict[str, Any], rng: random.Random) -> None:
    shuffled = case["candidates"][:]
    rng.shuffle(shuffled)
    before, after = (
        evaluate(parse_scenario({**case, "candidates": c}), CATALOG) for c in (case["candidates"], shuffled)
    )
    assert [o.label for o in after.options] == [o.label for o in before.options]
    assert after.verdict.sentence == before.verdict.sentence
    assert after.crossover.crossings == before.crossover.crossings


@quickly
@given(cases())
def test_zero_people_leave_the_rent_platform_and_egress(case: dict[str, Any]) -> None:
    found = evaluate(
        parse_scenario({**case, "operations": {"self_host_fte": 0, "migration_weeks": 0, "platform_usd_per_month": 0}}),
        CATALOG,
    )
    for option in (o for o in found.options if o.is_build):
        assert option.plan is not None
        egress = next(line.usd_per_month for line in option.lines if line.kind == "network_egress")
        assert option.usd_per_month == pytest.approx(option.plan.rent_usd_per_month + egress)


@quickly
@given(cases(), st.sampled_from(["self_host_fte", "platform_usd_per_month", "migration_weeks", "spare_replicas"]))
def test_more_of_any_cost_never_makes_building_cheaper(case: dict[str, Any], what: str) -> None:
    less, more = (_fleet_cost(_with(case, "operations", **{what: n})) for n in (1, 3))
    assert more >= less


@quickly
@given(cases())
def test_looser_targets_and_more_choice_never_make_building_dearer(case: dict[str, Any]) -> None:
    """By more than what a fleet of known speed may cost beyond one of extrapolated speed and still lead."""
    here, lead = _fleet_cost_and_lead(parse_scenario(case))
    wider: tuple[tuple[str, dict[str, Any]], ...] = (
        ("targets", {"ttft_p95_ms": None, "tpot_ms": None}),
        ("hardware", {"commitments": ["on_demand", "1y"]}),
        ("hardware", {"include_marketplaces": True}),
    )
    for group, values in wider:
        there, its_lead = _fleet_cost_and_lead(_with(case, group, **values))
        assert there <= here * its_lead * (1 + 1e-9)
    assert _fleet_cost(_with(case, "hardware", gpus=["h100-sxm"])) >= here / lead * (1 - 1e-9)


@quickly
@given(cases())
def test_the_verdict_names_the_cheapest_option(case: dict[str, Any]) -> None:
    found = evaluate(parse_scenario(case), CATALOG)
    cheapest = min(found.options, key=lambda option: option.decisive_usd_per_month)
    assert found.verdict.winner is cheapest
    assert found.verdict.gap_usd_per_month >= 0
    assert found.verdict.saving_usd_per_month == pytest.approx(found.today.usd_per_month - cheapest.usd_per_month)
    if found.verdict.kind == "too_close":
        assert found.verdict.runner_up is not None
        assert found.verdict.gap_usd_per_month < 0.1 * found.verdict.runner_up.decisive_usd_per_month


# --- what would flip it: put the flipped value back in, and both sides cost the same -------------------------------

FLIP_CASES = [
    {"workload": {"requests_per_month": 20_000_000}},
    {"workload": {"requests_per_month": 60_000_000, "peak_ratio": 2}},
    {"workload": {"requests_per_month": 5_000_000}, "operations": {"self_host_fte": 0.25}},
]


def _flip(found: Evaluation, field: str) -> float:
    """The nearest switching value of an input."""
    return next(
        v.value_at for v in sensitivity_of(found, CATALOG).values if v.field == field and v.value_at is not None
    )


def _both(found: Evaluation) -> tuple[Option, Option]:
    assert found.build is not None
    return found.build, found.buy


def _flip_case(changes: dict[str, Any], **more: Any) -> Scenario:
    """Nobody hosts this model, so the API of today is what building is measured against."""
    changes = {**changes, **{k: {**changes.get(k, {}), **v} for k, v in more.items()}}
    return scenario(candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}], **changes)


@pytest.mark.parametrize("changes", FLIP_CASES)
def test_the_break_even_price_equalizes(changes: dict[str, Any]) -> None:
    found = evaluate(_flip_case(changes), CATALOG)
    build, buy = _both(found)
    assert build.usd_per_month < buy.usd_per_month
    discount = 1 - _flip(found, "today_price")
    build, buy = _both(evaluate(_flip_case(changes, api={"discount_frac": discount}), CATALOG))
    assert build.usd_per_month == pytest.approx(buy.usd_per_month, rel=0.005)


@pytest.mark.parametrize("changes", FLIP_CASES)
def test_the_gpu_price_that_flips_it_lies_between_both_sides(changes: dict[str, Any]) -> None:
    found = evaluate(_flip_case(changes), CATALOG)
    assert found.build is not None
    assert found.build.plan is not None
    rent = _flip(found, "rent") * found.build.plan.offer.usd_per_gpu_h
    kinds = [
        evaluate(_flip_case(changes, hardware={"rent_usd_per_gpu_h": {"h100-sxm": rent * beside}}), CATALOG)
        for beside in (0.995, 1.005)
    ]
    assert kinds[0].verdict.winner.kind != kinds[1].verdict.winner.kind
    assert found.verdict.winner.kind in {kind.verdict.winner.kind for kind in kinds}


@pytest.mark.parametrize("changes", FLIP_CASES)
def test_the_staff_that_eats_the_saving_equalizes(changes: dict[str, Any]) -> None:
    values = sensitivity_of(evaluate(_flip_case(changes), CATALOG), CATALOG).values
    [fte] = [v.value_at for v in values if v.field == "staffing" and v.becomes == "stay"]
    build, buy = _both(evaluate(_flip_case(changes, operations={"self_host_fte": fte}), CATALOG))
    assert build.usd_per_month == pytest.approx(buy.usd_per_month, rel=0.005)


@pytest.mark.parametrize("changes", FLIP_CASES)
def test_the_speed_that_flips_it_lies_between_more_expensive_and_not(changes: dict[str, Any]) -> None:
    factor = _flip(evaluate(_flip_case(changes), CATALOG), "speed")
    builds = []
    for beside in (0.99, 1.01):
        there = evaluate(_flip_case(changes, hardware={"throughput_factor": factor * beside}), CATALOG)
        builds.append(there.verdict.winner.is_build)
    assert builds == [False, True]


@pytest.mark.parametrize("changes", FLIP_CASES)
def test_at_every_crossing_both_sides_cost_the_same_or_a_machine_apart(changes: dict[str, Any]) -> None:
    found = evaluate(_flip_case(changes), CATALOG)
    assert found.crossover.crossings
    for crossing in found.crossover.crossings:
        gaps = []
        for factor in (1 - 1e-6, 1 + 1e-6):
            there = _flip_case(changes, workload={"requests_per_month": crossing.requests_per_month * factor})
            build, buy = _both(evaluate(there, CATALOG))
            gaps.append(buy.usd_per_month - build.usd_per_month)
        assert (gaps[0] < gaps[1]) is (crossing.cheaper_above == "build")
        assert gaps[0] * gaps[1] <= 0
    crossings = [crossing.requests_per_month for crossing in found.crossover.crossings]
    assert _flip(found, "volume") in [pytest.approx(crossing, rel=1e-4) for crossing in crossings]


def test_ranking_is_stable_under_permutation_of_options(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    again = decision.decide(found.today, tuple(reversed(found.options)), found.crossover, found.crossovers[0][1], "")
    assert again.winner is found.verdict.winner
    assert again.sentence == found.verdict.sentence


@quickly
@given(cases())
def test_the_peak_of_a_plan_is_carried_by_its_busy_replicas(case: dict[str, Any]) -> None:
    """Of both pools, where there are two: disaggregation never takes fewer GPUs than its pools and their spares."""
    found = evaluate(parse_scenario(case), CATALOG)
    plan = found.build.plan if found.build else None
    assume(plan is not None)
    assert isinstance(plan, FleetPlan)
    peak, capacity = found.demand.peak_req_s, plan.capacity
    assert plan.replicas * capacity.req_s >= peak * (1 - 1e-9)
    assert (plan.replicas - 1) * capacity.req_s < peak
    apart = case["techniques"].get("disaggregation", False)
    assert (plan.prefill_replicas > 0) is apart
    if apart:
        assert plan.prefill_replicas * capacity.prefill_req_s >= peak * (1 - 1e-9)
        assert (plan.prefill_replicas - 1) * capacity.prefill_req_s < peak
    assert plan.spare_replicas == case["operations"]["spare_replicas"] * capacity.least_replicas
    worker = capacity.prefill_config
    pools = plan.replicas * plan.config.gpus_count + plan.prefill_workers * (worker.gpus_count if worker else 0)
    assert plan.gpus >= pools + plan.spare_replicas * plan.config.gpus_count


# --- what limits an option travels with it ---------------------------------------------------------------------------

TERMS = ("spot", "on_demand", "1y", "3y", "5y")


@st.composite
def limited(draw: st.DrawFn) -> Scenario:
    """Any reasonable question to today's prices on terms, regions, spares and lengths."""
    input_tok = 10 ** draw(st.floats(2, 5.3))
    return scenario(
        workload={
            "requests_per_month": 10 ** draw(st.floats(5, 8.5)),
            "input_tok": input_tok,
            "input_p95_tok": input_tok * draw(st.floats(0.5, 4)),
        },
        api={"provider": "openai", "model": draw(st.sampled_from(["gpt-5.4", "gpt-4"]))},
        candidates=[
            {"model": model, "gate": "accepted"}
            for model in draw(st.lists(st.sampled_from(sorted(LIVE.models)), min_size=1, max_size=4, unique=True))
        ],
        hardware={
            "gpus": [],
            "rent_usd_per_gpu_h": {},
            "commitments": draw(st.lists(st.sampled_from(TERMS), min_size=1, unique=True)),
            "include_owned": draw(st.booleans()),
            "max_gpus": draw(st.sampled_from([16, 512, 2_000])),
        },
        operations={
            "spare_replicas": draw(st.integers(0, 2)),
            "regions": draw(st.sampled_from([None, 1, 2, 3])),
            "horizon_months": draw(st.sampled_from([6, 12, 48])),
        },
        evidence={"needed_uptime_frac": draw(st.sampled_from([0.999, 0.9999])), "api_uptime_frac": 0.9},
    )


@quickly
@given(limited())
def test_what_limits_an_option_is_in_its_words_and_in_what_is_said_of_it(asked: Scenario) -> None:
    result = evaluate(asked, LIVE)
    needed_tok, horizon = needed_context_tok(asked.workload), asked.operations.horizon_months
    for option in result.allowed:
        assert option.bill is None or (option.bill.offer.context_tok or needed_tok) >= needed_tok
    for option, plan in ((option, option.plan) for option in result.allowed if option.plan):
        offer = plan.offer
        assert plan.config.model.published.context_tok >= needed_tok
        assert offer.term in option.label
        assert offer.term in option.lines[0].note
        assert plan.regions == 1 or f"in {plan.regions} regions" in option.label
        assert plan.needed_gpus <= plan.gpus
        assert not offer.is_owned or plan.gpus % LIVE.ownership.servers[offer.gpu_id].gpus_count == 0
    fleet = result.build.plan if result.build else None
    if fleet is not None:
        notes = " ".join(result.caveats)
        assert ("may take them back at any time" in notes) >= fleet.offer.is_spot
        assert ("longer than your horizon" in notes) >= ((fleet.offer.commitment_months or 0) > horizon)
        has_claim = not fleet.offer.is_spot and fleet.spare_replicas > 0
        assert has_claim or result.signals.exit_signals[2].status != "firing"


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_order_of_price_rows_changes_no_verdict(path: Path) -> None:
    """Files and rows the other way round: the same sentence, to the dollar, and the same caveats."""
    asked = read_scenario(path, TODAY)
    turned = {
        name: provider.model_copy(update={"rents": provider.rents[::-1]})
        for name, provider in reversed(list(LIVE.rent_providers.items()))
    }
    one, other = (evaluate(asked, catalog) for catalog in (LIVE, replace(LIVE, rent_providers=turned)))
    assert (other.verdict.sentence, other.verdict.reason) == (one.verdict.sentence, one.verdict.reason)
    assert other.caveats == one.caveats
