"""The months as JSON and as a file: the same figures as the evaluation, and sums that agree."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.report.evaluation_json import to_json
from calculators.report.horizon_view import CSV_COLUMNS, months_csv, shown_months, with_horizon

CATALOG = load_catalog(FIXED_ROOT)


def _found(**changes: Any) -> Evaluation:
    return evaluate(
        scenario(operations={"horizon_months": 24}, workload={"growth_per_month_frac": 0.05}, **changes), CATALOG
    )


def test_json_gives_every_option_its_totals_and_the_winners_on_top() -> None:
    found = _found()
    plain = with_horizon(to_json(found), found, CATALOG)
    assert plain["horizon"]["months"] == 24
    assert len(plain["horizon"]["requests"]) == 24
    winner = found.horizon.of(found.verdict.winner)
    assert winner is not None
    assert plain["tco_usd"] == pytest.approx(winner.tco_usd)
    assert plain["npv_usd"] == pytest.approx(winner.npv_usd)
    assert plain["payback_month"] == winner.payback_month
    assert set(plain["usd_per_mtok"]) == {
        *("blended_usd_per_mtok", "input_usd_per_mtok", "output_usd_per_mtok", "full_usd_per_mtok")
    }
    for row in plain["horizon"]["options"]:
        assert sum(row["cost_usd"]) == pytest.approx(row["tco_usd"])
        assert sum(row["cash_usd"]) == pytest.approx(row["tco_usd"])
    by_label = {row["label"]: row for row in plain["horizon"]["options"]}
    for row in plain["options"]:
        assert row["tco_usd"] == by_label[row["label"]]["tco_usd"]


def test_input_and_output_tokens_together_cost_what_the_option_does() -> None:
    found = _found()
    demand = found.demand
    plain = with_horizon(to_json(found), found, CATALOG)
    for option, row in zip(found.options, plain["options"], strict=True):
        cost = row["usd_per_mtok"]
        both = demand.input_tok * cost["input_usd_per_mtok"] + demand.output_tok * cost["output_usd_per_mtok"]
        assert both * demand.requests_per_month / 1e6 == pytest.approx(option.usd_per_month)
        assert cost["full_usd_per_mtok"] <= cost["blended_usd_per_mtok"] * (1 + 1e-9)


def test_the_file_adds_up_to_the_totals() -> None:
    found = _found()
    rows = list(csv.DictReader(io.StringIO(months_csv(found.horizon, date(2026, 12, 1)))))
    assert tuple(rows[0]) == CSV_COLUMNS
    for one in found.horizon.options:
        mine = [row for row in rows if row["option"] == one.option.label]
        assert len(mine) == 25
        assert sum(float(row["cash_usd"]) for row in mine) == pytest.approx(one.tco_usd)
        assert float(mine[-1]["cumulative_cash_usd"]) == pytest.approx(one.tco_usd)
        assert sum(float(row["cost_usd"]) for row in mine[1:]) == pytest.approx(one.tco_usd)
    assert [row["begins"] for row in rows[:4]] == ["2026-12-01", "December 2026", "January 2027", "February 2027"]


def test_one_option_of_each_side_is_shown_lowest_total_first(catalog: Catalog) -> None:
    found = evaluate(scenario(hardware={"include_owned": True}), catalog)
    shown = shown_months(found)
    totals = [one.tco_usd for one in shown]
    assert totals == sorted(totals)
    assert found.horizon.today in shown
    kinds = [one.option.kind for one in shown]
    assert len(kinds) == len(set(kinds))
    for kind in ("self_host", "own_hardware"):
        of_kind = [one for one in found.horizon.options if one.option.kind == kind]
        assert [one for one in shown if one.option.kind == kind] == of_kind[:1]


def test_json_tells_hiring_only_where_somebody_is_still_to_be_hired() -> None:
    def hiring(hires_fte: float) -> Any:
        roles = [{"name": "SRE", "fte": 2, "hires_fte": hires_fte, "usd_per_year": 260_000}]
        outlook = {"hiring_weeks": 10, "ramp_up_weeks": 8, "hiring_cost_frac": 0.2}
        found = evaluate(scenario(operations={"roles": roles}, outlook=outlook), CATALOG)
        return with_horizon(to_json(found), found, CATALOG)["horizon"]["hiring"]

    assert hiring(0) is None
    assert hiring(1) == pytest.approx(
        {
            "hires_fte": 1,
            "pay_usd_per_year": 260_000,
            "hiring_weeks": 10,
            "ramp_up_weeks": 8,
            "recruiting_frac": 0.2,
            "recruiting_usd": 52_000,
            "ramp_up_usd": 40_000,
        }
    )
