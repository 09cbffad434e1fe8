"""Units, conversions and how numbers are written for people. The unit of a value is the suffix of its name.

Money is US dollars, a month is 730 hours, GB is 1e9 bytes. Fractions run from 0 to 1; percent exists only on screen.
"""

import math
import re
from collections.abc import Sequence
from datetime import date

HOURS_PER_MONTH = 730.0  # 8,760 h a year / 12; how every cloud bills "a month" of an always-on machine
SECONDS_PER_HOUR = 3_600.0
HOURS_PER_DAY = 24
DAYS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_DAY
SECONDS_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR
MONTHS_PER_YEAR = 12
WEEKS_PER_MONTH = 52 / MONTHS_PER_YEAR
TOK_PER_MTOK = 1e6
BYTES_PER_GB = 1e9
BYTES_PER_GIB = 2.0**30
"""Engines log memory in these."""
FLOPS_PER_TFLOPS = 1e12
LARGEST_TOLD_RATIO = 1_000.0
"""A factor beyond it is not told: nobody would meet it."""
SMALLEST_TOLD_FRAC = 5e-5
"""A change below it is none: it would be told as 0.00…%."""

SUFFIXES = (
    # every float in a record ends in one of these; tests/test_architecture.py checks it
    *("_usd", "_usd_per_h", "_usd_per_gpu_h", "_usd_per_mtok", "_usd_per_month", "_usd_per_year", "_usd_per_kwh"),
    *(
        "_usd_per_kw_month",
        "_usd_per_request",
        "_usd_per_gb",
        "_tok",
        "_tok_s",
        "_tok_per_month",
        "_tok_per_minute",
        "_req_s",
    ),
    *(
        "_bytes",
        "_bytes_s",
        "_gb",
        "_gib",
        "_mib",
        "_gb_s",
        "_flop",
        "_flops",
        "_tflops",
        "_tops",
        "_s",
        "_ms",
        "_us",
        "_h",
        "_w",
        "_kw",
    ),
    *("_frac", "_ratio", "_count", "_months", "_weeks", "_years", "_b", "_gpus", "_fte", "_per_month", "_h_per_month"),
)


def printable(text: str, limit: int | None = None) -> str:
    """Text of others made safe to show: no control characters, direction marks or lone surrogates, spaces run together,
    cut to `limit` characters."""
    safe = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return safe if limit is None or len(safe) <= limit else safe[: limit - 1] + "…"


def significant(value: float, figures: int = 3) -> str:
    """`value` to so many significant figures, without trailing zeros or scientific notation: 0.0123, 1.52, 98.3, 1,230."""
    if not math.isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    decimals = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def count(value: float) -> str:
    """A quantity in three significant figures: 0.25, 950, 4,096, 14.5k, 13.1M, 2.1B. Below ten thousand whole numbers are
    written out."""
    return _scaled(value, 10_000)


def usd(value: float) -> str:
    """Dollars in three significant figures: $0.037, $0.50, $73, $934, $3.5k, $474k, $1.23M. Below $100 with cents, where
    there are any. A real minus sign for negatives."""
    if not math.isfinite(value):
        return "unknown"
    amount, sign = abs(value), "−" if value < 0 else ""
    if amount >= 99.995:
        return f"{sign}${_scaled(amount, 1_000)}"
    cents = f"{amount:.2f}"
    finer = significant(amount) if amount < 0.9995 else cents
    return f"{sign}${max(cents, finer, key=len)}".removesuffix(".00")


def usd_column(values: Sequence[float | None]) -> list[str]:
    """Dollars of one column in one style: as `usd`, and where one has cents all below $100 have; None is empty. Beside
    amounts of a dollar and more, smaller ones are rounded to cents."""
    texts = ["" if value is None else usd(value) for value in values]
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    has_cents = any(0 < size < 99.995 and "." in usd(size) for size in known)
    if not has_cents:
        return texts
    least = 0.995 if max(known) >= 0.995 else 0.0  # a column of tiny prices keeps their figures
    return [
        text if value is None or not math.isfinite(value) or abs(value) >= 99.995 else _with_cents(value, least)
        for value, text in zip(values, texts, strict=True)
    ]


def _with_cents(value: float, least_whole: float) -> str:
    """An amount below $100 with cents; below `least_whole`, where that is not zero, rounded to them."""
    size, sign = abs(value), "−" if value < 0 else ""
    if least_whole and 0 < size < 0.005:
        return f"{sign}<$0.01"
    cents, finer = f"{size:.2f}", usd(size).lstrip("$")
    return f"{sign}${cents if least_whole or len(finer) < len(cents) else finer}"


def usd_range(low: float, high: float | None) -> str:
    """A range of dollars: $6.75k to $44.2k; empty where both ends are the same. Infinite or None: infeasible."""
    if high is None or not math.isfinite(high):
        return f"{usd(low)} to infeasible"
    return "" if high - low < 0.5 else f"{usd(low)} to {usd(high)}"


