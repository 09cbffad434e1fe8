"""Errors of what people and files say."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError, UnknownId


def test_an_unknown_id_is_an_error_of_the_data() -> None:
    assert issubclass(UnknownId, DataError)
    assert issubclass(DataError, ValueError)


def test_it_names_the_value_and_what_is_near(catalog: Catalog) -> None:
    with pytest.raises(UnknownId, match=r"llama-3\.3-70"):
        catalog.model("llama-3.3-70")
