"""Lines of price lists as rents, and those that are no offer of one machine."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.catalog.catalog import Catalog
from calculators.price_updates.machine_rents import SoldMachine, rents_of_machines

DAY = date(2026, 11, 20)


def _line(**changes: object) -> SoldMachine:
    plain = {"provider": "eights", "instance": "big", "gpu_name": "H100 SXM", "memory_gb": 80.0, "gpus_count": 8.0}
    return SoldMachine(**{**plain, "region": "eu-1", "commitment": "on_demand", "usd_per_h": 20.0, **changes})  # type: ignore[arg-type]


def test_the_price_of_a_machine_is_shared_by_its_gpus(catalog: Catalog) -> None:
    [one], held = rents_of_machines([_line()], "key", DAY, catalog)
    rent = one.rent
    assert (rent.usd_per_gpu_h, rent.gpus_per_instance, rent.gpu, rent.seen, rent.source) == (
        2.5,
        8,
        "h100-sxm",
        DAY,
        "key",
    )
    assert (one.provider_name, one.name, held) == ("Eights", "eights/big/eu-1/on_demand", ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gpus_count": None}, "without a machine size"),
        ({"gpus_count": 0.5}, "without a machine size"),
        ({"gpus_count": 1e6}, "without a machine size"),
        ({"instance": "any"}, "made up, or the middle of several"),
        ({"region": "Median"}, "made up, or the middle of several"),
        ({"usd_per_h": 0.0}, "no plausible rent"),
        ({"usd_per_h": -20.0}, "no plausible rent"),
        ({"usd_per_h": 15_000.0}, "no plausible rent"),
        ({"usd_per_h": float("nan")}, "no plausible rent"),
    ],
)
def test_what_is_no_offer_of_one_machine_is_held_back(catalog: Catalog, changes: dict[str, object], words: str) -> None:
    rents, [held] = rents_of_machines([_line(**changes)], "key", DAY, catalog)
    assert rents == ()
    assert words in held.why


def test_a_gpu_of_several_forms_is_asked_for_and_an_unknown_one_left_out(live_catalog: Catalog) -> None:
    lines = [_line(gpu_name="H100", gpus_count=1.0, usd_per_h=2.5), _line(gpu_name="T4", memory_gb=16.0)]
    rents, [held] = rents_of_machines(lines, "key", DAY, live_catalog)
    assert rents == ()
    assert "fits several GPUs" in held.why


@given(count=st.integers(1, 16), usd_per_gpu_h=st.floats(0.06, 50))
def test_rents_stay_within_a_millionth_of_the_list(catalog: Catalog, count: int, usd_per_gpu_h: float) -> None:
    line = _line(gpus_count=float(count), usd_per_h=usd_per_gpu_h * count)
    [one], _ = rents_of_machines([line], "key", DAY, catalog)
    assert one.rent.usd_per_gpu_h == pytest.approx(usd_per_gpu_h, rel=1e-5)
