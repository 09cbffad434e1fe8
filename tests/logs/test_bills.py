"""Tables of money alone."""

from pathlib import Path

import pytest

from calculators.logs.aggregate_rows import is_day
from calculators.logs.bills import BILL, bill_format, has_no_period, is_no_use
from calculators.logs.usage_tables import UsageTable, usage_tables

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("row", "is_none"),
    [
        ({"description": "Sales tax", "amount": "2"}, True),
        ({"description": "VAT (19%)", "amount": "2"}, True),
        ({"date": "Total", "cost": "5"}, True),
        ({"description": "Amount due", "amount": "5"}, True),
        ({"description": "Credit applied", "amount": "-2"}, True),
        ({"description": "Credit purchase", "amount": "50"}, False),
        ({"description": "Refund", "amount": "-2"}, False),
        ({"description": "Volume discount", "amount": "-2"}, False),
        ({"description": "Total tokens of GPT-5", "amount": "2"}, False),
        ({"description": "GPT-5 input", "amount": "2"}, False),
    ],
)
def test_taxes_totals_and_credits_are_no_use(row: dict[str, str], is_none: bool) -> None:
    assert is_no_use(row, BILL) is is_none


def _table(folder: Path, text: str) -> UsageTable:
    path = folder / "bill.csv"
    path.write_text(text)
    return next(usage_tables(path))


def test_a_table_of_days_and_money_is_a_bill(tmp_path: Path) -> None:
    assert bill_format(_table(tmp_path, "Date,Cost\n2026-10-05,1.5\n"), is_day) is BILL
    assert bill_format(_table(tmp_path, "Date,Cost,latency_ms\n2026-10-05,1.5,3\n"), is_day) is None
    assert bill_format(_table(tmp_path, "Date,Cost,total_tokens\n2026-10-05,1.5,3\n"), is_day) is None
    assert bill_format(_table(tmp_path, "Time,Cost\n2026-10-05 09:01:02,1.5\n"), is_day) is None


def test_dates_of_invoices_are_no_period() -> None:
    month = {0.0: {DAY_S}, 31 * DAY_S: {32 * DAY_S}}
    days = {0.0: {DAY_S}, DAY_S: {2 * DAY_S}}
    assert has_no_period(frozenset({"date", "cost"}), month)
    assert not has_no_period(frozenset({"date", "cost"}), days)
    assert has_no_period(frozenset({"date", "qty"}), {0.0: {DAY_S}})
    assert not has_no_period(frozenset({"date", "qty", "endtime"}), {0.0: {DAY_S}})
    assert not has_no_period(frozenset({"month", "cost"}), {0.0: {31 * DAY_S}})
