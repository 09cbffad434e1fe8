"""What every record of a data file keeps to."""

import pytest
from pydantic import TypeAdapter, ValidationError

from calculators.catalog.base import HubId, Range
from calculators.catalog.catalog import Catalog


def test_records_are_frozen(catalog: Catalog) -> None:
    with pytest.raises(ValidationError):
        catalog.gpu("h100-sxm").id = "other"  # type: ignore[misc]


def test_a_range_is_ordered() -> None:
    words = {"source": "s", "confidence": "low", "unit": "x", "what": "y"}
    assert Range(low=1, central=1, high=1, **words).central == 1  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="low <= central <= high"):
        Range(low=2, central=1, high=3, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x/$(id)", "a b", "x/y/z", "-flag", "x/y\n", "x;y", "", "a/`id`", "ü/y"])
def test_a_name_that_would_go_into_a_command_must_be_a_plain_one(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(HubId).validate_python(name)
    assert TypeAdapter(HubId).validate_python("Qwen/Qwen3.5-27B") == "Qwen/Qwen3.5-27B"
