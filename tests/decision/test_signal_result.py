"""Records of the exit signals: source of the rule, words for the month."""

import pytest
from signals_by_name import CATALOG, run

from calculators.decision.signal_result import SignalCheck, SignalMonths, published_thresholds, signal_of


@pytest.mark.parametrize(
    ("status", "months", "words"),
    [
        ("unknown", SignalMonths(), "No date: data missing."),
        ("firing", SignalMonths(0, 0, 0), "Now."),
        (
            "close",
            SignalMonths(7, 3, 9),
            "In month 7 at your growth rate (optimistic case: month 3), permanently from month 9.",
        ),
        (
            "not_firing",
            SignalMonths(None, 0),
            "In the optimistic case now; otherwise not within five years at today's prices and your growth rate.",
        ),
        ("not_firing", SignalMonths(), "Not within five years at today's prices and your growth rate."),
    ],
)
def test_when_a_signal_is_met_is_said_in_words(status: str, months: SignalMonths, words: str) -> None:
    check = SignalCheck(status, "value", "when x", "why")  # type: ignore[arg-type]
    found = signal_of("cost", check, months, (), CATALOG)
    assert found.when == words
    assert found.source.title
    assert found.month == months.first


def test_published_thresholds_say_who_and_how_far_to_trust_them() -> None:
    words = published_thresholds(CATALOG.signal_rules.published_cost_thresholds, CATALOG)
    assert all(text.endswith(" confidence)") for text in words)


def test_a_precondition_is_open_until_it_holds() -> None:
    signals = run().signals
    assert set(signals.open_preconditions) == {p for p in signals.preconditions if p.holds is not True}
