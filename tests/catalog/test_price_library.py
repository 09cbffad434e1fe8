"""Models with a token price."""

from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import library_model, library_names


def test_prices_are_never_looked_up_by_a_prefix(catalog: Catalog) -> None:
    assert library_model("openai", "gpt-5.4") is not None
    assert library_model("openai", "gpt-5.4-some-day") is None
    assert library_model("nobody", "gpt-5.4") is None


def test_names_are_those_that_the_list_gives_word_for_word() -> None:
    names = library_names("openai")
    assert names["gpt-5.2-codex"] == "gpt-5.2"
    assert names["gpt-4o"] == "gpt-4o"
    assert "gpt-5.2-some-day" not in names
