"""Tables of money alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from calculators.logs.aggregate_times import is_day
from calculators.logs.bills import BILL, bill_format, has_no_period, lowered_by, money_kind
from calculators.logs.usage_tables import Row, UsageTable, usage_tables

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"description": "Sales tax", "amount": "2"}, "tax"),
        ({"description": "VAT (19%)", "amount": "2"}, "tax"),
        ({"date": "Total", "cost": "5"}, "none"),
        ({"description": "Zwischensumme", "cost": "5"}, "none"),
        ({"description": "Amount due", "amount": "5"}, "none"),
        ({"description": "Credit applied", "amount": "-2"}, "credit"),
        ({"description": "Credit purchase", "amount": "50"}, "use"),
        ({"description": "Refund", "amount": "-2"}, "credit"),
        ({"description": "Refund", "amount": "2"}, "credit"),
        ({"description": "Promotional discount", "amount": "-2"}, "credit"),
        ({"description": "Volume discount", "amount": "-2"}, "discount"),
        ({"description": "Volume discount 5%", "amount": "2"}, "discount"),
        ({"lineitemlineitemtype": "EdpDiscount", "cost": "-2"}, "discount"),
        ({"type": "COMMITTED_USAGE_DISCOUNT", "cost": "-2"}, "discount"),
        ({"description": "Mengenrabatt", "amount": "-2"}, "discount"),
        ({"description": "Adjustment", "amount": "-2"}, "unclear"),
        ({"description": "Credit note 17", "amount": "-2"}, "unclear"),
        ({"description": "Claude 4.5 tokens", "amount": "-2"}, "unclear"),
        ({"description": "Total tokens of GPT-5", "amount": "2"}, "use"),
        ({"description": "GPT-5 input", "amount": "2"}, "use"),
        ({"lineitem": "text-embedding-3-small, input", "amount": "2"}, "other"),
        ({"skudescription": "Imagen 4 Generation", "cost": "2"}, "other"),
        ({"usagetype": "USE1-TitanEmbeddingV2-Text-input-tokens", "cost": "2"}, "other"),
        ({"project": "embedding-service", "description": "GPT-5 input", "amount": "2"}, "use"),
        ({"lineitem": "text-embedding-3-small, input", "amount": "-2"}, "unclear"),
        ({"model": "All models", "amount": "2"}, "none"),
        ({"type": "Forecast", "amount": "2"}, "none"),
        ({"team": "Total", "amount": "2"}, "none"),
        ({"team": "Total Rewards", "amount": "2"}, "use"),
        ({"user": "All users", "amount": "2"}, "none"),
        ({"user": "Allison", "amount": "2"}, "use"),
    ],
)
def test_a_row_says_what_its_money_is_for(row: dict[str, str], kind: str) -> None:
    assert money_kind(row, BILL) == kind


def test_columns_take_off_what_is_still_in_the_cost() -> None:
    credits = '[{"type": "PROMOTION", "amount": -1}, {"type": "COMMITTED_USAGE_DISCOUNT", "amount": -0.5}]'
    assert lowered_by({"cost": "3", "credits": credits}, 3) == {"credit": -1, "discount": -0.5}
    assert lowered_by({"cost": "3", "creditsamount": "-1", "creditstype": "FREE_TRIAL"}, 3) == {"credit": -1}
    assert lowered_by({"cost": "3", "discounts": "-1", "promotionsandothers": "-2"}, 3) == {
        "discount": -1,
        "credit": -2,
    }
    assert lowered_by({"cost": "3", "credits": "-1"}, 3) == {"unclear": -1}
    assert lowered_by({"cost": "3", "discount": "-1", "listcost": "4"}, 3) == {}  # 3 is what is left of 4
    assert lowered_by({"cost": "3", "credits": "50", "discount": "0.1"}, 3) == {}


def _table(folder: Path, text: str) -> UsageTable:
    path = folder / "bill.csv"
    path.write_text(text)
    return next(usage_tables(path))


def _of_a_day(row: Row) -> bool:
    return any(is_day(cell) for cell in row.values())


def test_a_table_of_days_and_money_is_a_bill(tmp_path: Path) -> None:
    assert bill_format(_table(tmp_path, "Date,Cost\n2026-10-05,1.5\n"), _of_a_day) is BILL
    assert bill_format(_table(tmp_path, "Date,Cost,latency_ms\n2026-10-05,1.5,3\n"), _of_a_day) is None
    assert bill_format(_table(tmp_path, "Date,Cost,total_tokens\n2026-10-05,1.5,3\n"), _of_a_day) is None
    assert bill_format(_table(tmp_path, "Time,Cost\n2026-10-05 09:01:02,1.5\n"), _of_a_day) is None


def test_a_bill_of_several_vendors_is_read_of_those_of_models(tmp_path: Path) -> None:
    bill = bill_format(_table(tmp_path, "Date,Vendor,Amount\n2026-10-05,OpenAI,10\n2026-10-05,GitHub,5\n"), _of_a_day)
    assert bill == replace(BILL, about=("vendor",))
    assert bill_format(_table(tmp_path, "Date,Vendor,Amount\n2026-10-05,OpenAI,10\n"), _of_a_day) is BILL
    assert bill_format(_table(tmp_path, "Date,a,b,Total\n2026-10-05,1,2,3\n"), _of_a_day) is None
    assert bill_format(_table(tmp_path, "Date,a,b,Total\n2026-10-05,$1,$2,$3\n"), _of_a_day) is BILL


def test_dates_of_invoices_are_no_period() -> None:
    month = {0.0: {DAY_S}, 31 * DAY_S: {32 * DAY_S}}
    days = {0.0: {DAY_S}, DAY_S: {2 * DAY_S}}
    assert has_no_period(frozenset({"date", "cost"}), month)
    assert not has_no_period(frozenset({"date", "cost"}), days)
    assert has_no_period(frozenset({"date", "qty"}), {0.0: {DAY_S}})
    assert not has_no_period(frozenset({"date", "qty", "endtime"}), {0.0: {DAY_S}})
    assert not has_no_period(frozenset({"month", "cost"}), {0.0: {31 * DAY_S}})
