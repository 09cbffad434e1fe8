"""The months of the plan as plain values: for `decide --json`, and month by month as a file."""

import csv
import io
from dataclasses import asdict
from datetime import date
from typing import Any

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.hiring import hiring_of
from calculators.horizon.months import Horizon, OptionMonths
from calculators.horizon.token_cost import TokenCost, token_costs
from calculators.options.option import Option
from calculators.report.horizon_what_if import end_totals, growth_ends
from calculators.scenario.inputs import Inputs
from calculators.units import month_name

CSV_COLUMNS = ("option", "kind", "month", "begins", "requests", "cost_usd", "cash_usd", "cumulative_cash_usd")


SIDES_SHOWN = ("self_host", "own_hardware", "hybrid")


def shown_months(evaluation: Evaluation) -> list[OptionMonths]:
    """Today's API, the API option with the lowest total, and of rented fleets, purchased servers and hybrids each the one with the
    lowest total; lowest total first."""
    horizon = evaluation.horizon
    kinds = [one.option.kind for one in horizon.options]
    firsts = [horizon.options[kinds.index(kind)] for kind in SIDES_SHOWN if kind in kinds]
    buys = [one for one in horizon.options if one.option.is_buy and one is not horizon.today]
    return sorted([horizon.today, *buys[:1], *firsts], key=lambda one: one.tco_usd)


def costs_of_tokens(evaluation: Evaluation, catalog: Catalog) -> dict[tuple[str, str], TokenCost]:
    """USD per million tokens of every option, by kind and label."""
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    every = evaluation.options
    return {(o.kind, o.label): cost for o, cost in zip(every, token_costs(every, inputs), strict=True)}


def _totals(months: OptionMonths | None) -> dict[str, Any]:
    """Totals of one option; null where volume outgrows it."""
    if months is None:
        return dict.fromkeys(("tco_usd", "npv_usd", "payback_month", "discounted_payback_month", "peak_cash_usd"))
    return {
        "tco_usd": months.tco_usd,
        "npv_usd": months.npv_usd,
        "payback_month": months.payback_month,
        "discounted_payback_month": months.discounted_payback_month,
        "is_payback_undone": months.is_payback_undone,
        "present_cost_usd": months.present_cost_usd,
        "peak_cash_usd": months.peak_cash_usd,
        "return_per_year_frac": months.return_per_year_frac,
        "usd_per_mtok_over_horizon": months.usd_per_mtok,
    }


def with_horizon(plain: dict[str, Any], evaluation: Evaluation, catalog: Catalog) -> dict[str, Any]:
    """An evaluation as JSON with `horizon`, and with totals and USD per million tokens of every option and of the winner. Where
    growth has a range, its ends are evaluated for `growth_low` and `growth_high`."""
    horizon, costs = evaluation.horizon, costs_of_tokens(evaluation, catalog)
    rows = zip(evaluation.options, plain["options"], strict=True)
    options = [row | _option_totals(option, evaluation, costs) for option, row in rows]
    winner = evaluation.verdict.winner
    mtok = costs.get((winner.kind, winner.label))
    totals = _totals(horizon.of(winner))
    ends = [end_totals(evaluation, evaluate(end, catalog)) for end in growth_ends(evaluation.scenario)]
    low, high = ends or (None, None)
    return plain | {
        "options": options,
        "horizon": {
            "months": horizon.months,
            "begins": evaluation.scenario.as_of.isoformat(),
            "requests": horizon.requests.tolist(),
            "durable_month": horizon.durable_month,
            "discount_per_year_frac": horizon.today.discount_per_year_frac,
            "growth_low": low,
            "growth_high": high,
            "hiring": _hiring_json(Inputs(evaluation.scenario, evaluation.demand, catalog)),
            "options": [_option_json(one, costs) for one in horizon.options],
        },
        "tco_usd": totals["tco_usd"],
        "npv_usd": totals["npv_usd"],
        "payback_month": totals["payback_month"],
        "usd_per_mtok": asdict(mtok) if mtok else None,
    }


def _hiring_json(inputs: Inputs) -> dict[str, Any] | None:
    """The people still to be hired, and what they cost until a fleet serves; null where no role is still to be hired."""
    hiring = hiring_of(inputs)
    if hiring is None:
        return None
    return asdict(hiring) | {"recruiting_usd": hiring.recruiting_usd, "ramp_up_usd": hiring.ramp_up_usd}


def _option_json(one: OptionMonths, costs: dict[tuple[str, str], TokenCost]) -> dict[str, Any]:
    option = one.option
    return {
        "kind": option.kind,
        "label": option.label,
        "cost_usd": one.cost_usd.tolist(),
        "cash_usd": one.cash_usd.tolist(),
        **_totals(one),
        "usd_per_mtok": asdict(costs[option.kind, option.label]) if (option.kind, option.label) in costs else None,
    }


def _option_totals(option: Option, evaluation: Evaluation, costs: dict[tuple[str, str], TokenCost]) -> dict[str, Any]:
    """Totals and USD per million tokens of an option of the comparison."""
    mtok = costs.get((option.kind, option.label))
    return {**_totals(evaluation.horizon.of(option)), "usd_per_mtok": asdict(mtok) if mtok else None}


def months_csv(horizon: Horizon, start: date) -> str:
    """Every option month by month: row 0 is what is paid now."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for one in horizon.options:
        total = 0.0
        for month, cash in enumerate(one.cash_usd.tolist()):
            total += cash
            cost, requests = (one.cost_usd[month - 1], horizon.requests[month - 1]) if month else ("", "")
            begins = month_name(start, month - 1) if month else start.isoformat()
            writer.writerow([_safe(one.option.label), one.option.kind, month, begins, requests, cost, cash, total])
    return text.getvalue()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
