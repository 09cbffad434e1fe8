"""Cheaper models of the maker in use."""

from datetime import date

import pytest

from calculators.api.step_downs import step_downs, superseded_by
from calculators.catalog.catalog import Catalog
from calculators.catalog.line_ups import place_in_line_up

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("provider", "model", "steps"),
    [
        ("openai", "gpt-5.4", ("gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-luna")),
        ("openai", "gpt-6.1-sol", ("gpt-6.1-terra", "gpt-6-luna")),
        ("openai", "gpt-6-luna", ()),
        ("anthropic", "claude-3-5-sonnet", ("claude-sonnet-5-5", "claude-haiku-5-5")),
        ("google", "claude-opus-5", ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")),
        ("openai", "not-a-model", ()),
    ],
)
def test_the_newest_of_the_same_size_comes_first_then_each_smaller_one(
    provider: str, model: str, steps: tuple[str, ...], live_catalog: Catalog
) -> None:
    assert step_downs(provider, model, DAY, live_catalog) == steps


@pytest.mark.parametrize("place", ["global", "regional"])
def test_a_step_down_keeps_the_route_of_the_model_in_use(place: str, live_catalog: Catalog) -> None:
    found = step_downs("aws", f"{place}.anthropic.claude-sonnet-5-5", DAY, live_catalog)
    assert found == (f"{place}.anthropic.claude-haiku-5-5",)


def test_a_model_is_superseded_by_the_newest_of_its_size_only(live_catalog: Catalog) -> None:
    assert superseded_by("openai", "gpt-5.4", DAY, live_catalog) == "gpt-6.1-sol"
    assert superseded_by("openai", "gpt-6.1-sol", DAY, live_catalog) is None
    assert superseded_by("openai", "not-a-model", DAY, live_catalog) is None


def test_what_a_seller_no_longer_serves_is_no_step_down(live_catalog: Catalog) -> None:
    for provider, model in (("openai", "gpt-4"), ("google", "gemini-2.5-pro"), ("anthropic", "claude-3-opus-latest")):
        for id in step_downs(provider, model, DAY, live_catalog):
            place, today = place_in_line_up(id), place_in_line_up(model)
            assert place is not None
            assert today is not None
            assert place[0] is today[0]
            assert place[1] >= today[1]
