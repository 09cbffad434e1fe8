"""Machine offers: filtered as the scenario says, priced by the month, in words."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from support import BASE, scenario, staircase

from calculators.catalog.base import COMMITMENT_MONTHS, Commitment
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.fleet.machine_offers import machine_offers, owned_offer
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.schema import parse_scenario


def _offers(catalog: Catalog, gpu: str = "h100-sxm", **hardware: Any) -> list[tuple[str, float]]:
    """Without the base case's negotiated price."""
    base = {**BASE, "hardware": hardware}
    return [
        (offer.provider, offer.usd_per_gpu_h)
        for offer in machine_offers(catalog.gpu(gpu), parse_scenario(base), catalog)
    ]


def of(gpus: int, gpu: str = "h100-sxm") -> ReplicaConfig:
    """A replica of so many GPUs."""
    live = load_catalog()
    return ReplicaConfig(live.model("llama-3.1-8b"), live.gpu(gpu), "fp8", gpus)


def test_reserved_machines_bill_every_hour_of_the_month(catalog: Catalog) -> None:
    [offer] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert offer.machine_usd_per_month(of(2)) == pytest.approx(2.5 * 2 * 730)
    eight = replace(offer, gpus_per_machine=8)
    assert eight.machine_usd_per_month(of(2)) == pytest.approx(
        2.5 * 8 * 730
    )  # the whole machine, however little is used
    assert eight.machine_usd_per_month(of(24)) == pytest.approx(2.5 * 24 * 730)  # all machines of a replica


@pytest.mark.parametrize(
    ("gpus", "replicas", "together"), [(1, 8, 1), (2, 4, 1), (4, 2, 1), (8, 1, 1), (16, 1, 2), (20, 1, 3)]
)
def test_replicas_on_a_machine_of_eight(catalog: Catalog, gpus: int, replicas: int, together: int) -> None:
    [offer] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    eight = replace(offer, gpus_per_machine=8)
    assert (eight.replicas_per_machine(of(gpus)), eight.machines_per_replica(of(gpus))) == (replicas, together)
    assert offer.replicas_per_machine(of(gpus)) == 1  # by the GPU: a machine is a replica


def test_smaller_machines_than_a_server_are_not_joined_but_the_trays_of_a_rack_are(catalog: Catalog) -> None:
    [offer] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    four = replace(offer, gpus_per_machine=4)
    assert [four.replicas_per_machine(of(gpus)) for gpus in (4, 8, 16)] == [1, 0, 0]
    assert [four.replicas_per_machine(of(gpus, "gb200")) for gpus in (2, 8, 64)] == [2, 1, 1]
    assert four.machines_per_replica(of(64, "gb200")) == 16


def test_offers_are_filtered_as_the_scenario_says(catalog: Catalog) -> None:
    assert _offers(catalog) == [("Eights", 2.0), ("Singles", 3.0)]
    assert _offers(catalog, rent_providers=["singles"]) == [("Singles", 3.0)]
    assert _offers(catalog, commitments=["1y"]) == [("Singles", 2.0)]
    assert _offers(catalog, min_confidence="low") == [("Singles", 1.5), ("Eights", 2.0), ("Singles", 3.0)]
    assert _offers(catalog, max_rent_age_days=700) == [("Singles", 1.6), ("Eights", 2.0), ("Singles", 3.0)]
    assert _offers(catalog, include_marketplaces=True)[0] == ("Market place", 1.0)
    assert _offers(catalog, commitments=["spot"]) == []


def test_a_rent_is_dropped_the_day_it_gets_too_old(catalog: Catalog) -> None:
    """Seen 2026-11-01, 22 days before the scenario's day."""
    assert _offers(catalog, max_rent_age_days=22) == [("Eights", 2.0), ("Singles", 3.0)]
    assert _offers(catalog, max_rent_age_days=21) == []


@pytest.mark.parametrize("name", ["h100-sxm", "h100"])
def test_a_negotiated_price_replaces_the_list_under_every_name_of_the_gpu(catalog: Catalog, name: str) -> None:
    assert _offers(catalog, rent_usd_per_gpu_h={name: 2.5}) == [("your negotiated price", 2.5)]
    assert _offers(catalog, gpu="l40s", rent_usd_per_gpu_h={name: 2.5}) == [("Singles", 1.0)]


def test_bought_servers_come_in_eights_and_only_when_asked_for(catalog: Catalog) -> None:
    offers = _offers(catalog, include_owned=True)
    assert offers[0][0] == "own servers"
    offer = owned_offer(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert (offer.gpus_per_machine, offer.basis) == (8, "owned")


def test_a_rack_is_bought_whole() -> None:
    """72 GPUs make nine replicas of eight; a single replica pays for all 72."""
    live = load_catalog()
    offer = owned_offer(live.gpu("gb200"), scenario(), live)
    assert (offer.machine, offer.gpus_per_machine, offer.replicas_per_machine(of(8, "gb200"))) == ("72-GPU rack", 72, 9)
    assert offer.machine_usd_per_month(of(1, "gb200")) == pytest.approx(72 * 730 * offer.usd_per_gpu_h)


def test_an_offer_says_where_it_comes_from(catalog: Catalog) -> None:
    listed = staircase(catalog, 1, 1).offer
    owned = owned_offer(catalog.gpu("h100-sxm"), scenario(), catalog)
    [negotiated] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert [offer.where for offer in (listed, negotiated, owned)] == [
        "rented from Test",
        "at your negotiated price",
        "on purchased servers",
    ]
    assert [offer.is_owned for offer in (listed, negotiated, owned)] == [False, False, True]


@pytest.mark.parametrize(
    ("commitment", "where", "months"),
    [
        ("on_demand", "rented from Test", None),
        ("spot", "rented from Test (spot)", None),
        ("1y", "rented from Test (1-year commitment)", 12),
        ("3y", "rented from Test (3-year commitment)", 36),
        ("5y", "rented from Test (5-year commitment)", 60),
    ],
)
def test_a_term_is_part_of_the_label(catalog: Catalog, commitment: str, where: str, months: int | None) -> None:
    offer = replace(staircase(catalog, 1, 1).offer, commitment=commitment)
    assert (offer.where, offer.commitment_months, offer.is_spot) == (where, months, commitment == "spot")


def test_every_term_has_words() -> None:
    assert set(COMMITMENT_MONTHS) | {"spot", "on_demand"} == set(get_args(Commitment))
