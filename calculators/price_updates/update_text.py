"""An update in words: what changes, what a person has to look at, how old the data are, and what became of the verdicts."""

from collections.abc import Iterator

from calculators.api.rates import own_rates
from calculators.catalog.rent_history import STALE_DAYS
from calculators.price_updates.ages import Ages
from calculators.price_updates.changes import Changes, RentChange, TokenChange
from calculators.price_updates.update import Update
from calculators.price_updates.verdict_changes import VerdictChange
from calculators.units import plural, plural_or_no

MOST_LINES = 40
"""Of one kind that the terminal shows; the rest is counted."""


def update_text(update: Update) -> str:
    """The whole report, one fact a line."""
    return "\n".join(_lines(update))


def _lines(update: Update) -> Iterator[str]:
    for problem in update.problems:
        yield f"Not read: {problem}"
    for changes in update.changes:
        yield from _source_lines(changes)
    held = [one for changes in update.changes for one in changes.held]
    yield f"Held back for a person to look at: {plural_or_no(len(held), 'price')}"
    yield from _first([f"  {one.name}: {one.what}; {one.why}" for one in held])
    if held:
        yield "  To write one all the same: ACCEPT='NAME', as it stands before the colon."
    yield from _summary(update)


def _source_lines(changes: Changes) -> Iterator[str]:
    confirmed = sum(token.is_confirmed for token in changes.tokens) + sum(rent.is_confirmed for rent in changes.rents)
    moved = [
        *[_token_line(one) for one in changes.tokens if not one.is_confirmed],
        *[_rent_line(one) for one in changes.rents if not one.is_confirmed],
    ]
    title = changes.publication.source.title
    yield f"{title}: {plural_or_no(len(moved), 'new or changed price')}, {confirmed} confirmed"
    yield from _first(moved)


def _token_line(change: TokenChange) -> str:
    new = own_rates(change.published.prices[0])[0]
    now = f"${new.input_usd_per_mtok:.4g} input, ${new.output_usd_per_mtok:.4g} output, ${new.cache_read_usd_per_mtok:.4g} cached"
    old = change.before
    was = (
        f"${old.input_usd_per_mtok:.4g}, ${old.output_usd_per_mtok:.4g}, ${old.cache_read_usd_per_mtok:.4g}"
        if old
        else "new"
    )
    later = f"; announced from {change.published.prices[-1].valid_from}" if len(change.published.prices) > 1 else ""
    return f"  {change.published.name}: {now} per million tokens (was {was}){later}"


def _rent_line(change: RentChange) -> str:
    rent, old = change.published.rent, change.before
    was = f"was ${old.usd_per_gpu_h:.4g} on {old.seen}" if old else "new"
    return f"  {change.published.name}: ${rent.usd_per_gpu_h:.4g} per GPU-hour on {rent.seen} ({was})"


def _first(lines: list[str]) -> Iterator[str]:
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"  and {len(lines) - MOST_LINES} more"


def _summary(update: Update) -> Iterator[str]:
    rows = sum(len(changes.tokens) + len(changes.rents) for changes in update.changes)
    yield ""
    yield f"Rows to append: {rows}, in {plural(len(update.files), 'file')}. Data version {update.digests[0]} -> {update.digests[1]}."
    for what, (before, after) in (("Rents", update.rent_ages), ("Token prices of our own files", update.token_ages)):
        yield f"{what}: {_age_words(before)} before; {_age_words(after)} after."
    yield f"Providers without a rent of the last {STALE_DAYS} days: {', '.join(update.forgotten) or 'none'}."
    unknown = [f"{name} ({sellers} sellers)" for name, sellers in update.unknown]
    yield f"Hosted models that the app does not know: {', '.join(unknown) or 'none'}."
    for verdict in update.verdicts:
        yield from _verdict_lines(verdict)
    yield (
        "Written."
        if update.written
        else "Nothing to write."
        if not rows
        else "A dry run: nothing is written. WRITE=1 appends these rows."
    )


def _age_words(ages: Ages) -> str:
    return (
        f"{ages.count} current, median age {ages.median_days:.0f} days, {ages.stale_count} older than {STALE_DAYS} days"
    )


def _verdict_lines(verdict: VerdictChange) -> Iterator[str]:
    if verdict.is_changed:
        yield f"{verdict.file}: was: {verdict.before}"
        yield f"  now: {verdict.after}"
    else:
        yield f"{verdict.file}: unchanged: {verdict.after}"
    yield from (f"  {line}" for line in verdict.moved)
