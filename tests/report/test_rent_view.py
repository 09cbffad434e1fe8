"""What the page of prices says of GPU prices: each row counted once, and no change told from a day with few providers."""

from datetime import date

from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.report.rent_view import (
    LEFT_OUT_WORDS,
    PricePoint,
    history_takeaway,
    listed_rents,
    price_history,
    search_counts,
    search_sentence,
    use_words,
)


def _point(day: int, *usd: float) -> PricePoint:
    middle = sorted(usd)[len(usd) // 2]
    return PricePoint(date(2026, 10, day), min(usd), middle, max(usd), len(usd))


def test_every_row_counts_once(catalog: Catalog) -> None:
    asked = scenario(hardware={"rent_usd_per_gpu_h": {}, "gpus": ["h100-sxm", "l40s"]})
    rows = listed_rents(asked, catalog)
    assert search_counts(rows) == [
        ("searched", 3),
        ("GPU not compared", 1),
        ("market index, not for rent", 1),
        ("marketplaces are left out", 1),
        ("commitment term not selected", 1),
        ("below the minimum price confidence", 1),
        ("above the maximum age", 1),
    ]
    assert search_sentence(rows) == "Your scenario searches 3 of 9 GPU prices."


def test_the_reasons_of_shipped_rows_all_have_words(live_catalog: Catalog) -> None:
    rows = listed_rents(scenario(hardware={"rent_usd_per_gpu_h": {}}), live_catalog)
    words = {use_words(row) for row in rows}
    assert len(rows) == sum(count for _, count in search_counts(rows))
    assert {
        "searched",
        LEFT_OUT_WORDS["index"],
        LEFT_OUT_WORDS["superseded"],
        LEFT_OUT_WORDS["marketplace"],
        LEFT_OUT_WORDS["term"],
    } <= words
    assert "older ones where nothing newer holds the replica" in search_sentence(rows)


def test_a_change_is_told_against_a_day_with_half_as_many_providers() -> None:
    points = [_point(1, 1.0), _point(2, 2.0, 2.0, 4.0), _point(3, 3.0, 3.0, 3.0, 3.0, 9.0)]
    assert history_takeaway("GPU", points) == (
        "GPU: the median provider asked $3/GPU-hour on 2026-10-03 (5 providers, $3 to $9), "
        "+50% against $2 on 2026-10-02 (3 providers)."
    )
    few = [_point(1, 1.0), _point(3, 3.0, 3.0, 3.0)]
    assert "no earlier day has half as many" in history_takeaway("GPU", few)
    assert history_takeaway("GPU", []) == "GPU: no on-demand price is listed."


def test_the_history_is_of_the_lowest_price_of_each_provider(catalog: Catalog) -> None:
    *_, last = price_history("h100-sxm", TODAY, catalog)
    assert (last.low_usd_per_gpu_h, last.high_usd_per_gpu_h, last.providers_count) == (1.5, 2.0, 2)