def percent(fraction: float) -> str:
    """A fraction as a percentage in two significant figures, 32%, 6.7%, 0.42%; above 99% with as many nines as it has:
    99.5%, 99.95%, 99.99%."""
    if not math.isfinite(fraction):
        return "unknown"
    if 0.99 < fraction < 1:
        return f"{significant(fraction * 100, 1 + math.ceil(-math.log10(1 - fraction) + 1e-9))}%"
    return f"{significant(fraction * 100, 2)}%"


def signed_percent(fraction: float) -> str:
    """A change or a bias as a percentage with its sign: +3.2%, −1.4%, 0%."""
    return f"+{percent(fraction)}" if fraction > 0 else percent(fraction)


def milliseconds(value_ms: float) -> str:
    """A duration in three significant figures: 38 ms, 1.23 s."""
    if not math.isfinite(value_ms):
        return "unknown"
    return f"{significant(value_ms / 1e3)} s" if value_ms >= 999.5 else f"{significant(value_ms)} ms"


def plural(number: float, noun: str, nouns: str | None = None) -> str:
    """A count with its noun: 1 replica, 2 replicas, 13.1M requests."""
    text = count(number)
    return f"{text} {noun if text == '1' else nouns or noun + 's'}"


def plural_or_no(number: float, noun: str, nouns: str | None = None) -> str:
    """A count with its noun, in a word where there is none: no spare, 1 spare, 2 spares."""
    return plural(number, noun, nouns) if number else f"no {noun}"


def article(number: float) -> str:
    """The article before a number as it is spoken: a 4-GPU replica, an 8-GPU replica."""
    return "an" if re.match(r"8|1[18](?!\d)", str(number)) else "a"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names as one phrase: a; a and b; a, b and c. `last` stands before the last one."""
    return f" {last} ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])


def capital(text: str) -> str:
    """Words as the start of a sentence. A name keeps its spelling: gpt-oss, vLLM, gemini-2.5-flash, usage.csv."""
    first = text.split(" ", 1)[0]
    is_name = first.startswith("gpt-") or re.search(r"\d|/|\w[A-Z]|\w\.\w", first)
    return text if is_name else f"{text[:1].upper()}{text[1:]}"


def change(ratio: float) -> str:
    """What became of a value, from its ratio to what it was: 24% lower, 99.5% lower, 3.1 times as much. Beyond a factor of a
    thousand only that it is beyond."""
    if not math.isfinite(ratio) or ratio > LARGEST_TOLD_RATIO:
        return f"over {count(LARGEST_TOLD_RATIO)} times as much"
    if ratio >= 2:
        return f"{significant(ratio)} times as much"
    if ratio < 1 / LARGEST_TOLD_RATIO:
        return f"over {percent(1 - 1 / LARGEST_TOLD_RATIO)} lower"
    if abs(ratio - 1) < SMALLEST_TOLD_FRAC:
        return "the same"
    return f"{percent(abs(ratio - 1))} {'higher' if ratio > 1 else 'lower'}"


def moved_to(now: float, at: float, words: str) -> str:
    """Where a value goes, to follow "when it": grows to 6.09B, falls to 20M. `words`: how `at` is written."""
    return f"{'grows' if at > now else 'falls'} to {words}"


def multiple_of(ratio: float, what: str) -> str:
    """A value by its ratio to another, `what`: 36 times your volume, 1.3 times your volume, 24% of your volume."""
    if ratio > LARGEST_TOLD_RATIO:
        return f"over {count(LARGEST_TOLD_RATIO)} times {what}"
    if ratio < 1 / LARGEST_TOLD_RATIO:
        return f"under {percent(1 / LARGEST_TOLD_RATIO)} of {what}"
    if abs(ratio - 1) < 0.005:
        return what if ratio == 1 else f"about {what}"
    return (
        f"{significant(ratio, 2 if ratio >= 1.05 else 3)} times {what}" if ratio > 1 else f"{percent(ratio)} of {what}"
    )


def _scaled(value: float, written_out_below: float) -> str:
    """Three significant figures with k, M, B or T from `written_out_below` on; whole numbers below it."""
    if not math.isfinite(value):
        return "unknown"
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= max(size * 0.9995, written_out_below - 0.5):
            return f"{significant(value / size)}{letter}"
    return f"{value:,.0f}".replace("-", "−") if abs(value) >= 1_000 else significant(value)


def later_month(day: date, months: int) -> date:
    """The first day of the month so many months after a day's."""
    years, month = divmod(day.month - 1 + months, MONTHS_PER_YEAR)
    return date(min(day.year + years, 9999), month + 1, 1)


def month_name(day: date, months: int = 0) -> str:
    """The month so many months after a day's, as "March 2028"."""
    return f"{later_month(day, months):%B %Y}"
