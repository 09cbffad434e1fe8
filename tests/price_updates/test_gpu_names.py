"""Which GPU a source means."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.price_updates.gpu_names import gpu_meant, gpu_of_machine


@pytest.mark.parametrize(
    ("name", "memory_gb", "count", "gpu"),
    [
        ("H100", 80, 8, "h100-sxm"),
        ("H100", 80, 1, None),
        ("H100 PCIe", None, 1, "h100-pcie"),
        ("H100-SXM5", None, 1, "h100-sxm"),
        ("NVIDIA H100 80GB HBM3 SXM", None, 2, "h100-sxm"),
        ("H100NVL", 94, 1, "h100-nvl"),
        ("A100", 40, 8, "a100-40gb-sxm"),
        ("A100", 80, 8, "a100-80gb-sxm"),
        ("A100", None, 8, None),
        ("A100-80GB", None, 1, None),
        ("A100-SXM4-80GB", None, 1, "a100-80gb-sxm"),
        ("L4", 24, 1, "l4"),
        ("L40S", None, 1, "l40s"),
        ("L40", 48, 1, "l40"),
        ("B200", 180, 8, "b200-sxm"),
        ("B200", 192, 8, None),
        ("MI300X", None, 1, "mi300x"),
        ("AMD Instinct MI300X 192 GB", None, 8, "mi300x"),
        ("RTX4090", 24, 1, "rtx-4090"),
        ("GeForce RTX 4090", None, 1, "rtx-4090"),
        ("RTX PRO 6000 Blackwell Server Edition", 96, 1, "rtx-pro-6000"),
        ("RTX PRO 6000 Workstation", 96, 1, None),
        ("GB200", 186, 4, "gb200"),
        ("T4", 16, 1, None),
        ("", None, 1, None),
    ],
)
def test_a_name_is_one_gpu_or_none(
    live_catalog: Catalog, name: str, memory_gb: float | None, count: int, gpu: str | None
) -> None:
    meant = gpu_meant(name, memory_gb, count, live_catalog)
    assert (meant.id if meant else None) == gpu


def test_a_machine_that_the_data_hold_tells_its_gpu(live_catalog: Catalog) -> None:
    nvl, none = gpu_of_machine("azure", "NC40ads_H100_v5", live_catalog), gpu_of_machine("nobody", "p5", live_catalog)
    assert nvl is not None
    assert (nvl.id, none) == ("h100-nvl", None)
