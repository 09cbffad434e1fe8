"""The price file inside a litellm package."""

from datetime import date
from pathlib import Path

import pytest
from price_packages import litellm_entry, litellm_wheel, wheel

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.litellm_file import ROUTES, read_litellm

DAY = date(2026, 11, 30)


def test_prices_of_known_routes_are_per_million_with_tiers_and_batch(tmp_path: Path) -> None:
    long = {"input_cost_per_token_above_272k_tokens": 4e-6, "input_cost_per_token_batches": 1e-6}
    entries = {
        "nebius/a/b": litellm_entry(0.15, 0.6, cache_read_input_token_cost=1e-7),
        "azure/gpt": litellm_entry(2, 8, **long),
        "azure_ai/gpt": litellm_entry(3, 9),
        "openai/gpt": litellm_entry(1, 2),
        "nebius/image": {"mode": "image_generation", "input_cost_per_token": 1, "output_cost_per_token": 1},
    }
    publication = read_litellm(litellm_wheel(tmp_path, entries), DAY)
    read = {one.name: one.prices[0] for one in publication.tokens}
    assert set(read) == {"nebius/a/b", "azure-foundry/gpt"}
    assert (read["nebius/a/b"].input_usd_per_mtok, read["nebius/a/b"].cache_read_usd_per_mtok) == (0.15, 0.1)
    gpt = read["azure-foundry/gpt"]
    assert (gpt.input_usd_per_mtok, gpt.batch_input_usd_per_mtok, gpt.batch_output_usd_per_mtok) == (2, 1, None)
    assert (gpt.tiers[0].above_input_tok, gpt.tiers[0].input_usd_per_mtok, gpt.tiers[0].output_usd_per_mtok) == (
        272_000,
        4,
        8,
    )
    assert (publication.key, gpt.source, gpt.valid_from) == ("litellm-99.0.2", "litellm-99.0.2", DAY)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (litellm_entry(0, 1), "a price of zero"),
        (litellm_entry(-1, 1), "no number, or a negative one"),
        (litellm_entry(150_000, 600_000), "is the unit another one"),
        ({**litellm_entry(1, 1), "input_cost_per_token": "cheap"}, "no number"),
        ({**litellm_entry(1, 1), "output_cost_per_token": None}, "no number"),
        ({**litellm_entry(1, 1), "output_cost_per_token": float("nan")}, "no number"),
    ],
)
def test_what_can_be_no_price_says_why(tmp_path: Path, entry: dict[str, object], words: str) -> None:
    [one] = read_litellm(litellm_wheel(tmp_path, {"nebius/a": entry}), DAY).tokens
    assert words in one.problem


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', '{"nebius/a": {"mode": "chat"}}', "[" * 100_000])
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    member = "litellm/model_prices_and_context_window_backup.json"
    with pytest.raises(DataError, match="left as they were"):
        read_litellm(wheel(tmp_path, "litellm", "9", {member: text}), DAY)


def test_every_seller_with_a_price_file_of_its_own_has_a_route(live_catalog: Catalog) -> None:
    assert set(ROUTES) <= set(live_catalog.api_providers)
