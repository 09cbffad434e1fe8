"""Money of tables of sums, and tables of money alone: cost exports, bills and invoices. What a row's money is for, and whether
the dates are a period.

What is paid for use is the net of charges and of discounts that recur; credits given once and taxes are no part of it.
"""

import itertools
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from calculators.logs.aggregate_columns import COLUMNS, CURRENCY, END, SPEND, START
from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_items import is_model_service
from calculators.logs.money import SIGN, money_of
from calculators.logs.request_marks import NO_CHAT_MODEL
from calculators.logs.usage_tables import FIRST_ROW_COUNT, Row, UsageTable

NET = ("net", "netamount", "amountnet", "netcost", "netto", "nettobetrag")
"""Columns of money without the tax that stands beside it."""
BILL = AggregateFormat(
    "a bill",
    frozenset(),
    spend=(*NET, *SPEND, "amountusd", "amount", "amountpaid", "amountdue", "total", "charges", "charge"),
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
    *("lineitem", "item", "category", "label", "product", "name", "skudescription", "date", "model", "text"),
)
"""Columns whose words may say that a row is no use."""
VENDOR = ("vendor", "supplier", "merchant", "provider", "payee", "lieferant", "service", "servicename")
FORECAST = re.compile(r"(?i)\W*(forecast(ed)?|projected|projection|budget(ed)?|planned|plan|prognose)\W*")
FORECAST_COLUMNS = ("type", "kind", "status", "scenario", "rowtype", "datatype", "costtype", "category", "version")
MoneyKind = Literal["use", "other", "discount", "credit", "tax", "unclear", "none"]
"""What money is for: use, calls that are no chat, a discount that recurs, a credit given once, a tax, less money without a
reason, or a sum of other rows."""
ITEM_COLUMNS = (
    *("lineitem", "lineitemusagetype", "usagetype", "item", "metername", "skudescription", "description", "product"),
    *("label", "model", "modelname", "modelgroup", "modelid"),
)
"""Columns that name what was bought."""
SUMMED_COLUMNS = (
    "user",
    "team",
    "project",
    "projectname",
    "service",
    "servicename",
    "apikeyname",
    "workspace",
    "department",
)
SUM_NAME = re.compile(
    r"(?i)\W*((grand |sub|sub[- ])?totals?|all( (api )?(models|users|members|teams|projects|services|keys|workspaces|departments|apps))?"
    r"|overall|summe|gesamt(summe)?)\W*"
)
"""The name of a row that holds the sums of others, in columns of names."""
NO_USE = re.compile(
    r"(?i)^\W*(all( models| teams| projects| users| services| keys)?\W*$|overall\b|(grand |sub|sub[- ])?totals?\b(?! (tokens|requests|calls))|invoice total|(zwischen|gesamt)?summe\b|gesamt\b"
    r"|sous[- ]total|(amount|balance) (due|paid|remaining)|(starting |ending |opening |closing )?balance\b|payments?\b)"
)
TAX = re.compile(
    r"(?i)^\W*((sales |us |state |local )*(tax|taxes|vat|gst|hst|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva)\b)|\b(sales )?tax$"
)
REASONS: tuple[tuple[MoneyKind, str], ...] = (
    (
        "credit",
        r"promo(tion(al)?)?s?|free trial|trial|refund(s|ed)?|reimburse\w*|goodwill|courtesy|coupons?|vouchers?|welcome|start ?ups?"
        r"|activate|sla|outage|grants?|sponsor\w*|one time|gutschrift(en)?|erstattung(en)?|remboursement|avoir|rimborso|reembolso",
    ),
    (
        "discount",
        r"discount(s|ed)?|commit(ted|ments?)?|cud|sud|sustained|volume|enterprise|edp|spp|negotiated|contract|reseller|savings? plans?"
        r"|rebates?|free tier|margin|benefit|rabatte?|\w+rabatt|nachlass|remises?|sconto|descuentos?",
    ),
    ("credit", r"credits?(?! notes?)"),
)
"""Words that say why money is less, the first that fits."""
WHOLE_REASONS: tuple[tuple[MoneyKind, str], ...] = (
    ("credit", r"refunds?|promotional credits?|promotions?|free trial( credits?)?"),
    ("discount", r"(\w+ ){0,3}discounts?( \d+ ?%?)?"),
)
"""Texts that say so of an amount without a sign."""
REASON_COLUMNS = (
    *(
        "description",
        "lineitemlineitemtype",
        "lineitemlineitemdescription",
        "lineitemtype",
        "costtype",
        "chargecategory",
    ),
    *(
        "chargedescription",
        "chargeclass",
        "chargetype",
        "charge",
        "type",
        "kind",
        "lineitem",
        "item",
        "category",
        "label",
    ),
    *(
        "product",
        "name",
        "skudescription",
        "creditstype",
        "creditsname",
        "credittype",
        "creditname",
        "adjustmentinfotype",
    ),
    *("transactiontype", "reason", "note", "notes", "comment", "memo", "metername", "text"),
)
CREDIT_COLUMNS: Mapping[str, MoneyKind] = {
    **dict.fromkeys(("discounts", "discount", "negotiatedsavings", "discountamount", "savingsprograms"), "discount"),
    **dict.fromkeys(("promotionsandothers", "promotions"), "credit"),
    **dict.fromkeys(
        ("credits", "credit", "creditsamount", "creditamount", "totalcredits", "creditsapplied"), "unclear"
    ),
}
"""Columns beside the cost that lower it where they are negative."""
BEFORE_CREDITS = ("listcost", "grosscost", "gross", "listprice", "costatlist", "costbeforediscount", "subtotal")
"""Columns that hold the cost before what lowers it, where that is taken off the cost already."""
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


