"""The schema: what a record refuses, and conversions to base units."""

import pytest
from pydantic import TypeAdapter, ValidationError

from calculators.catalog.base import HubId, Range
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Attention, Mlp
from calculators.catalog.prices import ApiModel

PRICE = {"source": "s", "confidence": "low", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}


def test_profiles_convert_to_base_units_once(catalog: Catalog) -> None:
    h100 = catalog.gpu("h100-sxm")
    assert h100.memory_bytes == 80e9
    assert h100.bandwidth_bytes_s == 3.35e12
    assert h100.link_bytes_s == 450e9
    assert catalog.gpu("l40s").link_bytes_s <= 64e9  # PCIe only


@pytest.mark.parametrize(
    ("precision", "flops"),
    [("bf16", 989e12), ("fp8", 1979e12), ("int8", 1979e12), ("int4", 989e12), ("nvfp4", 989e12), ("mxfp4", 989e12)],
)
def test_formats_without_a_fast_path_compute_in_sixteen_bit(catalog: Catalog, precision: str, flops: float) -> None:
    assert catalog.gpu("h100-sxm").dense_flops(precision) == flops  # type: ignore[arg-type]


def test_records_are_frozen(catalog: Catalog) -> None:
    with pytest.raises(ValidationError):
        catalog.gpu("h100-sxm").id = "other"  # type: ignore[misc]


@pytest.mark.parametrize("days", [["2026-02-01", "2026-01-01"], ["2026-01-01", "2026-01-01"], []])
def test_prices_ascend_by_date_and_there_is_one_at_least(days: list[str]) -> None:
    with pytest.raises(ValidationError):
        ApiModel.model_validate({"id": "m", "prices": [{**PRICE, "valid_from": day} for day in days]})


@pytest.mark.parametrize("bad", [-1, "nan", "inf", None])
def test_a_price_is_a_finite_number_from_zero_up(bad: object) -> None:
    with pytest.raises(ValidationError):
        ApiModel.model_validate(
            {"id": "m", "prices": [{**PRICE, "valid_from": "2026-01-01", "input_usd_per_mtok": bad}]}
        )


def test_an_incomplete_shape_is_refused() -> None:
    heads = {"query_heads": 8, "kv_heads": 8, "head_dim": 64, "full_layers": 2}
    with pytest.raises(ValidationError, match="kind mla needs"):
        Attention.model_validate({"kind": "mla", **heads})
    with pytest.raises(ValidationError, match="come together"):
        Attention.model_validate({"kind": "gqa", **heads, "sliding_layers": 2})
    with pytest.raises(ValidationError, match="dense_layers needs"):
        Mlp.model_validate({"dense_layers": 2})
    with pytest.raises(ValidationError, match="moe_layers needs"):
        Mlp.model_validate({"dense_layers": 0, "moe_layers": 2, "experts": 8})


def test_a_range_is_ordered() -> None:
    words = {"source": "s", "confidence": "low", "unit": "x", "what": "y"}
    assert Range(low=1, central=1, high=1, **words).central == 1  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="low <= central <= high"):
        Range(low=2, central=1, high=3, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x/$(id)", "a b", "x/y/z", "-flag", "x/y\n", "x;y", "", "a/`id`", "ü/y"])
def test_a_name_that_would_go_into_a_command_must_be_a_plain_one(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(HubId).validate_python(name)
    assert TypeAdapter(HubId).validate_python("Qwen/Qwen3.5-27B") == "Qwen/Qwen3.5-27B"
