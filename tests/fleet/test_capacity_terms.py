"""The terms on which machines can be had: the cheapest of each, and larger servers only as commitments."""

from dataclasses import replace

import numpy as np
import pytest
from mix_by_hand import hours_by_hand, on_term
from support import staircase

from calculators.catalog.catalog import Catalog
from calculators.fleet.capacity_mix import MixQuestion, capacity_mix
from calculators.fleet.capacity_terms import machine_sizes, term_prices
from calculators.fleet.held_gpus import HeldMachines


def test_machines_that_one_has_come_first_and_no_more_of_them_than_there_are(catalog: Catalog) -> None:
    held = HeldMachines(count=2, usd_per_month=100.0, later_usd_per_month=800.0, until_months=12)
    stairs = [replace(on_term(catalog, name, usd), held=held) for name, usd in (("on_demand", 1_460), ("3y", 876))]
    terms = term_prices(stairs, 1, 48)
    assert terms is not None
    assert [(t.name, t.usd_per_month, t.most_count) for t in terms.committed] == [
        ("already yours", 100, 2),
        ("3-year reserved", 876, np.inf),
    ]
    mix = capacity_mix(MixQuestion(hours_by_hand([730, 730, 730, 50], [1, 0.6, 0.3, 0.1, 0]), terms))
    assert mix is not None
    assert {share.term.name: share.machines for share in mix.shares} == {
        "already yours": 2,
        "3-year reserved": 1,
        "on demand": 1,
    }
    assert mix.usd_per_month == pytest.approx(200 + 876 + 100)
    assert "already yours" not in mix.single_usd  # two are too few


def test_the_cheapest_offer_of_each_term_is_kept(catalog: Catalog) -> None:
    stairs = [on_term(catalog, "on_demand", usd) for usd in (1_500, 1_400)] + [on_term(catalog, "spot", 700)]
    terms = term_prices([*stairs, on_term(catalog, "1y", 1_100), on_term(catalog, "3y", 900)], 1, 48)
    assert terms is not None
    assert terms.on_demand is not None
    assert terms.spot is not None
    assert (terms.on_demand.usd_per_month, terms.on_demand.name) == (1_400, "on demand")
    assert (terms.spot.usd_per_month, terms.spot.name) == (700, "spot")
    assert [(t.name, t.term_months, t.usd_per_month) for t in terms.committed] == [
        ("3-year reserved", 36, 900),
        ("1-year reserved", 12, 1_100),
    ]
    assert terms.on_demand.usd_per_h == 1_400 / 730


def test_a_larger_server_counts_as_a_commitment_only(catalog: Catalog) -> None:
    stairs = [
        on_term(catalog, "on_demand", 1_400),
        on_term(catalog, "on_demand", 5_000, size=8),
        on_term(catalog, "owned", 4_000, size=8),
    ]
    assert machine_sizes(stairs) == [1, 8]
    single = term_prices(stairs, 1, 48)
    assert single is not None
    assert [(t.name, t.ranks_count, t.term_months) for t in single.committed] == [("purchased", 8, 48)]
    assert single.on_demand is not None
    assert single.on_demand.usd_per_month == 1_400
    whole = term_prices(stairs, 8, 48)
    assert whole is not None
    assert [t.ranks_count for t in whole.committed] == [1]


def test_a_size_that_nobody_offers_has_no_terms(catalog: Catalog) -> None:
    assert term_prices([staircase(catalog, 1_000, 100, replicas_per_machine=2)], 1, 48) is None
