"""What an update appends, what it holds back, and what is no news."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from calculators.api.rates import api_offer, api_rates
from calculators.catalog.base import Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import ApiPrice, Rent
from calculators.price_updates.changes import Changes, changes_of
from calculators.price_updates.published import Publication, PublishedRent, PublishedTokens

DAY = date(2026, 11, 20)
SOURCE = Source(title="A list", accessed=DAY, kind="library")


def _tokens(
    model: str, input_usd: float, output_usd: float, provider: str = "testhost", since: date = DAY, **more: Any
) -> PublishedTokens:
    price = ApiPrice(
        source="k",
        confidence="medium",
        valid_from=since,
        input_usd_per_mtok=input_usd,
        output_usd_per_mtok=output_usd,
        **more,
    )
    return PublishedTokens(provider, model, (price,))


def _rent(usd: float, provider: str = "eights", seen: date = DAY, **more: Any) -> PublishedRent:
    row = {
        "source": "k",
        "confidence": "medium",
        "gpu": "h100-sxm",
        "instance": None,
        "gpus_per_instance": 8,
        "region": None,
    }
    return PublishedRent(
        provider,
        provider,
        Rent.model_validate({**row, "commitment": "on_demand", "usd_per_gpu_h": usd, "seen": seen, **more}),
    )


def _changes(
    catalog: Catalog, *published: PublishedTokens | PublishedRent, day: date = DAY, accepted: Iterable[str] = ()
) -> Changes:
    tokens = tuple(one for one in published if isinstance(one, PublishedTokens))
    rents = tuple(one for one in published if isinstance(one, PublishedRent))
    return changes_of(Publication("k", SOURCE, tokens, rents), day, accepted, catalog)


def test_a_changed_price_is_appended_and_the_same_one_confirmed_once_it_is_old(catalog: Catalog) -> None:
    changed = _changes(catalog, _tokens("closed", 2.0, 10))
    assert [(one.published.model, one.is_confirmed) for one in changed.tokens] == [("closed", False)]
    same = _changes(catalog, _tokens("closed", 2.5005, 10))
    assert [one.is_confirmed for one in same.tokens] == [True]
    early = _changes(catalog, _tokens("closed", 2.5, 10, since=date(2026, 1, 20)), day=DAY)
    assert (early.tokens, early.held) == ((), ())


def test_a_package_no_newer_than_our_row_is_no_news(catalog: Catalog) -> None:
    """Our row is of 2026-01-01; what was released by then is history, whatever it says."""
    for released, news in ((date(2025, 12, 1), 0), (date(2026, 1, 1), 0), (date(2026, 1, 2), 1)):
        assert len(_changes(catalog, _tokens("closed", 2.0, 10, since=released)).tokens) == news


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (_tokens("closed", 1.2, 10), "input was $2.5, now $1.2: more than 2x"),
        (_tokens("closed", 2.5, 21), "output was $10, now $21: more than 2x"),
        (
            _tokens("closed-cached", 2, 8, cache_read_usd_per_mtok=0.05, cache_write_usd_per_mtok=2.5),
            "cache read was $0.2",
        ),
        (_rent(4.5), "was $2 on 2026-11-01: more than 2x"),
        (_rent(1.4, provider="newcomer", gpu="l40s", gpus_per_instance=1), ""),
        (_rent(7.0, provider="newcomer"), "against a median of $1.5 at 3 other providers"),
        (_rent(0.7, provider="newcomer"), "against a median of $1.5 at 3 other providers"),
    ],
)
def test_what_moved_too_far_or_leaves_its_peers_is_held_back_until_accepted(
    catalog: Catalog, published: PublishedTokens | PublishedRent, words: str
) -> None:
    changes = _changes(catalog, published)
    assert [words in held.why for held in changes.held] == ([True] if words else [])
    assert len(changes.tokens) + len(changes.rents) == (not words)
    accepted = _changes(catalog, published, accepted=[published.name])
    assert (len(accepted.tokens) + len(accepted.rents), accepted.held) == (1, ())


def test_announced_prices_tiers_and_batch_prices_are_held_against_what_they_follow(catalog: Catalog) -> None:
    def held(*prices: ApiPrice, model: str = "closed") -> list[str]:
        return [one.why for one in _changes(catalog, PublishedTokens("testhost", model, prices)).held]

    now = _tokens("closed", 2.0, 10).prices[0]
    later = now.model_copy(update={"valid_from": date(2027, 1, 1), "input_usd_per_mtok": 5.0})
    assert held(now, later) == ["input was $2, from 2027-01-01 on $5: more than 2x"]
    assert held(now, later.model_copy(update={"input_usd_per_mtok": 4.0})) == []
    cached = {"cache_read_usd_per_mtok": 0.2, "cache_write_usd_per_mtok": 2.5, "batch_input_usd_per_mtok": 0.4}
    batch = _tokens("closed-cached", 2, 8, **cached, batch_output_usd_per_mtok=4).prices[0]
    assert held(batch, model="closed-cached") == ["input was $1, now in the batch API $0.4: more than 2x"]


def test_a_price_that_can_be_none_is_never_accepted(catalog: Catalog) -> None:
    broken = PublishedTokens("testhost", "closed", problem="a price of zero")
    [held] = _changes(catalog, broken, accepted=["testhost/closed"]).held
    assert (held.what, held.why) == ("no price", "a price of zero")
    assert _changes(catalog, PublishedTokens("testhost", "nobody-knows", problem="a price of zero")).held == ()


def test_who_was_always_dear_is_no_news(catalog: Catalog) -> None:
    """At 7 USD a year ago and 7.50 today, against a median of 1.50 elsewhere."""
    dear = catalog.rent_providers["singles"]
    rows = (dear.rents[0].model_copy(update={"usd_per_gpu_h": 7.0}),)
    providers = {**catalog.rent_providers, "singles": dear.model_copy(update={"rents": rows})}
    changes = _changes(replace(catalog, rent_providers=providers), _rent(7.5, "singles", gpus_per_instance=1))
    assert [one.published.rent.usd_per_gpu_h for one in changes.rents] == [7.5]


def test_peers_are_taken_at_their_lowest_current_rent(catalog: Catalog) -> None:
    """Five providers: one machine at 1 until a row of it at 1.50, and since then another machine at 7."""
    rows = ((1.0, "m1", date(2026, 10, 1)), (1.5, "m1", date(2026, 11, 1)), (7.0, "m2", DAY))
    rents = tuple(_rent(usd, "p", seen, instance=machine, region="us").rent for usd, machine, seen in rows)
    peer = catalog.rent_providers["eights"].model_copy(update={"rents": rents})
    providers = {f"p{n}": peer.model_copy(update={"provider": f"p{n}"}) for n in range(5)}
    changes = _changes(replace(catalog, rent_providers=providers), _rent(6.0, provider="newcomer"))
    assert [held.why for held in changes.held] == ["against a median of $1.5 at 5 other providers"]


def test_sellers_of_a_new_gpu_that_disagree_are_held_back_together(catalog: Catalog) -> None:
    """One of them rents a sixth of the GPU under its name."""
    new = {"gpu": "l40s", "instance": "m", "region": "us"}
    nobody = {name: one.model_copy(update={"rents": ()}) for name, one in catalog.rent_providers.items()}
    rents = [_rent(usd, provider, **new) for usd, provider in ((0.45, "sixth"), (2.0, "whole"))]
    held = _changes(replace(catalog, rent_providers=nobody), *rents).held
    assert sorted(one.why for one in held) == [
        "against a median of $0.45 at 1 other provider",
        "against a median of $2 at 1 other provider",
    ]


def test_an_unlisted_model_is_taken_only_of_sellers_of_the_price_library(catalog: Catalog) -> None:
    assert _changes(catalog, _tokens("unheard-of", 1, 2)).tokens == ()
    [new] = _changes(catalog, _tokens("gpt-99", 1, 2, provider="openai")).tokens
    assert new.before is None


def test_what_the_installed_library_says_is_no_news_where_a_row_of_ours_corrects_it(live_catalog: Catalog) -> None:
    now = api_rates(api_offer("groq", "llama-3.3-70b-versatile", live_catalog), DAY)[0]
    published = _tokens("llama-3.3-70b-versatile", now.input_usd_per_mtok, now.output_usd_per_mtok, provider="groq")
    assert _changes(live_catalog, published).tokens == ()


def test_of_a_machine_in_many_zones_the_cheapest_of_each_jurisdiction_is_kept(catalog: Catalog) -> None:
    zones = [("eu-1", 2.1), ("eu-2", 2.0), ("us-1", 1.9), ("us-2", 2.2), (None, 2.3)]
    changes = _changes(catalog, *[_rent(usd, instance="big", region=region) for region, usd in zones])
    assert sorted((one.published.rent.region or "", one.published.rent.usd_per_gpu_h) for one in changes.rents) == [
        ("", 2.3),
        ("eu-2", 2.0),
        ("us-1", 1.9),
    ]


def test_a_rent_of_an_older_day_or_the_same_one_of_late_is_left(catalog: Catalog) -> None:
    assert _changes(catalog, _rent(1.9, seen=date(2026, 10, 1))).rents == ()
    assert _changes(catalog, _rent(2.0)).rents == ()
    [again] = _changes(catalog, _rent(2.0, seen=date(2026, 12, 15))).rents
    assert again.is_confirmed
