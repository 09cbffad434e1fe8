"""The stated range follows from what a prediction rests on."""

from dataclasses import replace

import pytest

from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaConfig
from calculators.performance.stated_range import (
    ALONE,
    CROWD,
    EXPERTS,
    SEVERAL_GPUS,
    config_traits,
    figure_ranges,
    load_traits,
    range_ratio,
    traits_ratio,
)

FIGURES = ("tpot_ms", "tok_s", "ttft_ms")


def _config(catalog: Catalog, model: str, gpu: str, gpus: int = 1) -> ReplicaConfig:
    return ReplicaConfig(catalog.model(model), catalog.gpu(gpu), "fp8", gpus)


def test_a_range_rests_on_engine_kind_of_model_gpus_and_how_well_the_gpu_is_measured(live_catalog: Catalog) -> None:
    dense = _config(live_catalog, "llama-3.3-70b", "h100-sxm")
    assert config_traits(dense, live_catalog) == ("vllm",)
    experts = replace(_config(live_catalog, "deepseek-v3", "h200-sxm", 8), engine="sglang")
    assert set(config_traits(experts, live_catalog)) == {"sglang", EXPERTS, SEVERAL_GPUS}
    assert "few_runs" in config_traits(_config(live_catalog, "llama-3.3-70b", "mi300x"), live_catalog)


@pytest.mark.parametrize(("batch", "traits"), [(1.0, (ALONE,)), (2.0, ()), (63.0, ()), (64.0, (CROWD,))])
def test_one_request_alone_and_a_crowd_have_ranges_of_their_own(batch: float, traits: tuple[str, ...]) -> None:
    assert load_traits(batch) == traits


@pytest.mark.parametrize("figure", FIGURES)
def test_each_doubt_widens_the_range_and_none_narrows_it(live_catalog: Catalog, figure: str) -> None:
    plain = traits_ratio(figure, frozenset({"vllm"}), live_catalog)
    assert plain > 1
    stated = next(one for one in live_catalog.efficiencies.ranges if one.figure == figure)
    for doubt in (
        "few_runs",
        "engine_not_fitted",
        "kv_cache_nearly_full",
        "speculation",
        "separate_pools",
        "long_context",
    ):
        assert stated.exponents[doubt] >= 1
        assert traits_ratio(figure, frozenset({"vllm", doubt}), live_catalog) >= plain


@pytest.mark.parametrize("figure", FIGURES)
def test_a_network_between_machines_widens_the_range(live_catalog: Catalog, figure: str) -> None:
    near, far = (_config(live_catalog, "deepseek-v3", "h200-sxm", gpus) for gpus in (8, 16))
    exponent = live_catalog.links.range_exponent.central
    assert range_ratio(figure, far, live_catalog) == pytest.approx(range_ratio(figure, near, live_catalog) ** exponent)


def test_traits_multiply_on_a_logarithmic_scale(live_catalog: Catalog) -> None:
    stated = live_catalog.efficiencies.ranges[0]
    made = stated.model_copy(update={"base_ratio": 2.0, "exponents": {"a": 2.0, "b": 0.5}})
    assert (made.of(()), made.of({"a"}), made.of({"b"}), made.of({"a", "b", "other"})) == (2, 4, 2**0.5, 2)


def test_a_launch_that_nobody_tuned_widens_the_range_and_an_untold_one_only_towards_slower(
    live_catalog: Catalog,
) -> None:
    config = _config(live_catalog, "llama-3.3-70b", "h100-sxm")
    traits = frozenset(config_traits(config, live_catalog))
    tuned, shipped, untold = (
        figure_ranges(traits, config, told, live_catalog) for told in ("tuned", "as_shipped", None)
    )
    for figure in FIGURES:
        own = range_ratio(figure, config, live_catalog)
        assert tuned[figure].down == tuned[figure].up == pytest.approx(own)
        slower, faster = ("down", "up") if figure == "tok_s" else ("up", "down")
        assert getattr(shipped[figure], slower) > own
        assert getattr(shipped[figure], faster) > own
        assert getattr(untold[figure], slower) > getattr(shipped[figure], slower)
        assert getattr(untold[figure], faster) == pytest.approx(own)
