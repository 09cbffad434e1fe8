"""Golden cases of measurements of one's own: what a team measured itself is never overruled by a guess."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, demand_by_hand, scenario

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.catalog.base import Precision
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.replica_capacity import Capacity, SizingCase, capacities, request_mix_of
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.measurement import parse_measurement
from calculators.scenario.schema import Targets

CATALOG = load_catalog(FIXED_ROOT)
OUTPUT_TOK = 300
MEASURED: dict[str, Any] = {"model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8", "tensor_parallel": 4}
MEASURED |= {"input_tok": 1000, "output_tok": OUTPUT_TOK}
NO_TARGETS, STRICT = Targets(ttft_p95_ms=None, tpot_ms=None), Targets(ttft_p95_ms=2000, tpot_ms=50)


def replica(gpus: int = 4, precision: Precision = "fp8", model: str = "llama-3.3-70b") -> ReplicaConfig:
    return ReplicaConfig(CATALOG.model(model), CATALOG.gpu("h100-sxm"), precision, gpus)


def carried(config: ReplicaConfig, targets: Targets, *own: dict[str, Any], sign: float = 0.0) -> Capacity:
    """Capacity of a replica for 1,000 + 300 tokens, with measurements by their differences from `MEASURED`."""
    fitted = fit_own_benchmarks([parse_measurement(MEASURED | one) for one in own], CATALOG)
    case = SizingCase(request_mix_of(demand_by_hand(), 0.0), targets, own=fitted)
    ((capacity,), _) = capacities([config], case, CATALOG, sign)
    return capacity


def tok_s(config: ReplicaConfig, targets: Targets, *own: dict[str, Any], sign: float = 0.0) -> float:
    return carried(config, targets, *own, sign=sign).req_s * OUTPUT_TOK


def evaluated(*own: dict[str, Any], **changes: Any) -> Evaluation:
    return evaluate(scenario(hardware={"own_measurements": [MEASURED | one for one in own]}, **changes), CATALOG)


def test_a_replica_measured_at_600_tok_s_is_not_answered_with_3700() -> None:
    assert tok_s(replica(), NO_TARGETS) > 3_000
    assert tok_s(replica(), NO_TARGETS, {"output_tok_s": 600}) == pytest.approx(600, rel=0.05)
    assert tok_s(replica(), STRICT, {"output_tok_s": 600}) < 600


def test_the_search_does_not_flee_to_another_split_or_format_of_it() -> None:
    for gpus, precision in ((2, "fp8"), (8, "fp8"), (4, "bf16"), (8, "bf16")):
        config = replica(gpus, precision)  # type: ignore[arg-type]
        assert tok_s(config, NO_TARGETS, {"output_tok_s": 600}) < tok_s(config, NO_TARGETS) / 4
    build, modeled = evaluated({"output_tok_s": 600}).build, evaluated().build
    assert build is not None
    assert modeled is not None
    assert build.plan is not None
    assert modeled.plan is not None
    per_gpu = build.plan.capacity.req_s * OUTPUT_TOK / build.plan.config.gpus_count
    assert per_gpu < 2 * 600 / 4
    assert build.plan.gpus > modeled.plan.gpus


def test_another_model_on_that_gpu_takes_over_less() -> None:
    small = replica(1, "bf16", "llama-3.1-8b")
    less, before = tok_s(small, NO_TARGETS, {"output_tok_s": 600}), tok_s(small, NO_TARGETS)
    assert before / 4 < less < before / 2


def test_a_measured_capacity_with_no_latency_does_not_make_every_latency_target_fail() -> None:
    capacity = carried(replica(), STRICT, {"output_tok_s": 600})
    assert capacity.tpot_ms <= 50
    told = " ".join(evaluated({"output_tok_s": 600}).caveats)
    assert "Your benchmarks hold throughput, but not TPOT and TTFT: they stay modeled." in told


def test_a_measured_tpot_binds_the_target() -> None:
    slow = {"tpot_ms": 60, "concurrency_count": 1}
    assert evaluated(slow, {**slow, "tensor_parallel": 8}, {**slow, "tensor_parallel": 2}).build is None


def test_per_gpu_per_replica_and_in_requests_are_one_figure() -> None:
    per_replica, per_gpu, in_requests = (
        tok_s(replica(), NO_TARGETS, own)
        for own in ({"output_tok_s": 600}, {"output_tok_s_per_gpu": 150}, {"served_req_s": 2})
    )
    assert per_replica == pytest.approx(per_gpu) == pytest.approx(in_requests)


def test_an_overloaded_open_loop_shows_a_capacity_and_one_that_kept_up_only_a_lower_bound() -> None:
    overloaded = {"request_rate_req_s": 5, "served_req_s": 2}
    assert tok_s(replica(), NO_TARGETS, overloaded) == pytest.approx(600, rel=0.05)
    kept_up = {"request_rate_req_s": 2, "served_req_s": 2}
    assert tok_s(replica(), NO_TARGETS, kept_up | {"ttft_ms": 200}) == pytest.approx(tok_s(replica(), NO_TARGETS))
    fast = {"request_rate_req_s": 20, "served_req_s": 20}
    assert tok_s(replica(), NO_TARGETS, fast) == pytest.approx(6_000, rel=0.05)


def test_far_from_the_measured_load_the_range_widens_and_the_correction_stays() -> None:
    near, far = {"concurrency_count": 128, "tpot_ms": 110}, {"concurrency_count": 4, "tpot_ms": 38}
    for own in (near, far):
        assert carried(replica(), NO_TARGETS, own).tpot_ms > 1.5 * carried(replica(), NO_TARGETS).tpot_ms
    spread = [
        tok_s(replica(), NO_TARGETS, own, sign=1) / tok_s(replica(), NO_TARGETS, own, sign=-1) for own in (near, far)
    ]
    assert spread[0] < spread[1]


def test_two_that_contradict_each_other_are_shown_as_such() -> None:
    told = " ".join(evaluated({"output_tok_s": 600}, {"output_tok_s": 2_600}).caveats)
    assert "Two of your benchmarks contradict each other" in told


def test_one_that_cannot_be_used_says_why() -> None:
    told = evaluated({"output_tok_s": 600, "tensor_parallel": 1, "precision": "bf16"}).caveats
    assert any("is not used: the weights do not fit on 1× NVIDIA H100" in note for note in told)


figures = st.fixed_dictionaries(
    {},
    optional={
        "tpot_ms": st.floats(5, 200),
        "ttft_ms": st.floats(20, 5_000),
        "output_tok_s": st.floats(50, 20_000),
    },
).filter(bool)
loads = st.one_of(
    st.fixed_dictionaries({"concurrency_count": st.floats(1, 200)}),
    st.fixed_dictionaries({"request_rate_req_s": st.floats(0.1, 20)}),
)


def accepted(own: dict[str, Any]) -> bool:
    """Whether its figures do not contradict each other."""
    try:
        parse_measurement(MEASURED | own)
    except DataError:
        return False
    return True


measurements = st.builds(lambda load, values: load | values, loads, figures).filter(accepted)


@settings(max_examples=60, deadline=None)
@given(measurements)
def test_a_measurement_reproduces_itself_within_one_percent_in_each_figure_it_has(own: dict[str, Any]) -> None:
    comparison = fit_own_benchmarks([parse_measurement(MEASURED | own)], CATALOG).comparisons[0]
    gaps = (comparison.tpot_ms, comparison.ttft_ms, comparison.output_tok_s)
    assert any(gaps) or comparison.problem
    for gap in gaps:
        assert gap is None or gap.after == pytest.approx(gap.measured, rel=0.01)


@settings(max_examples=25, deadline=None)
@given(measurements, st.floats(1.0, 4.0), st.sampled_from(["tpot_ms", "ttft_ms", "output_tok_s"]))
def test_more_measured_speed_never_means_more_gpus(own: dict[str, Any], times: float, figure: str) -> None:
    faster = (
        own | {figure: own[figure] * times if figure == "output_tok_s" else own[figure] / times}
        if figure in own
        else own
    )
    if accepted(faster):
        gpus = [build.plan.gpus if (build := evaluated(one).build) and build.plan else 10**6 for one in (own, faster)]
        assert gpus[1] <= gpus[0]


def test_sureness_counts_the_range_of_the_speed() -> None:
    """One measurement at the modeled speed is surer than two that contradict each other around it."""
    spread = []
    for own in ([{"output_tok_s": 3_085}], [{"output_tok_s": 1_000}, {"output_tok_s": 9_500}]):
        build = evaluated(*own, workload={"requests_per_month": 60_000_000}).build
        assert build is not None
        spread.append(build.high_usd_per_month / build.low_usd_per_month)
    assert spread[0] < spread[1]
