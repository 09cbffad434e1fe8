"""Tables of money alone: cost exports, bills and invoices. Which rows are no use (taxes, totals, credits that pay), and whether
their dates are a period.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from calculators.logs.aggregate_formats import COLUMNS, END, SPEND, START, AggregateFormat
from calculators.logs.money import money_of
from calculators.logs.usage_tables import FIRST_ROW_COUNT, Row, UsageTable

BILL = AggregateFormat(
    "a bill",
    frozenset(),
    spend=(*SPEND, "amountusd", "amount", "amountpaid", "amountdue", "total", "charges", "charge"),
)
BILL_WORDS = (
    *(
        "description",
        "lineitemlineitemtype",
        "lineitemtype",
        "costtype",
        "chargecategory",
        "chargetype",
        "type",
        "kind",
    ),
    *("lineitem", "item", "category", "label", "product", "name", "skudescription", "date", "model"),
)
"""Columns whose words may say that a row is no use."""
NO_USE = re.compile(
    r"(?i)^\W*((sales |us |state |local )*(tax|taxes|vat|gst|hst|mwst|ust)\b|(grand |sub|sub[- ])?totals?\b(?! (tokens|requests|calls))|invoice total"
    r"|(amount|balance) (due|paid|remaining)|(starting |ending |opening |closing )?balance\b|payments?\b)|\b(sales )?tax$"
)
CREDIT = re.compile(r"(?i)\bcredits?\b(?! notes?\b)")
INVOICE_NAMES = frozenset(
    (
        *("description", "qty", "quantity", "unitprice", "invoice", "invoicenumber", "invoiceid", "invoiceno"),
        *("amountdue", "amountpaid"),
    )
)
"""Their rows carry the date of the invoice, not that of the use."""
NO_BILL = re.compile("token(?!type)|latency|duration|requestid|traceid|sessionid|timetofirst|statuscode|finishreason")
_DAY_S = 86_400.0
SPARSE_DAYS, SPARSE_INVOICE_DAYS = 20, 6
"""Dates so far apart are those of invoices; a table that names invoices or quantities has them sooner."""


def bill_format(table: UsageTable, is_period: Callable[[str], bool]) -> AggregateFormat | None:
    """How to read a table of money by period; None for any other. `is_period`: whether a text is a
    date without a time."""
    names = table.names
    tokens = {name for quantity in ("input", "uncached", "output") for group in COLUMNS[quantity] for name in group}
    if not names & set(START) or names & tokens or any(NO_BILL.search(name) for name in names):
        return None
    rows = [row for row in itertools.islice(table.rows(), FIRST_ROW_COUNT) if not is_no_use(row, BILL)]
    paid = [row for row in rows if _money(row) is not None]
    periods = [
        any(row.get(name) for name in END) or any(is_period(row.get(name, "")) for name in START) for row in paid
    ]
    return BILL if paid and 2 * sum(periods) > len(rows) else None


def _money(row: Row) -> tuple[float, str] | None:
    return next((told for name in BILL.spend if (told := money_of(row.get(name, ""))) is not None), None)


def is_no_use(row: Row, entry: AggregateFormat) -> bool:
    """Whether the row is a tax, a sum of other rows, a payment, or a credit that pays for use: it changes no price."""
    texts = list(_words(row))
    if any(NO_USE.search(text) for text in texts):
        return True
    amount = next((told[0] for name in entry.spend if (told := money_of(row.get(name, ""))) is not None), 0.0)
    return amount < 0 and any(CREDIT.search(text) for text in texts)


def _words(row: Row) -> Iterator[str]:
    return (row[name] for name in BILL_WORDS if row.get(name))


def has_no_period(names: frozenset[str], end_of: Mapping[float, Collection[float]]) -> bool:
    """Whether the dates of a bill are those of invoices. `end_of`: ends by start of a period, as far as told, in seconds."""
    widths = [end - start for start, ends in end_of.items() for end in ends]
    if names & set(END) or any(width > _DAY_S for width in widths):
        return False
    is_invoice = bool(names & INVOICE_NAMES)
    steps = [after - before for before, after in itertools.pairwise(sorted(end_of))]
    return min(steps) >= _DAY_S * (SPARSE_INVOICE_DAYS if is_invoice else SPARSE_DAYS) if steps else is_invoice
