"""What is said and asked about a file of sums."""

import math
from collections.abc import Mapping
from dataclasses import replace

from calculators.logs.aggregate_times import DAY_S
from calculators.logs.lengths_and_rates import LoadReading
from calculators.logs.request_file import LogError
from calculators.logs.shown import shown_cell
from calculators.logs.usage_questions import NegativeRows, UsageQuestion
from calculators.units import SECONDS_PER_HOUR, SECONDS_PER_MONTH, count, listed, plural, significant, usd

LEAST_TOLD_USD = 0.005
MIN_UNCLEAR_FRAC = 0.01
"""A smaller share of the spend is taken off it without a question."""
TYPICAL_DAYS = (1, 7, 30)
RUNNING_WORDS = (
    ("requests", "requests"),
    ("input", "input tokens"),
    ("output", "output tokens"),
    ("spend", "US dollars"),
)
TYPICAL_INPUT_TOK = (1_000.0, 10_000.0)
"""Input of a chat and of an agent's request: shows what an answer would mean."""


def width_text(width_s: float) -> str:
    """The length of one period, as "1 hour"."""
    for unit_s, noun in ((DAY_S, "day"), (SECONDS_PER_HOUR, "hour"), (60.0, "minute")):
        if width_s >= unit_s:
            return plural(round(width_s / unit_s), noun)
    return plural(round(width_s), "second")


def read_texts(reading: LoadReading, what: str, width_s: float) -> tuple[str, ...]:
    """What the file is and what it holds."""
    if reading.start is None or reading.end is None:
        return ()
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (reading.start, reading.end))
    period = f"{reading.name} is {what}: sums by {width_text(width_s).removeprefix('1 ')} from {start} to {end} UTC."
    held = [
        words
        for value, words in (
            (reading.requests, plural(reading.requests or 0, "request")),
            (reading.input_tok, f"{count(reading.input_tok or 0)} input tokens (cached ones included)"),
            (reading.output_tok, f"{count(reading.output_tok or 0)} output tokens"),
            (reading.spend_usd, f"{usd(reading.spend_usd or 0)} spent"),
        )
        if value is not None
    ]
    return (period, f"It holds {listed(held)}.") if held else (period,)


def inferred_texts(reading: LoadReading, left_out: int, gap_count: int, uncached: bool) -> tuple[str, ...]:
    """What follows from the file without being written in it."""
    width = width_text(reading.bucket_s or DAY_S)
    return tuple(
        words
        for holds, words in (
            (uncached, "The input column leaves cached tokens out, as the totals show; they are added."),
            (gap_count, f"{plural(gap_count, 'period')} of {width} without a row count as periods without use."),
            (
                left_out,
                f"{plural(left_out, 'row')} left out: other services or calls, failed calls, totals, payments and repeats.",
            ),
            (reading.batch_frac > 0, "Batch requests count in the volume but not in the peak."),
            (
                (reading.peak_ratio or 1) > 1,
                f"The busiest {width.removeprefix('1 ')} has {significant(reading.peak_ratio or 1)} times the mean load, so the peak is at "
                "least that.",
            ),
        )
        if holds
    )


def money_texts(reading: LoadReading, aside: Mapping[str, float], negatives: NegativeRows | None) -> tuple[str, ...]:
    """What lowers the spend, and what of the money is no part of it. `aside`: US dollars by kind, less money as negative."""
    if reading.spend_usd is None:
        return ()
    discount, unclear = -aside.get("discount", 0.0), -aside.get("unclear", 0.0)
    lowered = discount + (0.0 if negatives == "once" else unclear)
    who = "Discounts" if not unclear or negatives else "Discounts and other negative rows"
    left_out = [
        f"{usd(amount)} of {what}"
        for amount, what in (
            (-aside.get("credit", 0.0), "credits and refunds, which are given once"),
            (unclear if negatives == "once" else 0.0, "negative rows, as you said"),
            (aside.get("tax", 0.0), "taxes"),
            (aside.get("other", 0.0), "embeddings, images, audio or moderation, which are no chat traffic"),
        )
        if abs(amount) >= LEAST_TOLD_USD
    ]
    return (
        *((f"{who} lower the spend by {usd(lowered)}.",) if lowered >= LEAST_TOLD_USD else ()),
        *((f"Not in the spend: {listed(left_out)}.",) if left_out else ()),
    )


