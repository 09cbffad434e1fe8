"""Days on which sellers stop serving a closed model."""

from datetime import date

import pytest
from pydantic import ValidationError
from support import scenario

from calculators.api.rates import text_models
from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import library_model
from calculators.catalog.retirements import Retirements, is_retired, retirement, retirement_source, retirements
from calculators.evaluate import evaluate

DAY = date(2026, 10, 23)


def test_a_model_is_retired_from_its_day_on() -> None:
    end = retirement("openai", "gpt-4-turbo")
    assert end is not None
    assert (end.retired_on, end.successor) == (DAY, "gpt-5.6-sol")
    assert retirement_source(end).url == "https://developers.openai.com/api/docs/deprecations"
    assert [is_retired("openai", "gpt-4-turbo", day) for day in (date(2026, 10, 22), DAY)] == [False, True]
    assert retirement("openai", "gpt-5.4") is None


def test_every_retired_model_has_a_price_and_stands_once() -> None:
    known = retirements()
    assert [one.model for one in known.retirements if library_model(one.provider, one.model) is None] == []
    with pytest.raises(ValidationError, match="listed twice"):
        Retirements.model_validate(known.model_dump() | {"retirements": [known.retirements[0].model_dump()] * 2})


def test_a_retired_model_is_not_offered_but_marked_where_it_is_in_use(live_catalog: Catalog) -> None:
    assert "gpt-4-turbo" in text_models("openai", date(2026, 10, 22), live_catalog)
    assert "gpt-4-turbo" not in text_models("openai", DAY, live_catalog)
    used = {
        "candidates": [{"model": "gpt-oss-120b"}],
        "hardware": {"rent_usd_per_gpu_h": {}},
        "api": {"provider": "openai", "model": "gpt-4-turbo"},
    }
    told = " ".join(evaluate(scenario(**used, as_of=date(2026, 11, 29)), live_catalog).caveats)
    assert "gpt-4-turbo on OpenAI was retired on 2026-10-23; the seller names gpt-5.6-sol in its place" in told
    soon = {**used, "api": {"provider": "openai", "model": "gpt-4.1"}}
    assert "gpt-4.1 on OpenAI will be retired on 2027-01-14" in " ".join(
        evaluate(scenario(**soon), live_catalog).caveats
    )
