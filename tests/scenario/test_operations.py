"""How a fleet is operated: what is not typed is the rule of thumb, and what cannot be is refused."""

from typing import Any

import pytest
from support import scenario

from calculators.errors import DataError
from calculators.scenario.operations import Operations
from calculators.scenario.schema import parse_scenario


def test_nothing_typed_leaves_every_cost_to_the_rule_of_thumb() -> None:
    plain = Operations()
    assert {name for name in Operations.model_fields if getattr(plain, name) is None} == {
        *("self_host_fte", "engineer_usd_per_year", "platform_usd_per_month", "migration_weeks"),
        *("hosted_fte", "hosted_migration_weeks", "regions"),
    }


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("horizon_months", 0, "Horizon"),
        ("horizon_months", 121, "Horizon"),
        ("spare_replicas", -1, "Spare replicas"),
        ("self_host_fte", -0.5, "Staffing, self-hosted"),
        ("regions", 5, "Regions"),
    ],
)
def test_what_cannot_be_is_refused_with_its_label(field: str, value: Any, label: str) -> None:
    plain = scenario().model_dump(mode="json")
    with pytest.raises(DataError, match=label):
        parse_scenario(plain | {"operations": plain["operations"] | {field: value}})
