"""Sizes of closed models."""

import pytest
from pydantic import ValidationError

from calculators.catalog.line_ups import LineUps, line_up_name, line_up_source, line_ups, place_in_line_up
from calculators.catalog.price_library import library_models


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("global.anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
        ("regional.amazon.nova-2-lite-v1:0", "nova-2-lite"),
        ("gpt-4o-2024-05-13", "gpt-4o"),
        ("gemini-3-pro-preview", "gemini-3-pro"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
    ],
)
def test_a_model_has_one_name_whatever_the_route_place_and_revision(id: str, name: str) -> None:
    assert line_up_name(id) == name


def test_a_model_stands_in_one_size_of_its_makers_line_up() -> None:
    place = place_in_line_up("global.openai.gpt-6.1-terra")
    assert place is not None
    assert (place[0].maker, place[0].sizes[place[1]].name) == ("OpenAI", "Terra")
    assert line_up_source(place[0]).url.startswith("https://")
    assert place_in_line_up("my-model") is None


def test_the_newest_model_of_each_size_has_a_price() -> None:
    sold = {
        line_up_name(id)
        for seller in ("openai", "anthropic", "google", "aws", "mistral", "x-ai")
        for id in library_models(seller)
    }
    newest = {size.models[0] for line_up in line_ups().line_ups for size in line_up.sizes}
    assert newest - sold == set()


def test_a_name_that_stands_twice_or_matches_nothing_is_refused() -> None:
    plain = line_ups().model_dump()
    with pytest.raises(ValidationError, match="listed twice"):
        LineUps.model_validate(plain | {"line_ups": [plain["line_ups"][0]] * 2})
    first = plain["line_ups"][0]
    other = first | {"sizes": [{"name": "Sol", "models": ["gpt-5-latest"]}]}
    with pytest.raises(ValidationError, match="never matched; write gpt-5"):
        LineUps.model_validate(plain | {"line_ups": [other]})