def asked_negatives(
    reading: LoadReading, unclear_usd: float, negatives: NegativeRows | None
) -> tuple[UsageQuestion, ...]:
    """Whether negative rows without a reason recur; nothing where they are told or too small to matter."""
    spend_usd = reading.spend_usd
    if negatives is not None or spend_usd is None or -unclear_usd <= MIN_UNCLEAR_FRAC * (spend_usd - unclear_usd):
        return ()
    question = UsageQuestion(
        text=f"{reading.name} has negative rows of {usd(-unclear_usd)} in all that do not say why. Will such rows come back?",
        answers=(
            f"recurring: discounts, so you pay {usd(spend_usd)} for this use",
            f"once: credits, refunds or corrections, so you pay {usd(spend_usd - unclear_usd)} for this use",
        ),
        option="--negative-rows recurring|once",
        field="negative_rows",
        values=("recurring", "once"),
    )
    return (question,)


def missing_texts(reading: LoadReading, currencies: list[str], more_to_come: bool) -> tuple[str, ...]:
    """What the file does not hold."""
    lengths = "the lengths of single requests: only the mean is known" if reading.requests else "the number of requests"
    no_tokens = reading.input_tok is None or reading.output_tok is None
    return tuple(
        words
        for holds, words in (
            (True, "tokens" if no_tokens else lengths),
            (reading.cache_read_tok is None and not no_tokens, "cache reads"),
            (more_to_come, "the pages that follow: the last one says that there are more"),
            (bool(currencies), f"spend in US dollars: it is in {listed(currencies)}"),
        )
        if holds
    )


def without_period(reading: LoadReading) -> LoadReading:
    """A bill whose rows carry the dates of invoices: its money without start and end."""
    spent = f"{reading.name} is a bill of {usd(reading.spend_usd)}." if reading.spend_usd is not None else ""
    words = "the period of the money: its rows carry the dates of invoices, so export the costs by day"
    return replace(
        reading,
        start=None,
        end=None,
        series=None,
        bucket_s=None,
        peak_ratio=None,
        hour_ratio=None,
        read=(spent,) if spent else (),
        inferred=(),
        missing=(words, *reading.missing),
    )


def without_dates(reading: LoadReading, what: str, period_days: float | None) -> LoadReading:
    """Sums over one period of so many days, which is asked where it is None. Raises LogError for no such number."""
    if period_days is not None and not 0 < period_days < math.inf:
        raise LogError(f"--days {period_days:g}: write a number of days above 0.")
    span_s = None if period_days is None else period_days * DAY_S
    told = "" if period_days is None else f", of {plural(period_days, 'day')} as you said"
    questions = [*reading.questions, *([] if span_s else [_asked_period(reading, what)])]
    return replace(
        reading,
        start=None,
        end=None,
        series=None,
        bucket_s=None,
        peak_ratio=None,
        hour_ratio=None,
        span_s=span_s,
        bill_span_s=span_s,
        read=(f"{reading.name} is {what}{told}.", *reading.read[1:]),
        inferred=(),
        missing=("when the requests came", *reading.missing),
        questions=tuple(questions),
    )


def _asked_period(reading: LoadReading, held: str) -> UsageQuestion:
    """How many days the sums are for, with what typical answers would mean."""
    what, amount = ("requests", reading.requests) if reading.requests else ("input tokens", reading.input_tok or 0)
    month_days = SECONDS_PER_MONTH / DAY_S
    return UsageQuestion(
        text=f"{reading.name}: {held}. It has no dates: how many days is it for?",
        answers=tuple(
            f"{plural(days, 'day')}: {count((amount or 0.0) / days * month_days)} {what} a month"
            for days in TYPICAL_DAYS
        ),
        option="--days N",
        field="period_days",
    )


