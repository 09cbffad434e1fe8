"""Money as files write it: the currency and the unit in the name of a column, and amounts as they stand in cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from calculators.logs.column_words import plain_role, words_of
from calculators.logs.word_lists import CURRENCY_CODES, CURRENCY_SIGNS, MINOR_UNITS

SIGNS = "|".join(re.escape(sign) for sign in sorted(CURRENCY_SIGNS, key=len, reverse=True))
SIGN = re.compile(SIGNS)
AMOUNT_CELL = re.compile(
    rf"(?P<minus>[-−(]?)\s*(?P<before>{SIGNS}|[A-Za-z]{{3}})?\s*(?P<sign>[-−]?)\s*(?P<number>\d[\d., '\u00a0\u202f]*?|\.\d+)"
    rf"(?P<power>[eE][+-]?\d+)?\s*(?P<after>{SIGNS}|[A-Za-z]{{3}})?\s*(?P<end>[)-]?)"
)
USD = "USD"


@dataclass(frozen=True, slots=True)
class MoneyUnit:
    """What a column's name says of its money. `currency`: a code, "" where it says none; `per_unit`: of that currency in one
    unit of the column, 0.01 for cents."""

    currency: str = ""
    per_unit: float = 1.0

    @property
    def is_plain(self) -> bool:
        """Whether the cells need nothing done to be dollars."""
        return self.currency in ("", USD) and self.per_unit == 1.0


@lru_cache(8_192)
def money_unit(name: str) -> MoneyUnit:
    """Currency and unit by the name of a column: "Cost (€)" is EUR, "spend_cents" hundredths; plain where it names no cost."""
    if plain_role(name) != "cost":
        return MoneyUnit()
    words = words_of(name)
    codes = [CURRENCY_CODES[word] for word in words if word in CURRENCY_CODES]
    signs = [CURRENCY_SIGNS[sign] for sign in SIGN.findall(name)]
    per_unit = next((MINOR_UNITS[word] for word in words if word in MINOR_UNITS), 1.0)
    return MoneyUnit(next(iter((*codes, *signs)), ""), per_unit)


@lru_cache(8_192)
def money_of(cell: str) -> tuple[float, str] | None:
    """Amount and currency of a cell: "$1,234.50", "1,20 €", "(0.50)", "EUR 3"; the currency is "" where it names none. None
    for anything else."""
    match = AMOUNT_CELL.fullmatch(cell.strip())
    if match is None:
        return None
    currency = _code(match["before"]) or _code(match["after"])
    number = _decimal(match["number"] + (match["power"] or ""))
    if currency is None or number is None:
        return None
    return (-number if match["minus"] or match["sign"] or match["end"] == "-" else number), currency


def _code(word: str | None) -> str | None:
    if not word:
        return ""
    return CURRENCY_SIGNS.get(word) or (word.upper() if word.upper() in CURRENCY_CODES.values() else None)


def _decimal(text: str) -> float | None:
    """1234.5 of 1,234.5 and of 1.234,5; one comma before one or two digits is a decimal one."""
    bare = re.sub("[ '\u00a0\u202f]", "", text)
    last_comma, last_point = bare.rfind(","), bare.rfind(".")
    is_continental = last_comma > last_point and (last_point >= 0 or re.fullmatch(r"\d+,\d{1,2}|\d+,\d{4,}", bare))
    plain = bare.replace(".", "").replace(",", ".") if is_continental else bare.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        return None


def in_major_units(unit: MoneyUnit, cell: str) -> str:
    """The cell with its column's currency before it, in whole units of that: "120" of a column of cents is 1.2."""
    told = money_of(cell)
    if unit.is_plain or told is None:
        return cell
    amount, currency = told
    return f"{currency or unit.currency} {round(amount * unit.per_unit, 12):f}".strip()


def usd_or_none(amount: float | None) -> float | None:
    """Dollars of a sum; None for a sum with money of another currency in it, which the engine holds as NaN."""
    return None if amount is None or amount != amount else float(amount)


FOREIGN_SIGNS: Mapping[str, str] = {sign: code for sign, code in CURRENCY_SIGNS.items() if code != USD}
FOREIGN = (
    rf"(?i)({'|'.join(re.escape(sign) for sign in sorted(FOREIGN_SIGNS, key=len, reverse=True))})"
    rf"|\b({'|'.join(sorted(set(CURRENCY_CODES.values()) - {USD}))})\b"
)
"""A cell with money that is no US dollar."""
