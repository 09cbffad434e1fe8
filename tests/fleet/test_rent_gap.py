"""Filters that leave no GPU price: which one does, and values with which one passes."""

from typing import Any

import pytest
from support import BASE

from calculators.catalog.catalog import Catalog
from calculators.fleet.machine_offers import machine_offers
from calculators.fleet.rent_gap import rent_gap
from calculators.scenario.schema import Scenario, parse_scenario


def _asked(**hardware: Any) -> Scenario:
    return parse_scenario({**BASE, "hardware": {"gpus": ["h100-sxm"], **hardware}})


@pytest.mark.parametrize(
    ("filters", "names", "why", "remedy", "relaxed"),
    [
        (
            {"max_rent_age_days": 5},
            ("age",),
            "maximum age: 5 days",
            "allow GPU prices of up to 22 days old",
            {"max_rent_age_days": 22},
        ),
        (
            {"commitments": ["5y"]},
            ("term",),
            "commitment terms: 5 years",
            "allow the commitment term on demand",
            {"commitments": ["on_demand"]},
        ),
        (
            {"commitments": []},
            ("term",),
            "commitment terms: none is selected",
            "allow the commitment term on demand",
            {"commitments": ["on_demand"]},
        ),
        (
            {"rent_providers": ["market"], "min_confidence": "high"},
            ("marketplace",),
            "marketplaces are left out",
            "include marketplaces",
            {"include_marketplaces": True},
        ),
        (
            {"rent_providers": ["singles"], "commitments": ["1y"], "max_rent_age_days": 1},
            ("age",),
            "maximum age: 1 day",
            "allow GPU prices of up to 22 days old",
            {"max_rent_age_days": 22},
        ),
        (
            {"commitments": ["5y"], "max_rent_age_days": 5},
            ("term", "age"),
            "commitment terms: 5 years and maximum age: 5 days",
            "allow the commitment term on demand and allow GPU prices of up to 22 days old",
            {"commitments": ["on_demand"], "max_rent_age_days": 22},
        ),
    ],
)
def test_the_filter_that_leaves_nothing_is_named_and_its_remedy_works(
    catalog: Catalog, filters: dict[str, Any], names: tuple[str, ...], why: str, remedy: str, relaxed: dict[str, Any]
) -> None:
    gap = rent_gap(_asked(**filters), catalog)
    assert gap is not None
    assert (gap.rows_count, gap.filters, gap.why, gap.remedy) == (6, names, why, remedy)
    assert rent_gap(_asked(**filters | relaxed), catalog) is None
    assert machine_offers(catalog.gpu("h100-sxm"), _asked(**filters | relaxed), catalog)


def test_there_is_no_gap_where_a_price_passes_or_is_yours(catalog: Catalog) -> None:
    assert rent_gap(_asked(), catalog) is None
    assert rent_gap(_asked(commitments=[], rent_usd_per_gpu_h={"h100-sxm": 2}), catalog) is None


def test_the_gap_in_sentences(catalog: Catalog) -> None:
    gap = rent_gap(_asked(max_rent_age_days=5), catalog)
    assert gap is not None
    assert gap.words == (
        "Renting GPUs is not compared: none of 6 GPU prices passes your filters (maximum age: 5 days). "
        "Allow GPU prices of up to 22 days old on the Candidates page."
    )
