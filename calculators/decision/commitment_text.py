"""Committed spend in words: what it does to the verdict."""

from calculators.options.option import Option
from calculators.scenario.committed_spend import CommittedSpend
from calculators.units import plural, usd


def commitment_sentences(committed: CommittedSpend, winner: Option | None, without: Option | None) -> str:
    """That the commitment changes the answer: from `without`, the cheapest option if there were none, to `winner`; empty
    where it does not."""
    if winner is None or without is None or (winner.kind, winner.label) == (without.kind, without.label):
        return ""
    return (
        f"Your commitment of {usd(committed.usd_per_month)}/month to {committed.seller} runs "
        f"{plural(committed.months, 'more month')}; leaving costs its unused part. Without it, {without.label} would be the "
        f"cheapest, at {usd(without.decisive_usd_per_month)}/month."
    )
