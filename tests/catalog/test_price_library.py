"""Models with a token price."""

from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import library_model


def test_prices_are_never_looked_up_by_a_prefix(catalog: Catalog) -> None:
    assert library_model("openai", "gpt-5.4") is not None
    assert library_model("openai", "gpt-5.4-some-day") is None
    assert library_model("nobody", "gpt-5.4") is None
