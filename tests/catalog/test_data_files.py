"""The live data files: complete, sourced, dated, and consistent with themselves."""

from dataclasses import replace
from datetime import date

import pytest
from support import TODAY

from calculators.api.rates import api_offer, api_rates
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.catalog.models import Model
from calculators.performance.model_size import parameters

GPUS = (
    *("a10g", "l4", "l40s", "a100-40gb-sxm", "a100-80gb-sxm", "h100-pcie", "h100-sxm", "h200-sxm", "b200-sxm"),
    *("b300-sxm", "gb200", "rtx-pro-6000", "rtx-4090", "rtx-5090", "mi300x", "mi325x", "mi355x"),
)
FAMILIES = (
    "llama-3.1",
    "llama-3.3",
    "qwen3-",
    "gpt-oss",
    "deepseek-v3",
    "deepseek-r1",
    "glm-",
    "kimi-k2",
    "mistral",
    "gemma",
)
MODELS = sorted(path.stem for path in (ROOT / "model_profiles").glob("*.yaml"))


@pytest.fixture
def model(request: pytest.FixtureRequest, live_catalog: Catalog) -> Model:
    return live_catalog.models[request.param]


def test_the_promised_gpus_and_model_families_are_there(live_catalog: Catalog) -> None:
    assert set(GPUS) <= set(live_catalog.gpus)
    assert len(live_catalog.models) >= 20
    for family in FAMILIES:
        assert any(model.startswith(family) for model in live_catalog.models), family


@pytest.mark.parametrize("model", MODELS, indirect=True)
def test_parameters_from_the_shape_agree_with_the_makers_within_three_percent(model: Model) -> None:
    counted = parameters(model.shape)
    assert counted.total / 1e9 == pytest.approx(model.published.total_params_b, rel=0.03)
    assert counted.active <= counted.total


@pytest.mark.parametrize("model", MODELS, indirect=True)
def test_attention_and_mlp_layers_add_up_to_the_layers(model: Model) -> None:
    """Every layer has both parts, or every layer has one of them, or some have lost their attention or never read text."""
    a, mlp, layers = model.shape.attention, model.shape.mlp, model.shape.layers
    both, one, some = a.layers == mlp.layers == layers, a.layers + mlp.layers == layers, a.layers < mlp.layers == layers
    assert both or one or some
    assert both or any("layers" in caveat for caveat in model.caveats), "a layout of its own needs a caveat"
    assert a.query_heads % a.kv_heads == 0
    assert (mlp.experts_per_token or 0) <= (mlp.experts or 0)
    assert (a.kept_entries_per_tok or 0) <= a.full_layers


@pytest.mark.parametrize("model", MODELS, indirect=True)
def test_every_host_has_a_price_today(model: Model, live_catalog: Catalog) -> None:
    for hosted in model.hosted:
        rate = api_rates(api_offer(hosted.provider, hosted.model, live_catalog), TODAY)[0]
        assert 0 <= rate.input_usd_per_mtok < 100
        assert rate.cache_read_usd_per_mtok <= rate.input_usd_per_mtok


def test_lower_precision_is_about_twice_as_fast_never_four_times(live_catalog: Catalog) -> None:
    """A sparse figure beside a dense one would show as a factor of four."""
    for gpu in live_catalog.gpus.values():
        fp8 = gpu.compute.fp8_dense_tflops
        assert fp8 is None or 1.9 <= fp8 / gpu.compute.bf16_dense_tflops <= 2.2, gpu.id


def test_bandwidth_and_power_are_in_the_units_they_say(live_catalog: Catalog) -> None:
    for gpu in live_catalog.gpus.values():
        assert 16 <= gpu.memory.capacity_gb <= 400, gpu.id
        assert 250 <= gpu.memory.bandwidth_gb_s <= 10_000, gpu.id
        assert 60 <= gpu.power.tdp_w <= 1_600, gpu.id


def test_rents_are_dated_plausible_and_never_from_the_future(live_catalog: Catalog) -> None:
    for provider in live_catalog.rent_providers.values():
        for rent in provider.rents:
            assert date(2024, 1, 1) <= rent.seen <= date.today(), provider.provider
            assert 0.05 <= rent.usd_per_gpu_h <= 25, (provider.provider, rent.gpu)
            assert rent.gpus_per_instance in (1, 2, 4, 8, 16, 72), (provider.provider, rent.gpu)


def test_every_own_source_can_be_found_again(live_catalog: Catalog) -> None:
    """A source without an address says in its note why there is none, or is an assumption of ours."""
    files = [*live_catalog.gpus.values(), *live_catalog.models.values(), *live_catalog.api_providers.values()]
    for file in [*files, *live_catalog.rent_providers.values(), live_catalog.ownership]:
        for key, source in file.sources.items():
            known = source.url or source.note or source.kind in ("assumption", "derived")
            assert known, (getattr(file, "id", getattr(file, "provider", "ownership")), key)


def test_own_api_prices_do_not_repeat_what_the_library_holds(live_catalog: Catalog) -> None:
    """A row of ours for a model of the library is there since the library is wrong, or older."""
    for provider in live_catalog.api_providers.values():
        for model in provider.models:
            offer = api_offer(provider.provider, model.id, live_catalog)
            if offer.library is not None:
                day = model.prices[0].valid_from
                assert api_rates(offer, day) != api_rates(replace(offer, own_prices=()), day), (
                    provider.provider,
                    model.id,
                )
