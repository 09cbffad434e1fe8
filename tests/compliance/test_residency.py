"""Whether the product that a price is for meets the residency requirement."""

from typing import Any

import pytest

from calculators.catalog.compliance_rules import Operator, Resale
from calculators.catalog.load import load_catalog
from calculators.compliance.residency import (
    is_regional,
    jurisdiction,
    machine_meets_residency,
    product_meets_residency,
    required_facts,
)

EU: frozenset[Any] = frozenset({"processing_eu"})


@pytest.mark.parametrize(
    ("region", "where"),
    [
        ("us-east-1", "us"),
        ("eastus", "us"),
        ("us-gov-west-1", "gov"),
        ("eu-north1", "eu"),
        ("FIN-03", "eu"),
        ("warsaw-poland-1", "eu"),
        ("CANADA-1", "ca"),
        ("global", None),
        ("any", None),
        (None, None),
    ],
)
def test_where_a_region_is(region: str | None, where: str | None) -> None:
    assert jurisdiction(region) == where


def test_a_machine_of_another_place_has_no_price_that_counts() -> None:
    assert machine_meets_residency(False, "eu-north1", EU)
    assert machine_meets_residency(False, None, EU)
    assert not machine_meets_residency(False, "us-east-1", EU)
    assert not machine_meets_residency(False, "us-east-1", frozenset({"itar"}))
    assert machine_meets_residency(False, "us-gov-west-1", frozenset({"itar", "processing_us"}))
    assert machine_meets_residency(True, "us-east-1", EU)


def test_facts_of_requirements_confine_processing_or_not() -> None:
    requirements = load_catalog().requirements
    assert required_facts([requirements["gdpr"], requirements["residency-eu"]]) == {"dpa", "processing_eu"}
    assert is_regional(EU)
    assert not is_regional(required_facts([requirements["gdpr"]]))


def _meets(kind: str, model: str, needed: frozenset[Any], resales: tuple[Resale, ...] = (), **facts: str) -> bool:
    known = {name: {"value": value, "source": "test", "confidence": "high"} for name, value in facts.items()}
    operator = Operator.model_validate({"id": "seller", "name": "Seller", "path": "direct_api", "facts": known})
    return product_meets_residency(kind, model, "seller", operator, needed, resales)


def test_a_default_endpoint_is_not_the_regional_one_that_has_its_own_price() -> None:
    regional = Resale.model_validate(
        {
            **{"provider": "seller", "operator": "seller", "price_ratio": 1.0, "regional_price_ratio": 1.1},
            **{"source": "test", "confidence": "high", "note": ""},
        }
    )
    assert _meets("api_today", "m", EU)
    assert not _meets("api_today", "m", EU, (regional,))
    assert _meets("api_today", "m", frozenset({"dpa"}), (regional,))
    assert _meets("resold_api", "m", EU, (regional,))


def test_a_global_model_and_a_region_on_request_have_no_list_price_that_counts() -> None:
    assert not _meets("api_today", "global.m", EU)
    assert not _meets("hosted_open", "m", EU, processing_eu="on_request")
    assert _meets("hosted_open", "m", EU, processing_eu="yes")


def test_a_government_service_on_request_has_no_list_price_that_counts() -> None:
    """Not even through a cloud, whose list is that of its public regions; what nobody answered yet keeps its price."""
    cui: frozenset[Any] = frozenset({"fedramp_moderate"})
    assert not _meets("resold_api", "m", cui, fedramp_high="on_request")
    assert _meets("resold_api", "m", cui, fedramp_high="yes")
    assert _meets("resold_api", "m", cui)
