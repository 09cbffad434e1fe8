"""Units, conversions and how numbers are written for people. The unit of a value is the suffix of its name.

Money is US dollars, a month is 730 hours, GB is 1e9 bytes. Fractions run from 0 to 1; percent exists only on screen.
"""

import math

HOURS_PER_MONTH = 730.0  # 8,760 h a year / 12; how every cloud bills "a month" of an always-on machine
SECONDS_PER_HOUR = 3_600.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR
MONTHS_PER_YEAR = 12
TOK_PER_MTOK = 1e6
BYTES_PER_GB = 1e9
FLOPS_PER_TFLOPS = 1e12

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


def printable(text: str) -> str:
    """Without control characters, direction marks and lone surrogates; spaces run together."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def usd(value: float) -> str:
    """Dollars as a person would say them: $0.42, $73, $1,654, $72.4k, $1.23M. A real minus sign for negatives."""
    if not math.isfinite(value):
        return "unknown"
    sign, amount = ("−" if value < -0.005 else ""), abs(value)
    if amount >= 999_500_000:
        text = f"{amount / 1e9:,.2f}B"
    elif amount >= 999_950:
        text = f"{amount / 1e6:,.2f}M"
    elif amount >= 99_950:
        text = f"{amount / 1e3:,.0f}k"
    elif amount >= 10_000:
        text = f"{amount / 1e3:,.1f}k"
    elif amount >= 10:
        text = f"{amount:,.0f}"
    else:
        text = f"{amount:,.2f}"
    return f"{sign}${text}"


def count(value: float) -> str:
    """A count in three significant figures: 950, 14.5 M, 2.1 B."""
    if not math.isfinite(value):
        return "unknown"
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size * 0.9995:
            return f"{significant(value / (1e3 if letter == 'k' else size))} {letter}"
    return f"{value:,.0f}" if abs(value) >= 10 else significant(value)


def significant(value: float, figures: int = 3) -> str:
    """`value` to so many significant figures, never in scientific notation: 0.0123, 1.52, 98.3, 1,230."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "unknown"
    decimals = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(fraction: float) -> str:
    """A fraction as a percentage: 0.153 → 15 %; small ones keep a figure: 0.0042 → 0.42 %."""
    return f"{significant(fraction * 100, 2)} %"


def milliseconds(value_ms: float) -> str:
    """A duration: 38 ms, 1.2 s."""
    if not math.isfinite(value_ms):
        return "unknown"
    return f"{significant(value_ms / 1e3, 2)} s" if value_ms >= 1_000 else f"{significant(value_ms, 2)} ms"
