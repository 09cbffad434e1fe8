"""What the user knows of a purchase binds, and is marked as theirs."""

from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError, UnknownId
from calculators.fleet.owned_servers import owned_running_usd_per_gpu_month, owned_usd_per_gpu_h, residual_frac
from calculators.scenario.inputs import Inputs
from calculators.scenario.operations import Operations
from calculators.scenario.outlook import Outlook


def _inputs(catalog: Catalog, **purchase: Any) -> Inputs:
    return Inputs.of(scenario(hardware={"purchase": purchase}), catalog)


def test_a_quoted_server_costs_what_was_quoted(catalog: Catalog) -> None:
    """$320,000 for 8 GPUs, nothing else, sold for nothing after 4 years: $833.33 a month each, and 1 kW at $182.50."""
    quoted = {"servers": [{"gpu": "h100-sxm", "usd_per_server": 320_000}], "network_and_spares_frac": 0.0}
    free = {"installation_frac": 0.0, "maintenance_frac_per_year": 0.0, "residual_3y_frac": 0.0, "life_years": 4}
    found = _inputs(catalog, **quoted, **free)
    asked = found.scenario.model_copy(
        update={"operations": Operations(horizon_months=48), "outlook": Outlook(server_lead_weeks=0)}
    )
    assert owned_usd_per_gpu_h("h100-sxm", asked, found.catalog) == pytest.approx((320_000 / 8 / 48 + 182.5) / 730)
    book = found.catalog.ownership
    assert book.server_usd_per_gpu["h100-sxm"].source == "typed"
    assert book.sources["typed"].title == "Your figure"
    assert book.servers["h100-sxm"].gpus_count == 8


def test_power_of_ones_own_takes_the_place_of_colocation(catalog: Catalog) -> None:
    """1 kW x $0.10 x 1.2 x 730 h."""
    book = _inputs(catalog, electricity_usd_per_kwh=0.1, pue_ratio=1.2).catalog.ownership
    assert owned_running_usd_per_gpu_month("h100-sxm", book) == pytest.approx(0.1 * 1.2 * 730)
    colocated = _inputs(catalog, colocation_usd_per_kw_month=250.0).catalog.ownership
    assert owned_running_usd_per_gpu_month("h100-sxm", colocated) == pytest.approx(250)


def test_a_residual_value_falls_evenly_through_the_figure_of_three_years(catalog: Catalog) -> None:
    book = _inputs(catalog, residual_3y_frac=0.343).catalog.ownership
    assert [residual_frac(year, book) for year in (1, 2, 3)] == pytest.approx([0.7, 0.49, 0.343])


def test_a_gpu_that_the_data_have_no_price_of_can_be_bought_at_yours(catalog: Catalog) -> None:
    unpriced = next(id for id in catalog.gpus if id not in catalog.ownership.server_usd_per_gpu)
    book = _inputs(
        catalog, servers=[{"gpu": unpriced, "usd_per_server": 8_000, "gpus_per_server": 4}]
    ).catalog.ownership
    assert book.server_usd_per_gpu[unpriced].central == 2_000
    assert book.servers[unpriced].gpus_count == 4


def test_nothing_typed_changes_nothing_and_the_same_figures_are_laid_over_once(catalog: Catalog) -> None:
    assert _inputs(catalog).catalog is catalog
    first, second = (_inputs(catalog, life_years=3) for _ in range(2))
    assert first.catalog is second.catalog
    assert Inputs.of(first.scenario, first.catalog).catalog is first.catalog


def test_what_cannot_be_is_refused_with_its_label(catalog: Catalog) -> None:
    with pytest.raises(UnknownId, match="Your purchase"):
        _inputs(catalog, servers=[{"gpu": "h100-sxn", "usd_per_server": 1}])
    with pytest.raises(DataError, match="both given; keep the one that you pay"):
        _inputs(catalog, electricity_usd_per_kwh=0.1, colocation_usd_per_kw_month=100.0)
    with pytest.raises(DataError, match="lists 'h100-sxm' twice"):
        _inputs(catalog, servers=[{"gpu": "h100-sxm", "usd_per_server": 1}] * 2)
    with pytest.raises(DataError, match="PUE of that room"):
        _inputs(catalog, pue_ratio=0.5)
