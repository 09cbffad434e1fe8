"""What the cells of a header say: the usual names of columns, their units, and whether they hold running totals."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from calculators.logs import column_words
from calculators.logs.aggregate_columns import COLUMNS, PERIODS, START
from calculators.logs.money import in_major_units, money_unit
from calculators.logs.request_columns import normalised

DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
"""A key of several parts."""


def header_names(header: Sequence[str]) -> tuple[list[tuple[str, str]], bool]:
    """For each cell its whole name, and its usual name or its last part; and whether the rows hold running totals."""
    is_running = any(map(is_running_name, header)) and not any(usual_name(cell) in SUMMED_NAMES for cell in header)
    names = [
        (normalised(cell), usual_name(cell, is_running) or normalised(last_part(cell)))
        for cell in (_period_in_english(cell, header) for cell in header)
    ]
    return without_prices(without_bookkeeping(names)), is_running


def _period_in_english(cell: str, header: Sequence[str]) -> str:
    """ "Tag" or "Data" name the period where other columns are named in another language than English too."""
    period = FOREIGN_PERIODS.get("".join(column_words.words_of(cell)))
    are_foreign = (normalised(other) != "".join(column_words.words_of(other)) for other in header if other != cell)
    return period if period and any(are_foreign) else cell


def without_bookkeeping(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The names without "time" for when a row of sums was written, where another column has its period."""
    kept = [(name, name if tail in ("time", "date") and BOOKKEEPING.search(name) else tail) for name, tail in names]
    counts = any(not REQUEST_COUNTS.isdisjoint(pair) for pair in names)
    return kept if counts and any(tail in PERIODS or tail in START for _, tail in kept) else names


def without_prices(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The names without "cost" for a price, which is that of one piece where there is a number of pieces or another cost."""
    counted = any(name in COUNTED or (tail == "cost" and name not in PIECE_PRICES) for name, tail in names)
    return [(name, name if counted and name in PIECE_PRICES else tail) for name, tail in names]


def last_part(name: str) -> str:
    """The last part of a dotted key, as `usage.input_tokens`; other names whole."""
    return name.rpartition(".")[2] if DOTTED.fullmatch(name.strip()) else name


def is_running_name(header: str) -> bool:
    """Whether a column holds the sum of all rows so far, by the words of its header."""
    return not RUNNING.isdisjoint(column_words.words_of(header))


def usual_name(header: str, of_running: bool = False) -> str | None:
    """The usual name of what a header says in words, in any of the languages read: "Eingabe-Token (k)" is inputtokens.
    `of_running`: whether a column of running totals has one too."""
    bare = column_words.split_unit(header)[0]
    if is_running_name(header):
        return usual_name(RUNNING_WORD.sub(" ", header)) if of_running else None
    told = column_words.token_role(bare) or column_words.plain_role(bare) or column_words.period_name(bare)
    if column_words.words_of(header)[-1:] == ("currency",) and "in" not in column_words.words_of(header):
        return "currency"
    return USUAL_NAMES.get(told, told) if told else None


FOREIGN_PERIODS = {
    **dict.fromkeys(("tag", "dia", "giorno", "dag"), "day"),
    **dict.fromkeys(("data", "jornada"), "date"),
    **dict.fromkeys(("woche", "semaine", "semana", "settimana", "kalenderwoche"), "week"),
    **dict.fromkeys(("mois", "mes", "mese", "maand"), "month"),
    **dict.fromkeys(("quartal", "trimestre", "kwartaal"), "quarter"),
}
"""Words that may mean another thing in English."""
BOOKKEEPING = re.compile("created|updated|modified|inserted|ingested|exported|imported|loaded|synced|refreshed")
REQUEST_COUNTS = frozenset(name for group in COLUMNS["requests"] for name in group)
PIECE_PRICES = frozenset({"price", "priceusd", "usdprice", "priceeur"})
COUNTED = frozenset({"qty", "quantity", "amount", "units", "count", "menge", "anzahl", "quantite"})
RUNNING = frozenset({"cumulative", "running", "cumulated", "accumulated", "ytd", "mtd"})
"""Words of columns that hold the sum of all rows so far."""
RUNNING_WORD = re.compile(rf"(?i)(?<![a-z])({'|'.join(sorted(RUNNING))})(?![a-z])")
SUMMED_NAMES = frozenset({"inputtokens", "outputtokens", "requests", "cost"})
"""What rows hold that is no running total."""
USUAL_NAMES: Mapping[str | None, str] = {
    "input": "inputtokens",
    "output": "outputtokens",
    "uncached": "uncachedtokens",
    "cache_read": "cachereadtokens",
    "cache_write": "cachewritetokens",
    "reasoning": "reasoningtokens",
    "total": "totaltokens",
    "requests": "requests",
}


def cell_unit(header: str) -> Callable[[str], str] | None:
    """What makes plain counts of the cells of a column in thousands, or UTC of those in another zone."""
    money = money_unit(header)
    if not money.is_plain:
        return partial(in_major_units, money)
    scale, offset_s = column_words.split_unit(header)[1], column_words.header_offset_s(header)
    if offset_s:
        sign, minutes = "-" if offset_s < 0 else "+", abs(offset_s) // 60
        return lambda cell: f"{cell}{sign}{minutes // 60:02}:{minutes % 60:02}" if ":" in cell else cell
    return None if scale == 1 else lambda cell: _scaled(cell, scale)


def _scaled(cell: str, scale: float) -> str:
    try:
        return str(round(float(cell.replace(",", "")) * scale, 6))
    except ValueError:
        return cell
