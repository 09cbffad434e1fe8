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
        ("roles", [{"name": "SRE", "fte": 0}], "Staffing by role, entry 1, People"),
        ("roles", [{"name": "  ", "fte": 1}], "Staffing by role, entry 1, Role must have 1 or more characters"),
        ("roles", [{"name": "x" * 61, "fte": 1}], "Staffing by role, entry 1, Role must have 60 or fewer characters"),
        (
            "roles",
            [{"name": "SRE", "fte": 1}, {"name": " SRE", "fte": 2}],
            "Staffing by role lists 'SRE' twice; keep one",
        ),
        ("roles", [{"name": str(n), "fte": 1} for n in range(9)], "Staffing by role must have 8 or fewer entries"),
        (
            "roles",
            [{"name": "SRE", "fte": 1, "hires_fte": 1.5}],
            "still to be hired .FTE. is 1.5, but People .FTE. is 1; lower",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_label(field: str, value: Any, label: str) -> None:
    plain = scenario().model_dump(mode="json")
    with pytest.raises(DataError, match=label):
        parse_scenario(plain | {"operations": plain["operations"] | {field: value}})


def test_staffing_is_one_number_or_roles() -> None:
    plain = scenario().model_dump(mode="json")
    both = {"self_host_fte": 2, "roles": [{"name": "SRE", "fte": 2}]}
    told = (
        "Operations: Staffing, self-hosted (engineers) and Staffing by role are both given; keep one: the roles add up to the "
        "staffing."
    )
    with pytest.raises(DataError) as raised:
        parse_scenario(plain | {"operations": plain["operations"] | both})
    assert str(raised.value) == told
    assert raised.value.field == "operations"