def bill_format(table: UsageTable, is_period: Callable[[Row], bool]) -> AggregateFormat | None:
    """How to read a table of money by period; None for any other. `is_period`: whether a row is of a day or so, not of a
    moment."""
    names = table.names
    tokens = {name for quantity in ("input", "uncached", "output") for group in COLUMNS[quantity] for name in group}
    if not names & set(START) or names & tokens or any(NO_BILL.search(name) for name in names):
        return None
    if _is_total_of_unknown(table):
        return None
    rows = [
        row
        for row in itertools.islice(table.rows(), FIRST_ROW_COUNT)
        if money_kind(row, BILL) in ("use", "other", "unclear")
    ]
    paid = [row for row in rows if _money(row) is not None]
    return _of_models(rows) if paid and 2 * sum(map(is_period, paid)) > len(rows) else None


def _of_models(rows: Sequence[Row]) -> AggregateFormat:
    """The format of a bill, of the vendors of models alone where it names others too."""
    for name in VENDOR:
        are_models = {is_model_service(row[name]) for row in rows if row.get(name)}
        if len(are_models) == 2:
            return replace(BILL, about=(name,))
    return BILL


def _is_total_of_unknown(table: UsageTable) -> bool:
    """Whether the only money would be a total of columns that name none, which may count anything."""
    named = table.names & {*BILL.spend, *CURRENCY, *INVOICE_NAMES, "subtotal", "tax"}
    rows = itertools.islice(table.rows(), FIRST_ROW_COUNT)
    return named == {"total"} and not any(SIGN.search(row.get("total", "")) for row in rows)


def _money(row: Row) -> tuple[float, str] | None:
    return next((told for name in BILL.spend if (told := money_of(row.get(name, ""))) is not None), None)


def money_kind(row: Row, entry: AggregateFormat) -> MoneyKind:
    """What the money of a row is for."""
    texts = [row[name] for name in BILL_WORDS if row.get(name)]
    for kind, pattern in (("none", NO_USE), ("tax", TAX)):
        if any(pattern.search(text) for text in texts):
            return kind  # type: ignore[return-value]
    amount = next((told[0] for name in entry.spend if (told := money_of(row.get(name, ""))) is not None), 0.0)
    if any(SUM_NAME.fullmatch(row.get(name, "")) for name in SUMMED_COLUMNS):
        return "none"
    if any(FORECAST.fullmatch(row.get(name, "")) for name in FORECAST_COLUMNS):
        return "none"
    if amount < 0:
        return _reason(" ".join(row.get(name, "") for name in REASON_COLUMNS))
    whole = ((kind, text) for kind, words in WHOLE_REASONS for text in texts if re.fullmatch(words, _plain_words(text)))
    return next(whole, ("other" if _is_no_chat(row) else "use", ""))[0]


def _is_no_chat(row: Row) -> bool:
    """Whether the row is for embeddings, images, audio or moderation."""
    return any(re.search(NO_CHAT_MODEL, row[name].lower().replace(" ", "-")) for name in ITEM_COLUMNS if row.get(name))


def _reason(text: str) -> MoneyKind:
    """Why money is less, by the words of a row."""
    plain = _plain_words(text)
    return next((kind for kind, words in REASONS if re.search(rf"\b({words})\b", plain)), "unclear")


def _plain_words(text: str) -> str:
    """Words in lower case with blanks between them: "EdpDiscount" and "EDP_DISCOUNT" are two."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).strip().lower()


def lowered_by(row: Row, cost: float) -> dict[MoneyKind, float]:
    """What columns of the row take off its cost, by kind, in its currency: negative amounts."""
    off = dict[MoneyKind, float]()
    for name, kind in CREDIT_COLUMNS.items():
        for reason, amount in _credits(row.get(name, "")):
            if amount < 0 and not _is_net(row, cost, amount):
                beside = " ".join(
                    row.get(beside, "") for beside in ("creditstype", "creditsname", "credittype", "creditname")
                )
                told = kind if kind != "unclear" else _reason(reason or beside)
                off[told] = off.get(told, 0.0) + amount
    return off


def _credits(cell: str) -> Iterator[tuple[str, float]]:
    """Words and amounts of a cell: one amount, or a list of credits in JSON."""
    if cell.startswith("["):
        try:
            listed: Any = json.loads(cell)
        except ValueError:
            return
        for credit in listed:
            if isinstance(credit, dict) and (told := money_of(str(credit.get("amount")))) is not None:
                yield " ".join(str(credit.get(name) or "") for name in ("type", "name", "full_name")), told[0]
    elif cell and (told := money_of(cell)) is not None:
        yield "", told[0]


def _is_net(row: Row, cost: float, amount: float) -> bool:
    """Whether the cost is what is left of another column."""
    before = (money_of(row.get(name, "")) for name in BEFORE_CREDITS)
    return any(told is not None and abs(told[0] + amount - cost) < 1e-6 + 1e-6 * abs(cost) for told in before)


def has_no_period(names: frozenset[str], end_of: Mapping[float, Collection[float]]) -> bool:
    """Whether the dates of a bill are those of invoices. `end_of`: ends by start of a period, as far as told, in seconds."""
    widths = [end - start for start, ends in end_of.items() for end in ends]
    if names & set(END) or any(width > _DAY_S for width in widths):
        return False
    is_invoice = bool(names & INVOICE_NAMES)
    steps = [after - before for before, after in itertools.pairwise(sorted(end_of))]
    return min(steps) >= _DAY_S * (SPARSE_INVOICE_DAYS if is_invoice else SPARSE_DAYS) if steps else is_invoice
