"""Look-ups of the catalog."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.errors import UnknownId


def test_lookup_accepts_id_name_alias_and_any_case(catalog: Catalog) -> None:
    for name in ("h100-sxm", "H100", "NVIDIA H100 80 GB SXM", "  h100-80GB "):
        assert catalog.gpu(name).id == "h100-sxm"
    assert catalog.model("meta-llama/Llama-3.3-70B-Instruct").id == "llama-3.3-70b"


def test_an_unknown_id_gets_the_nearest_known_one(catalog: Catalog) -> None:
    with pytest.raises(UnknownId, match=r"unknown GPU 'h100-smx'; did you mean 'h100-sxm'\?"):
        catalog.gpu("h100-smx")
    with pytest.raises(UnknownId, match=r"unknown model 'lama-3.3-70b'; did you mean 'llama-3.3-70b'\?"):
        catalog.model("lama-3.3-70b")
    with pytest.raises(UnknownId, match=r"unknown preset 'zzzzzz'. Known ones are the files in pricing_data"):
        catalog.preset("zzzzzz")


def test_the_newest_of_a_line_of_models_takes_the_place_of_each(live_catalog: Catalog) -> None:
    """DeepSeek V3 was followed by V3.1, and that by V3.2: the last step says who says so."""
    newer = live_catalog.newer_model(live_catalog.model("deepseek-v3"))
    assert newer is not None
    assert (newer.model.id, newer.source.accessed.isoformat()) == ("deepseek-v3.2", "2025-12-01")
    assert live_catalog.newer_model(newer.model) is None


def test_a_newer_model_is_of_about_the_same_size(live_catalog: Catalog) -> None:
    for model in live_catalog.models.values():
        newer = live_catalog.newer_model(model)
        if newer is not None:
            sizes_b = model.published.total_params_b, newer.model.published.total_params_b
            assert max(sizes_b) / min(sizes_b) < 1.25, model.id


def test_rents_are_cheapest_first_and_leave_out_an_index_nobody_can_rent_from(catalog: Catalog) -> None:
    rates = [(provider.provider, rent.usd_per_gpu_h) for provider, rent in catalog.rents("h100-sxm")]
    assert [rate for _, rate in rates] == [1.0, 1.5, 1.6, 2.0, 2.0, 3.0]
    assert "some-index" not in {provider for provider, _ in rates}


def test_a_missing_generation_falls_back_to_the_stated_coefficients(catalog: Catalog) -> None:
    gpu = catalog.gpu("h100-sxm")
    assert catalog.efficiency(gpu).generation == "hopper"
    assert catalog.efficiency(gpu.model_copy(update={"generation": "unheard-of"})).generation == "fallback"


def test_gpus_kept_for_measurements_are_known_and_not_offered(live_catalog: Catalog) -> None:
    assert live_catalog.gpu("MI250").measured_only
    assert "mi250" not in live_catalog.offered_gpus
    assert "h100-sxm" in live_catalog.offered_gpus
