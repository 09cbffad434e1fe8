"""The table of sellers' cache rules."""

from datetime import date

import pytest

from calculators.catalog.catalog import Catalog
from calculators.prompts.seller_rules import UNKNOWN, duration, seller_rules
from calculators.scenario.defaults import default_scenario
from calculators.scenario.schema import Api

SCENARIO = default_scenario(date(2026, 11, 29))


@pytest.mark.parametrize(("seconds", "text"), [(300, "5 min"), (1_800, "30 min"), (3_600, "1 h"), (86_400, "24 h")])
def test_lifetimes_are_in_minutes_or_hours(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_todays_api_comes_first_and_every_seller_once(live_catalog: Catalog) -> None:
    rows = seller_rules(SCENARIO, live_catalog)
    assert SCENARIO.api.model in rows[0]["Seller"]
    assert len(rows) == len(live_catalog.rules)
    assert len({row["Seller"] for row in rows}) == len(rows)


def test_what_is_not_published_is_unknown_and_never_zero(live_catalog: Catalog) -> None:
    api = Api(provider="mistral", model="mistral-large-4")
    first = seller_rules(SCENARIO.model_copy(update={"api": api}), live_catalog)[0]
    assert (first["Minimum (tokens)"], first["Step (tokens)"], first["TTL"]) == (UNKNOWN,) * 3
