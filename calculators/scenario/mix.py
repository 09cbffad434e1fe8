"""The traffic of each API model in use, as a scenario of its own."""

from collections.abc import Sequence

from calculators.scenario.schema import ModelTraffic, Scenario, Workload

LEAST_TOK = 1.0


def model_scenarios(scenario: Scenario) -> tuple[Scenario, ...]:
    """One scenario for each API model in use, with its part of the traffic and of the bill; the scenario itself where one
    model answers everything. A bill without shares is left out: what each model's part is depends on prices.

    Lengths keep the distribution of the whole, scaled to the model's means; the rhythm of the day is that of the whole.
    """
    return tuple(model_scenario(scenario, part) for part in scenario.api.mix) or (scenario,)


def model_scenario(scenario: Scenario, part: ModelTraffic) -> Scenario:
    """The scenario of what one API model answers."""
    api, paid = scenario.api, scenario.api.paid_usd_per_month
    alone = {
        "provider": part.provider,
        "model": part.model,
        "mix": (),
        "paid_usd_per_month": None if paid is None or part.bill_frac is None else paid * part.bill_frac,
    }
    return scenario.model_copy(
        update={"workload": _workload(scenario.workload, part), "api": api.model_copy(update=alone)}
    )


def _workload(w: Workload, part: ModelTraffic) -> Workload:
    inputs, outputs = part.input_frac / part.requests_frac, part.output_frac / part.requests_frac
    cached_frac = _cache_frac(w.cached_frac, part.cache_read_frac, part.input_frac)
    write_frac = _cache_frac(w.cache_write_frac, part.cache_write_frac, part.input_frac)
    cells = tuple(
        cell.model_copy(update={"input_tok": cell.input_tok * inputs, "output_tok": cell.output_tok * outputs})
        for cell in w.cells
    )
    return w.model_copy(
        update={
            "requests_per_month": w.requests_per_month * part.requests_frac,
            "input_tok": max(w.input_tok * inputs, LEAST_TOK),
            "output_tok": max(w.output_tok * outputs, LEAST_TOK),
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


def main_model(mix: Sequence[ModelTraffic], input_tok: float, output_tok: float) -> ModelTraffic:
    """The model with the most tokens, of traffic as in `token_fracs`. Raises ValueError for an empty mix."""
    fracs = token_fracs(mix, input_tok, output_tok)
    return mix[fracs.index(max(fracs))]
