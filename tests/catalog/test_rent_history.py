"""Which GPU prices are current: the newest row wins, whatever the order, and a day sees only what was seen by then."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import Rent, RentProvider
from calculators.catalog.rent_history import STALE_DAYS, current_rents, is_fresh, price_points

DAY = date(2026, 11, 1)


def _rent(
    usd: float,
    days_ago: int = 0,
    instance: str | None = "m1",
    region: str | None = "us",
    gpus: int = 8,
    term: str = "on_demand",
) -> Rent:
    return Rent.model_validate(
        {
            "source": "s",
            "confidence": "medium",
            "gpu": "h100-sxm",
            "instance": instance,
            "gpus_per_instance": gpus,
            "region": region,
            "commitment": term,
            "usd_per_gpu_h": usd,
            "seen": DAY - timedelta(days=days_ago),
        }
    )


def _usd(rents: list[Rent], day: date = DAY) -> list[float]:
    return sorted(rent.usd_per_gpu_h for rent in current_rents(rents, day))


@pytest.mark.parametrize(
    ("newer", "current"),
    [
        ({}, [3.0]),  # the same machine and region
        ({"instance": None, "region": "eu"}, [3.0]),  # a list price that names no machine
        ({"instance": "m2", "region": "global"}, [3.0]),  # no specific region
        ({"instance": "m2", "region": None}, [3.0]),
        ({"instance": "m2"}, [2.0, 3.0]),  # another machine
        ({"region": "eu"}, [2.0, 3.0]),  # another region
        ({"instance": None, "gpus": 1}, [2.0, 3.0]),  # another size
        ({"instance": None, "term": "spot"}, [2.0, 3.0]),  # another term
    ],
)
def test_what_a_newer_row_takes_the_place_of(newer: dict[str, object], current: list[float]) -> None:
    assert _usd([_rent(2.0, days_ago=10), _rent(3.0, **newer)]) == current  # type: ignore[arg-type]


def test_an_older_row_that_names_nothing_yields_to_none() -> None:
    """What is sold now may be one machine of those that the list once spoke of: the row stays until a vague one follows."""
    assert _usd([_rent(2.0, days_ago=10, instance=None, region=None), _rent(3.0)]) == [2.0, 3.0]


def test_of_one_day_the_dearest_is_current() -> None:
    assert _usd([_rent(2.0), _rent(3.0), _rent(2.5)]) == [3.0]


rows = st.builds(
    _rent,
    st.sampled_from([1.0, 2.0, 3.0]),
    st.integers(0, 4),
    st.sampled_from([None, "m1", "m2"]),
    st.sampled_from([None, "global", "us", "eu"]),
    st.sampled_from([1, 8]),
    st.sampled_from(["on_demand", "spot"]),
)
books = st.lists(rows, max_size=8)
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)


@EXAMPLES
@given(books, st.data())
def test_the_order_of_rows_does_not_matter(rents: list[Rent], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rents))
    assert _usd(shuffled) == _usd(rents)


@EXAMPLES
@given(books, rows)
def test_a_row_that_is_added_changes_nothing_that_an_older_day_sees(rents: list[Rent], added: Rent) -> None:
    before = added.seen - timedelta(days=1)
    assert current_rents([*rents, added], before) == current_rents(rents, before)


@EXAMPLES
@given(books)
def test_the_newest_row_of_a_size_and_term_is_always_current(rents: list[Rent]) -> None:
    current = current_rents(rents, DAY)
    for rent in rents:
        alike = [r for r in rents if (r.gpus_per_instance, r.commitment) == (rent.gpus_per_instance, rent.commitment)]
        newest = max(r.seen for r in alike)
        assert any(r in current for r in alike if r.seen == newest)


@EXAMPLES
@given(books)
def test_what_is_current_stays_so_alone(rents: list[Rent]) -> None:
    once = current_rents(rents, DAY)
    assert current_rents(once, DAY) == once


def test_a_row_is_fresh_until_it_is_half_a_year_old() -> None:
    assert is_fresh(_rent(2.0, days_ago=STALE_DAYS), DAY)
    assert not is_fresh(_rent(2.0, days_ago=STALE_DAYS + 1), DAY)


def _provider(rents: list[Rent], **words: object) -> RentProvider:
    sources = {"s": {"title": "Lister, snapshot of May", "accessed": DAY, "kind": "secondary"}}
    return RentProvider.model_validate({"provider": "p", "name": "P", "rents": rents, "sources": sources, **words})


def test_points_over_time_hold_one_price_of_each_provider_while_it_is_fresh() -> None:
    one = _provider([_rent(2.0, days_ago=300), _rent(3.0, days_ago=20), _rent(9.0, days_ago=20, instance="m2")])
    other = _provider([_rent(4.0, days_ago=10), _rent(1.0, term="spot")], provider="q")
    index, market = (_provider([_rent(1.0)], provider=k, **{k: True}) for k in ("index", "marketplace"))
    points = list(price_points([one, other, index, market], "h100-sxm", DAY))
    assert points == [
        (DAY - timedelta(days=300), [2.0]),
        (DAY - timedelta(days=20), [3.0]),
        (DAY - timedelta(days=10), [3.0, 4.0]),
    ]


def test_superseded_rows_of_the_shipped_files_are_history(live_catalog: Catalog) -> None:
    verda = live_catalog.rent_providers["verda"]
    singles = [
        r for r in current_rents(verda.rents, date(2026, 11, 30)) if (r.gpu, r.gpus_per_instance) == ("h100-sxm", 1)
    ]
    assert {r.commitment: r.usd_per_gpu_h for r in singles} == {"on_demand": 3.928, "spot": 1.964}
    assert {r.usd_per_gpu_h for r in current_rents(verda.rents, date(2026, 5, 1)) if r.gpu == "h100-sxm"} == {
        2.29,
        0.8015,
    }
