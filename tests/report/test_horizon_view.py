"""The months as plain values, and which options a chart shows."""

import csv
import io
from datetime import date

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.report.horizon_view import CSV_COLUMNS, costs_of_tokens, months_csv, shown_months, with_horizon


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


def test_the_file_adds_up_to_the_totals(catalog: Catalog) -> None:
    horizon = evaluate(scenario(), catalog).horizon
    rows = list(csv.DictReader(io.StringIO(months_csv(horizon, date(2026, 12, 1)))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == len(horizon.options) * (horizon.months + 1)
    for one in horizon.options:
        cash = [float(row["cash_usd"]) for row in rows if row["option"] == one.option.label]
        assert sum(cash) == pytest.approx(one.tco_usd)


def test_the_json_holds_the_totals_of_every_option_and_the_winner(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    plain = with_horizon({"options": [{} for _ in found.options]}, found, catalog)
    winner = found.horizon.of(found.verdict.winner)
    assert winner is not None
    assert plain["tco_usd"] == winner.tco_usd
    assert [row["tco_usd"] for row in plain["horizon"]["options"]] == [one.tco_usd for one in found.horizon.options]
    assert set(costs_of_tokens(found, catalog)) == {(option.kind, option.label) for option in found.options}
