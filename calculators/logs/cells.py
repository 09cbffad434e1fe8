"""How numbers and "nothing" are written in the cells of a log: separators of thousands and decimals, words for blank."""

import re
from collections.abc import Sequence

NULL_WORDS = (
    *(
        "null",
        "Null",
        "NULL",
        "none",
        "None",
        "NONE",
        "nil",
        "Nil",
        "NIL",
        "<nil>",
        "nan",
        "NaN",
        "Nan",
        "NAN",
        "nat",
        "NaT",
    ),
    *("n/a", "N/a", "N/A", "#n/a", "#N/A", "na", "Na", "NA"),
    *("undefined", "Undefined", "UNDEFINED", "(null)", "<null>", r"\N", "-", "--", "–", "—"),
)
"""A cell with one of them is blank."""
SPACES = " \u00a0\u202f\u2009'’_"
"""Between thousands in France, Switzerland and programs; never a decimal sign."""
NUMBER = re.compile(
    rf"[+-]?(\d+([.,]\d+)?([eE][+-]?\d+)?|\d{{1,3}}([{SPACES}]\d{{3}})+([.,]\d+)?|\d{{1,3}}(,\d{{2,3}})*,\d{{3}}(\.\d+)?|\d{{1,3}}(\.\d{{3}})+(,\d+)?)"
)


def is_null(text: str) -> bool:
    """Whether a cell holds nothing or a word for nothing."""
    return not (trimmed := text.strip()) or trimmed in NULL_WORDS


def is_number(text: str) -> bool:
    """True for 12, 12.0, 1,234, 1.234.567,8, 1 234, 1'234 and 1.2e3; text as written in a cell."""
    return NUMBER.fullmatch(text.strip()) is not None


SUFFIX = re.compile(r"(?i)(.*\d)\s?(?:(k|m|mio\.?)|(?:(k|m) )?tok(?:en)?s?)$")


def suffix_scale(text: str) -> tuple[str, float]:
    """A count without its suffix, and what that stands for: "12.3k" is 12.3 and 1,000, "300 tokens" 300 and 1."""
    match = SUFFIX.fullmatch(text.strip())
    if match is None:
        return text, 1.0
    unit = (match.group(2) or match.group(3) or "").lower()
    return match.group(1), {"": 1.0, "k": 1e3}.get(unit, 1e6)


def has_suffix(text: str) -> bool:
    """Whether a count is written as 12.3k or as 300 tokens."""
    return SUFFIX.fullmatch(text.strip()) is not None


def is_count(text: str) -> bool:
    """As `is_number`, with a suffix or without: 12.3k, 300 tokens."""
    return is_number(suffix_scale(text)[0])


def thousands_sign(values: Sequence[str]) -> str:
    """The sign that groups thousands in a column of whole numbers: "." or ","; decides what 1.234 is.

    A point groups when every number with a point is grouped by it (2.880 beside 300), and not all numbers end in .000.
    """
    filled = [value.strip() for value in values if not is_null(value)]
    pointed = [value for value in filled if "." in value]
    grouped = [value for value in pointed if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+(,\d+)?", value)]
    only_zeros = len(pointed) == len(filled) and all(value.endswith(".000") for value in pointed)
    return "." if pointed and len(grouped) == len(pointed) and not only_zeros else ","


def whole_number(text: str, thousands: str = ",") -> int:
    """Tokens in a cell; 0 for anything else. `thousands`: the sign that groups them in its column."""
    plain = re.sub(rf"[{SPACES}]", "", text.strip())
    decimal = "," if thousands == "." else "."
    if thousands == "," and re.fullmatch(r"\d+,0+|\d{1,3}(\.\d{3})+,\d+", plain):
        thousands, decimal = ".", ","
    try:
        return int(float(plain.replace(thousands, "").replace(decimal, ".") or 0))
    except (ValueError, OverflowError):
        return 0