def asked_reasoning(reading: LoadReading, reasoning_tok: float) -> tuple[UsageQuestion, ...]:
    """Whether the output column holds the reasoning tokens too, with both sums."""
    output_tok = reading.output_tok or 0
    question = UsageQuestion(
        text=f"Does the output column of {reading.name} include the reasoning tokens?",
        answers=(
            f"yes: {count(output_tok)} output tokens, {count(reasoning_tok)} of them reasoning",
            f"no: {count(output_tok + reasoning_tok)} output tokens, {count(reasoning_tok)} of them reasoning",
        ),
        option="--output-includes-reasoning yes|no",
        field="output_includes_reasoning",
        values=(True, False),
    )
    return (question,)


def asked_running(last: Mapping[str, float], all_of_it: Mapping[str, float]) -> tuple[UsageQuestion, ...]:
    """Whether rows that only grow are totals so far. By quantity: the last row, and the sum of all."""
    name, what = next((pair for pair in RUNNING_WORDS if pair[0] in last), RUNNING_WORDS[-1])
    question = UsageQuestion(
        text="All figures grow from row to row and never fall. Are they running totals?",
        answers=(
            f"running: {count(last.get(name, 0.0))} {what} in all, each row the total so far",
            f"each: {count(all_of_it.get(name, 0.0))} {what} in all, each row a period of its own",
        ),
        option="--counts running|each",
        field="counts",
        values=("running", "each"),
    )
    return (question,)


def asked_requests(reading: LoadReading) -> UsageQuestion:
    """How many requests there were, with what typical answers would mean."""
    input_tok, month = reading.input_tok or 0, SECONDS_PER_MONTH / (reading.window_s or SECONDS_PER_MONTH)
    return UsageQuestion(
        text=f"{reading.name} has no number of requests. How many were there?",
        answers=tuple(
            f"{count(size)} input tokens each: {plural(max(1, round(input_tok / size)), 'request')}, "
            f"{count(max(1.0, input_tok / size) * month)} a month"
            for size in TYPICAL_INPUT_TOK
        ),
        option="--requests N or --input-tok-per-request N",
        field="requests",
        instead="input_tok_per_request",
    )


def asked_tokens(reading: LoadReading) -> UsageQuestion:
    """For a file with money alone: what to export as well."""
    held = f"{usd(reading.spend_usd)} of spend but no" if reading.spend_usd is not None else "no"
    return UsageQuestion(
        text=f"{reading.name} holds {held} input and output tokens. Which export of the same period has them?",
        answers=("the usage export of completions (tokens by hour or day)", "a log with one row a request"),
        option="a second FILE with tokens",
    )


def asked_date_order(doubtful: str) -> tuple[UsageQuestion, ...]:
    """Which way round day and month are in a date; nothing for "", where they are sure."""
    if not doubtful:
        return ()
    question = UsageQuestion(
        text=f"Do the dates begin with the day or with the month? The first is {shown_cell(doubtful)}.",
        answers=("day: as in 31/12/2026", "month: as in 12/31/2026"),
        option="--date-order day|month",
        field="date_order",
        values=("day", "month"),
    )
    return (question,)


def asked_cache(reading: LoadReading) -> UsageQuestion:
    """Whether the input column holds cached tokens too, with both sums."""
    whole, cached = reading.input_tok or 0, (reading.cache_read_tok or 0) + (reading.cache_write_tok or 0)
    return UsageQuestion(
        text=f"Does the input column of {reading.name} leave cached tokens out?",
        answers=(
            f"no: {count(whole)} input tokens, {count(cached)} of them cached",
            f"yes: {count(whole + cached)} input tokens, {count(cached)} of them cached",
        ),
        option="--input-excludes-cache yes|no",
        field="input_excludes_cache",
        values=(False, True),
    )
