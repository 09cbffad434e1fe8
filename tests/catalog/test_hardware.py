"""Profiles of GPUs."""

import pytest

from calculators.catalog.catalog import Catalog


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
