"""GPUs that one already has: used first, at nothing or at their price, until they are no longer paid for."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.held_gpus import HELD, held_machines
from calculators.fleet.staircase import machines_usd

TODAY = date(2026, 11, 23)
H100 = {"gpu": "h100-sxm", "gpus_count": 16, "gpus_per_machine": 8, "usd_per_gpu_h": 2.0, "paid_until": "2027-11-23"}
MACHINE_USD = 2.0 * 730 * 8


def _asked(lens: str = "sunk", *mine: dict[str, Any], **changes: Any) -> Any:
    hardware = {"existing_gpus": list(mine or (H100,)), "existing_lens": lens}
    return scenario(as_of=TODAY, **{"hardware": hardware, **changes})


def _build_usd(found: Evaluation) -> float:
    assert found.build is not None
    return found.build.usd_per_month


def test_the_first_machines_cost_what_is_counted_for_them_and_further_ones_their_rent() -> None:
    machines = np.array([0.0, 1, 2, 3, 5, np.inf])
    assert machines_usd(machines, 100.0, 2, 0.0) == pytest.approx([0, 0, 0, 100, 300, np.inf])
    assert machines_usd(machines, 100.0, 2, 70.0) == pytest.approx([0, 70, 140, 240, 440, np.inf])


@pytest.mark.parametrize(
    ("each", "regions", "count"), [(8, 1, 2), (4, 1, 4), (16, 1, 1), (32, 1, 0), (8, 2, 1), (8, 4, 0)]
)
def test_gpus_are_counted_in_whole_machines_of_each_region(
    catalog: Catalog, each: int, regions: int, count: int
) -> None:
    held = held_machines("h100-sxm", each, regions, _asked(), catalog)
    assert (held.count if held else 0) == count


def test_sunk_costs_nothing_until_the_reservation_ends_and_full_its_price(catalog: Catalog) -> None:
    sunk, full = (held_machines("h100-sxm", 8, 1, _asked(lens), catalog) for lens in ("sunk", "full"))
    assert sunk is not None
    assert full is not None
    assert (sunk.usd_per_month, sunk.later_usd_per_month) == (0.0, pytest.approx(MACHINE_USD))
    assert sunk.until_months == pytest.approx(12, abs=0.01)
    assert [sunk.usd_in(month) for month in (0, 11, 12, 30)] == pytest.approx([0, 0, MACHINE_USD, MACHINE_USD], abs=0.1)
    assert full.usd_in(0) == full.usd_in(30) == pytest.approx(MACHINE_USD)


def test_servers_of_ones_own_cost_what_running_them_does_under_either_lens(catalog: Catalog) -> None:
    own = H100 | {"paid_until": None, "usd_per_gpu_h": 0.3}
    for lens in ("sunk", "full"):
        held = held_machines("h100-sxm", 8, 1, _asked(lens, own), catalog)
        assert held is not None
        assert held.usd_in(0) == held.usd_in(100) == pytest.approx(0.3 * 730 * 8)


def test_a_reservation_that_has_ended_is_not_free(catalog: Catalog) -> None:
    held = held_machines("h100-sxm", 8, 1, _asked("sunk", H100 | {"paid_until": "2026-01-01"}), catalog)
    assert held is not None
    assert held.usd_in(0) == pytest.approx(MACHINE_USD)


def test_sunk_gpus_make_a_plan_cheap_that_their_full_cost_does_not(catalog: Catalog) -> None:
    sunk, full, none = (
        evaluate(asked, catalog)
        for asked in (_asked(), _asked("full"), scenario(as_of=TODAY, hardware={"existing_gpus": []}))
    )
    assert _build_usd(sunk) < _build_usd(full)
    assert _build_usd(sunk) < _build_usd(none)
    assert sunk.build is not None
    assert sunk.build.plan is not None
    assert "that you already have" in sunk.build.label
    assert sunk.build.lines[0].note.endswith("paid for anyway")
    assert sunk.today.usd_per_month == full.today.usd_per_month == none.today.usd_per_month
    assert any("sunk cost: using them costs nothing until 2027-11-23" in note for note in sunk.caveats)
    assert not any("one provider's list price" in note for note in sunk.caveats)


@pytest.mark.parametrize("ends", [None, "2026-01-01"])
def test_what_is_said_of_held_gpus_goes_by_those_of_the_fleet(catalog: Catalog, ends: str | None) -> None:
    """GPUs of another kind that are paid until later, and reservations that have ended, make none of the fleet's sunk cost."""
    other = {"gpu": "l40s", "gpus_count": 8, "gpus_per_machine": 8, "usd_per_gpu_h": 9.0, "paid_until": "2029-01-01"}
    cheap = H100 | {"usd_per_gpu_h": 0.1, "paid_until": ends}
    found = evaluate(_asked("sunk", cheap, other), catalog)
    assert found.build is not None
    assert found.build.plan is not None
    assert (found.build.plan.offer.gpu_id, found.build.plan.held_machines > 0) == ("h100-sxm", True)
    assert any("counted at the cost that you entered" in note for note in found.caveats)
    assert not any("sunk cost" in note for note in found.caveats)


def test_a_larger_fleet_rents_what_is_missing(catalog: Catalog) -> None:
    few = H100 | {"gpus_count": 1, "gpus_per_machine": 1}
    asked = _asked("sunk", few, workload={"requests_per_month": 60_000_000})
    found = evaluate(asked, catalog)
    assert found.build is not None
    assert found.build.plan is not None
    plan = found.build.plan
    if plan.held_machines:
        assert plan.held_machines < plan.machines
        assert f"{plan.gpus}× " in found.build.label
        assert "of them yours, the others" in found.build.label
    else:
        assert plan.offer.provider_id != HELD


def test_over_the_horizon_the_free_months_end(catalog: Catalog) -> None:
    asked = _asked(operations={"horizon_months": 24})
    found = evaluate(asked, catalog)
    build = next(one for one in found.horizon.options if one.option.kind == "self_host")
    assert build.cost_usd[0] < build.cost_usd[-1]
    assert (build.cost_usd[:11] == build.cost_usd[0]).all()


def test_what_cannot_be_is_refused_with_its_label(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="no whole number of machines"):
        _asked("sunk", H100 | {"gpus_count": 12})
    with pytest.raises(DataError, match="lists 'h100-sxm' twice"):
        _asked("sunk", H100, H100)
    twice = "GPUs you already have: 'h100-sxm' and 'h100-80gb' are both NVIDIA H100 80 GB SXM; keep one entry"
    with pytest.raises(DataError, match=twice):
        evaluate(_asked("sunk", H100, H100 | {"gpu": "h100-80gb", "paid_until": None}), catalog)
    with pytest.raises(DataError, match="GPUs you already have"):
        evaluate(_asked("sunk", H100 | {"gpu": "h100-sxn"}), catalog)


def test_gpus_that_one_has_are_used_whatever_other_gpus_are_selected(catalog: Catalog) -> None:
    hardware = {"gpus": ["l40s"], "existing_gpus": [H100], "rent_usd_per_gpu_h": {"l40s": 1.0, "h100-sxm": 2.0}}
    found = evaluate(scenario(as_of=TODAY, hardware=hardware), catalog)
    h100 = [s for s in found.envelope_staircases if s.offer.gpu_id == "h100-sxm"]
    assert h100
    assert all(s.offer.provider_id == HELD for s in h100)
