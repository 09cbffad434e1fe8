"""All options, and those that compliance allows."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN
from calculators.catalog.load import load_catalog
from calculators.fleet.machine_offers import owned_offer
from calculators.options.shortlist import (
    AllOptions,
    AllowedOptions,
    allowed_options,
    assess_options,
    enumerate_options,
    machine_operator,
)
from calculators.scenario.inputs import Inputs

LISTED = {"hardware": {"rent_usd_per_gpu_h": {}}}


def _options(catalog: Catalog, *requirements: str, **changes: Any) -> tuple[AllOptions, AllowedOptions]:
    asked = scenario(**{**LISTED, **changes}, compliance={"requirements": list(requirements)})
    inputs = Inputs.of(asked, catalog)
    every = enumerate_options(inputs)
    return every, allowed_options(every, assess_options(every, inputs), inputs)


def test_all_options_start_with_todays_api_and_include_purchased_servers(catalog: Catalog) -> None:
    every, _ = _options(catalog)
    assert [buy.option.kind for buy in every.buys] == ["api_today", "hosted_open"]
    assert any(s.offer.is_owned for s in every.stairs)
    assert every.rents_usd.shape == every.serves.shape == (len(every.stairs),)


def test_purchased_servers_are_allowed_only_if_wanted_or_nothing_else_is_left(catalog: Catalog) -> None:
    assert not any(s.offer.is_owned for s in _options(catalog)[1].stairs)
    wanted = {"hardware": {"rent_usd_per_gpu_h": {}, "include_owned": True}}
    assert any(s.offer.is_owned for s in _options(catalog, **wanted)[1].stairs)
    _, alone = _options(catalog, "air-gap")
    assert alone.buys == ()
    assert all(s.offer.is_owned for s in alone.stairs)
    assert alone.has_fleet


def test_resellers_are_options_only_under_requirements(catalog: Catalog) -> None:
    assert not [b for b in _options(catalog)[0].buys if b.option.kind == "resold_api"]
    assert [b for b in _options(catalog, "hipaa")[0].buys if b.option.kind == "resold_api"]


def test_rents_stay_aligned_with_what_is_left(catalog: Catalog) -> None:
    every, left = _options(catalog)
    by_id = {id(s): usd for s, usd in zip(every.stairs, every.rents_usd.tolist(), strict=True)}
    assert [by_id[id(s)] for s in left.stairs] == left.rents_usd.tolist()
    assert np.isfinite(left.rents_usd).any()


def test_nobody_else_sees_the_prompts_on_purchased_servers(catalog: Catalog) -> None:
    every, _ = _options(catalog)
    assert machine_operator(owned_offer(catalog.gpu("h100-sxm"), scenario(), catalog), catalog).id == OWN
    assert {machine_operator(s.offer, catalog).path for s in every.stairs} >= {"own_hardware", "rented_gpus"}


def test_a_mix_is_allowed_only_if_every_seller_of_it_is() -> None:
    """Requirements that one of two sellers does not meet rule out today's mix, though the other alone would be allowed."""
    real = load_catalog()
    half = {"requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    openai, deepseek = (
        ({"provider": "openai", "model": "gpt-5.4"} | half),
        ({"provider": "deepseek", "model": "deepseek-chat"} | half),
    )
    compliance = {"requirements": ["hipaa"]}

    def is_allowed(*mix: dict[str, object]) -> bool:
        inputs = Inputs.of(
            scenario(api={"provider": "openai", "model": "gpt-5.4", "mix": mix}, compliance=compliance), real
        )
        every = enumerate_options(inputs)
        buys = allowed_options(every, assess_options(every, inputs), inputs).buys
        return any(option.kind == "api_today" for option in buys)

    assert is_allowed(openai, openai)
    assert not is_allowed(openai, deepseek)


def test_a_stale_price_counts_only_for_what_no_newer_one_holds(catalog: Catalog) -> None:
    """Half a year after the eights were seen, the singles are seen anew, dearer: a replica of one GPU takes these, a larger one
    the eights."""
    seen = date(2027, 6, 1)
    singles = catalog.rent_providers["singles"]
    anew = tuple(rent.model_copy(update={"seen": seen, "usd_per_gpu_h": 9.0}) for rent in singles.rents)
    newer = replace(
        catalog, rent_providers={**catalog.rent_providers, "singles": singles.model_copy(update={"rents": anew})}
    )
    asked = scenario(**LISTED, candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}])
    inputs = Inputs.of(asked.model_copy(update={"as_of": seen}), newer)
    every = enumerate_options(inputs)
    left = allowed_options(every, assess_options(every, inputs), inputs)
    by_split = {
        tp: {
            s.offer.provider
            for s in left.stairs
            if (s.offer.gpu_id, s.capacity.config.tensor_parallel) == ("h100-sxm", tp)
        }
        for tp in (1, 8)
    }
    assert by_split == {1: {"Singles"}, 8: {"Eights"}}
    assert any(s.offer.is_stale and s.capacity.config.tensor_parallel == 1 for s in every.stairs)
