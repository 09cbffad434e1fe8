"""Scenarios as people have them, by chance but the same every time: presets over six orders of volume, on the live catalog."""

import random
from collections.abc import Iterator
from typing import Any

from support import TODAY

from calculators.api.rates import hosted_offers
from calculators.catalog.catalog import Catalog
from calculators.scenario.defaults import preset_workload
from calculators.scenario.schema import Scenario, parse_scenario

TODAYS_APIS = (
    ("openai", "gpt-5.4"),
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-5-nano"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-flash"),
    ("mistral", "mistral-large-2512"),
)


def random_scenarios(number: int, catalog: Catalog, seed: int = 11) -> Iterator[Scenario]:
    """So many scenarios, each from its own generator, so that one more leaves the others as they are."""
    for i in range(number):
        yield _scenario(random.Random(f"{seed}-{i}"), random.Random(f"{seed}-{i}-bill"), catalog)


def _scenario(rng: random.Random, bill_rng: random.Random, catalog: Catalog) -> Scenario:
    preset, is_large = catalog.presets[rng.choice(sorted(catalog.presets))], rng.random() < 0.2
    models = rng.sample(sorted(catalog.models), rng.choice((1, 1, 2, 3)))
    return parse_scenario(
        {
            "as_of": TODAY,
            "workload": _workload(rng, preset_workload(preset).model_dump(), is_large),
            "targets": {
                "ttft_p95_ms": rng.choice((preset.ttft_p95_ms, preset.ttft_p95_ms, 300, None)),
                "tpot_ms": rng.choice((preset.tpot_ms, preset.tpot_ms, preset.tpot_ms, 5, None)),
            },
            "api": _api(rng, models, catalog) | _mix(bill_rng) | _paid(bill_rng) | _committed(bill_rng),
            "candidates": [{"model": m, "gate": rng.choices(_GATES, (5, 3, 1))[0]} for m in models],
            "hardware": {
                "include_owned": rng.random() < 0.4,
                "commitments": rng.choice((("on_demand",), ("on_demand", "spot"), ("on_demand", "1y", "3y"))),
                "max_gpus": 5_000 if is_large else rng.choice((1, 8, 64, 512, 5_000)),
            },
            "operations": {
                "spare_replicas": rng.choice((0, 1, 1, 2)),
                "self_host_fte": rng.choice((None, None, 0.1, 1)),
                "regions": rng.choice((None, None, None, 2)),
                "horizon_months": rng.choice((1, 12, 36)),
            },
            "compliance": {"requirements": rng.sample(sorted(catalog.requirements), rng.choice((0, 0, 0, 1, 2)))},
            "evidence": _evidence(rng),
        }
    )


_GATES = ("accepted", "assumed", "not_acceptable")


def _workload(rng: random.Random, preset: dict[str, Any], is_large: bool) -> dict[str, Any]:
    """Traffic of a preset's shape; large and peaky traffic is where hybrids are."""
    one_token = {"output_tok": 1, "output_p95_tok": 1} if rng.random() < 0.05 else {}
    requests_per_month = 10 ** rng.uniform(*((7, 9) if is_large else (3, 9)))
    workload = {
        **preset,
        **one_token,
        "requests_per_month": requests_per_month,
        "requests_basis": rng.choice(("typed", "measured", "assumed", "bounded")),
        "deferrable_frac": rng.choice((0, preset["deferrable_frac"], 0.3, 1)),
        "peak_ratio": rng.choice((3, 6) if is_large else (1, preset["peak_ratio"], preset["peak_ratio"], 10)),
        "active_h_per_month": rng.choice((preset["active_h_per_month"], 730, 100)),
        "growth_per_month_frac": rng.choice((0, 0, 0.004, 0.05, 0.2, -0.05)),
        "cacheable_frac": rng.choice((preset["cacheable_frac"], 0.8)),
    }
    return workload | _ranges(
        random.Random(f"ranges of {requests_per_month}"), requests_per_month, workload["peak_ratio"]
    )


def _ranges(rng: random.Random, requests_per_month: float, peak_ratio: float) -> dict[str, Any]:
    """Of a log, for every other workload."""
    if rng.random() < 0.5:
        return {}
    volume, peak = rng.choice((1.01, 1.3, 3.0)), rng.choice((1.0, 1.5, 4.0))
    return {
        "requests_range_per_month": (requests_per_month / volume, requests_per_month * volume),
        "peak_range_ratio": (max(peak_ratio / peak, 1.0), peak_ratio * peak),
        "sample_requests": rng.choice((22, 500, 10**6)),
    }


def _api(rng: random.Random, models: list[str], catalog: Catalog) -> dict[str, Any]:
    """A closed model, or one of the candidates as somebody sells it."""
    offers = hosted_offers(catalog.model(models[0]), TODAY, catalog)
    if offers and rng.random() < 0.15:
        offer = rng.choice(offers)
        return {"provider": offer.provider, "model": offer.model}
    provider, model = rng.choice(TODAYS_APIS)
    return {"provider": provider, "model": model, "discount_frac": rng.choice((0, 0, 0.2))}


def _mix(rng: random.Random) -> dict[str, Any]:
    """In a quarter of all scenarios several models in use."""
    if rng.random() > 0.25:
        return {}
    apis = rng.sample(TODAYS_APIS, rng.choice((2, 3)))
    shares = [_shares(rng, len(apis)) for _ in range(4)]
    names = ("requests_frac", "input_frac", "output_frac", rng.choice(("bill_frac", "cache_read_frac")))
    parts = [dict(zip(names, each, strict=True)) for each in zip(*shares, strict=True)]
    mix = [part | {"provider": provider, "model": model} for part, (provider, model) in zip(parts, apis, strict=True)]
    return {"provider": apis[0][0], "model": apis[0][1], "mix": mix}


def _shares(rng: random.Random, number: int) -> list[float]:
    parts = [rng.uniform(0.05, 1) for _ in range(number)]
    return [part / sum(parts) for part in parts]


def _paid(rng: random.Random) -> dict[str, Any]:
    """In a fifth of all scenarios a bill."""
    return {"paid_usd_per_month": 10 ** rng.uniform(2, 5.5)} if rng.random() < 0.2 else {}


def _committed(rng: random.Random) -> dict[str, Any]:
    """In a fifth of all scenarios committed spend."""
    if rng.random() > 0.2:
        return {}
    return {"committed_usd_per_month": 10 ** rng.uniform(2, 5.5), "committed_months": rng.choice((1, 6, 24))}


def _evidence(rng: random.Random) -> dict[str, Any]:
    return {
        "api_ttft_p95_ms": rng.choice((None, 800, 5_000)),
        "api_tpot_p95_ms": rng.choice((None, 20, 80)),
        "api_uptime_frac": rng.choice((None, 0.99, 0.9995)),
        "needed_uptime_frac": rng.choice((None, None, 0.99, 0.999, 0.99999)),
        "api_limit_tok_per_minute": rng.choice((None, None, 1e6)),
        "interface_settled": rng.choice((None, True, False)),
    }
