"""The traffic of each API model in use, as a scenario of its own."""

from collections.abc import Sequence

from calculators.catalog.short_names import short_model_name
from calculators.scenario.schema import Api, ModelTraffic, Scenario, Workload

LEAST_TOK = 1.0
LEAST_BILL_FRAC = 1e-6
"""A model that is billed nothing costs next to nothing, so that it has a price to compare with."""


def model_scenarios(scenario: Scenario) -> tuple[Scenario, ...]:
    """One scenario for each API model in use, with its part of the traffic and of the bill; the scenario itself where one
    model answers everything. A bill without shares is left out: what each model's part is depends on prices.

    Lengths keep the distribution of the whole, scaled to the model's means; the rhythm of the day is that of the whole.
    """
    paid_usd = _paid_usd(scenario.api)
    return tuple(_alone(scenario, part, usd) for part, usd in zip(scenario.api.mix, paid_usd, strict=True)) or (
        scenario,
    )


def _paid_usd(api: Api) -> list[float | None]:
    """Each model's part of the bill; None without a bill, or without shares of it."""
    fracs = [max(part.bill_frac, LEAST_BILL_FRAC) for part in api.mix if part.bill_frac is not None]
    paid = api.paid_usd_per_month
    if paid is None or not fracs:
        return [None] * len(api.mix)
    return [paid * frac / sum(fracs) for frac in fracs]


def _alone(scenario: Scenario, part: ModelTraffic, paid_usd_per_month: float | None) -> Scenario:
    """The scenario of what one API model answers."""
    alone = {"provider": part.provider, "model": part.model, "mix": (), "paid_usd_per_month": paid_usd_per_month}
    return scenario.model_copy(
        update={
            "workload": _workload(scenario.workload, part),
            "api": scenario.api.model_copy(update=alone),
        }
    )


def _workload(w: Workload, part: ModelTraffic) -> Workload:
    inputs = max(part.input_frac / part.requests_frac, LEAST_TOK / w.input_tok)
    outputs = max(part.output_frac / part.requests_frac, LEAST_TOK / w.output_tok)
    cached_frac = _cache_frac(w.cached_frac, part.cache_read_frac, part.input_frac)
    write_frac = _cache_frac(w.cache_write_frac, part.cache_write_frac, part.input_frac)
    cells = tuple(
        cell.model_copy(update={"input_tok": cell.input_tok * inputs, "output_tok": cell.output_tok * outputs})
        for cell in w.cells
    )
    return w.model_copy(
        update={
            "requests_per_month": w.requests_per_month * part.requests_frac,
            "input_tok": w.input_tok * inputs,
            "output_tok": w.output_tok * outputs,
            "input_p95_tok": max(w.input_p95_tok * inputs, LEAST_TOK),
            "output_p95_tok": max(w.output_p95_tok * outputs, LEAST_TOK),
            "cells": cells,
            "cached_frac": cached_frac,
            "cache_write_frac": min(write_frac, 1 - cached_frac),
        }
    )


def _cache_frac(of_all_frac: float, part_frac: float | None, input_frac: float) -> float:
    """Share of a model's input that was read from, or written to, the cache; that of all where it is not known."""
    if part_frac is None or not input_frac:
        return of_all_frac
    return min(of_all_frac * part_frac / input_frac, 1.0)


def token_fracs(mix: Sequence[ModelTraffic], input_tok: float, output_tok: float) -> tuple[float, ...]:
    """Each model's share of all tokens, where the whole traffic has these, in sum or on average."""
    total_tok = (input_tok + output_tok) or 1.0
    return tuple((part.input_frac * input_tok + part.output_frac * output_tok) / total_tok for part in mix)


def traffic_name(part: ModelTraffic) -> str:
    """The name in the usage file, or else the listed model, as people say it."""
    return short_model_name(part.name or part.model)


def main_model(mix: Sequence[ModelTraffic], input_tok: float, output_tok: float) -> ModelTraffic:
    """The model with the most tokens, of traffic as in `token_fracs`. Raises ValueError for an empty mix."""
    fracs = token_fracs(mix, input_tok, output_tok)
    return mix[fracs.index(max(fracs))]
