"""Spellings of GPUs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.gpu_spelling import names_of_gpus
from calculators.catalog.load import load_catalog
from calculators.errors import UnknownId

LIVE = load_catalog()
NAMES = sorted({name for gpu in LIVE.gpus.values() for name in (gpu.id, gpu.name, *gpu.aliases)})


@pytest.mark.parametrize(
    ("spelling", "gpu"),
    [
        *((name, "h100-sxm") for name in ("H100", "H100-SXM5-80GB", "h100_sxm", "NVIDIA H100 80GB HBM3", "HGX H100")),
        *((name, "h100-pcie") for name in ("NVIDIA H100 PCIe", "H100-PCIE-80GB")),
        *((name, "h100-nvl") for name in ("H100NVL", "H100 94GB", "NVIDIA H100 NVL")),
        *((name, "a100-80gb-sxm") for name in ("A100", "NVIDIA A100-SXM4-80GB", "A100 SXM", "A100-80G")),
        *((name, "a100-40gb-sxm") for name in ("A100-SXM4-40GB", "A100 40GB", "a100_40gb_sxm")),
        *((name, "a100-80gb-pcie") for name in ("A100 PCIe", "A100-PCIE-80GB")),
        *((name, "h200-sxm") for name in ("H200", "h200_sxm", "NVIDIA H200 SXM 141GB")),
        ("H200 NVL", "h200-nvl"),
        *((name, "h20-96gb-sxm") for name in ("H20", "H20-96GB")),
        *((name, "h20-141gb-sxm") for name in ("H20-141GB", "H20-3e")),
        *((name, "b200-sxm") for name in ("B200", "NVIDIA B200 192GB", "B200-SXM-180GB", "DGX B200")),
        *((name, "gb200") for name in ("NVIDIA GB200 NVL72", "GB200-186GB")),
        *((name, "gh200") for name in ("NVIDIA GH200 480GB", "GH200")),
        *((name, "mi300x") for name in ("MI300X", "AMD Instinct MI300X OAM", "mi300x-192gb")),
        *((name, "rtx-pro-6000") for name in ("RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell")),
        *((name, "rtx-6000-ada") for name in ("RTX 6000 Ada Generation", "NVIDIA RTX 6000 Ada")),
        ("NVIDIA RTX A6000", "rtx-a6000"),
        ("RTX 3090 (250 W)", "rtx-3090"),
        *((name, "a10") for name in ("A10", "NVIDIA A10 24GB")),
        *((name, "a10g") for name in ("A10G", "NVIDIA A10G")),
        *((name, "l40") for name in ("L40", "NVIDIA L40")),
        ("L40S", "l40s"),
        ("Gaudi2", "gaudi-2"),
    ],
)
def test_every_usual_spelling_means_its_gpu(live_catalog: Catalog, spelling: str, gpu: str) -> None:
    assert live_catalog.gpu(spelling).id == gpu


@pytest.mark.parametrize(
    "spelling", ["V100", "B100", "A100-SXM4-64GB", "H100 SXM 94GB", "RTX PRO 6000 Workstation", "", "A1"]
)
def test_what_no_profile_describes_means_none(live_catalog: Catalog, spelling: str) -> None:
    with pytest.raises(UnknownId):
        live_catalog.gpu(spelling)


@pytest.mark.parametrize(
    ("spelling", "hint"),
    [
        ("h100-smx", "h100-sxm"),
        ("MI300", "mi300x"),
        ("A100-SXM4-64GB", "a100-80gb-sxm"),
        ("B100", None),
        ("V100", None),
    ],
)
def test_a_hint_is_of_the_same_family(live_catalog: Catalog, spelling: str, hint: str | None) -> None:
    assert live_catalog.gpu_names.nearest(spelling) == hint


@given(st.sampled_from(NAMES), st.data())
def test_case_and_separators_do_not_change_what_a_name_means(name: str, data: st.DataObject) -> None:
    cased = "".join(data.draw(st.sampled_from((letter.lower(), letter.upper()))) for letter in name)
    spelled = re.sub(r"(?<=\S)[ \-_/](?=\S)", lambda _: data.draw(st.sampled_from("- _/")), cased)
    assert LIVE.gpu(spelled) is LIVE.gpu(name)


def test_a_name_of_two_gpus_is_a_problem_of_the_data(live_catalog: Catalog) -> None:
    copy = live_catalog.gpus["h100-sxm"].model_copy(update={"id": "h100-copy-sxm"})
    problems: list[str] = []
    names_of_gpus({**live_catalog.gpus, "h100-copy-sxm": copy}, problems)
    assert any("'H100' already names h100-sxm; an alias has one owner" in problem for problem in problems)
