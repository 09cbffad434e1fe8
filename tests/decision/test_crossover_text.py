"""The words of a crossover."""

from dataclasses import replace

from options_by_hand import DURABLE, NEVER, hand_made_build, hand_made_buy

from calculators.catalog.catalog import Catalog
from calculators.decision.crossover import Crossing
from calculators.decision.crossover_text import break_even_clause, crossover_takeaway

API = hand_made_buy("api_today", 100)


def test_the_clause_of_each_kind() -> None:
    assert break_even_clause(DURABLE, [API]) == "self-hosting stays cheaper from 5M requests/month"
    limited = replace(DURABLE, until_req_per_month=9e6)
    assert break_even_clause(limited, [API]).endswith("from 5M requests/month up to 9M, the most your GPU limit allows")
    never = replace(NEVER, reason="self-hosting needs 32% GPU utilization")
    assert break_even_clause(never, [API]) == "self-hosting never breaks even: it needs 32% GPU utilization"
    assert break_even_clause(replace(DURABLE, kind="always"), [API]) == "self-hosting is cheaper at every volume"
    assert break_even_clause(replace(NEVER, kind="no_fleet", reason="x"), [API]) == "there is no break-even: x"
    some = replace(DURABLE, durable_req_per_month=None)
    assert break_even_clause(some, [API]) == "self-hosting is cheaper at some volumes only, not at the largest"


def test_the_takeaway_says_volume_multiple_and_where_self_hosting_is_cheaper_first(catalog: Catalog) -> None:
    build, _ = hand_made_build(catalog, 1_200, 800)
    once = crossover_takeaway(DURABLE, build, [API, build], 1e6)
    assert once == "Break-even volume: 5M requests/month, 5 times your volume. Self-hosting stays cheaper from there."
    crossings = (Crossing(1e6, "build"), Crossing(2e6, "buy"), Crossing(5e6, "build"))
    thrice = replace(DURABLE, crossings=crossings, first_req_per_month=1e6)
    words = crossover_takeaway(thrice, build, [API, build], 1e6)
    assert words.endswith("Self-hosting is first cheaper at 1M, for good from 5M (capacity is added in whole servers).")
    assert crossover_takeaway(DURABLE, None, [API], 1e6).startswith("No self-hosted option qualifies")
    assert crossover_takeaway(DURABLE, build, [build], 1e6).startswith("No API option is allowed")
    assert crossover_takeaway(replace(DURABLE, kind="always"), build, [API, build], 1e6).endswith("at every volume.")
    assert crossover_takeaway(NEVER, build, [API, build], 1e6).startswith("Self-hosting never breaks even")


def test_beside_a_hybrid_it_is_said_that_all_of_the_load_breaks_even(catalog: Catalog) -> None:
    """ "Self-hosting never breaks even" under "Self-host the base load" would be two answers."""
    build, _ = hand_made_build(catalog, 1_200, 800)
    hybrid = replace(build, kind="hybrid", lines=build.lines[1:])
    never = replace(NEVER, reason="self-hosting needs 32% GPU utilization")
    words = "self-hosting all of the load never breaks even: it needs 32% GPU utilization"
    assert break_even_clause(never, [build, hybrid, API]) == words
    assert crossover_takeaway(never, build, [build, hybrid, API], 1e6) == f"S{words[1:]}."


def test_a_break_even_below_todays_volume_is_a_share_of_it(catalog: Catalog) -> None:
    build, _ = hand_made_build(catalog, 1_200, 800)
    assert "5M requests/month, 25% of your volume." in crossover_takeaway(DURABLE, build, [API, build], 20e6)
    assert "over 1,000 times your volume." in crossover_takeaway(DURABLE, build, [API, build], 100.0)
