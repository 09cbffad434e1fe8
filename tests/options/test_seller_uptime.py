"""Published uptime of sellers: what it says against an availability target, and that it bars nobody."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.catalog.seller_speeds import SellerSpeeds, SellerUptime
from calculators.catalog.signal_rules import SignalRules, Uptime
from calculators.evaluate import Evaluation, evaluate
from calculators.options.seller_uptime import uptime_words
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)
OPEN = {"candidates": [{"model": "gpt-oss-120b", "gate": "accepted"}]}


def _catalog(**figures: Any) -> Catalog:
    """The fixed catalog with a published uptime of its seller of open models."""
    row = {"provider": "testhost", "uptime_frac": 0.998, "since": date(2026, 7, 1), "seen": date(2026, 9, 30)}
    uptime = SellerUptime(**{**row, "source": "test", "confidence": "medium", **figures})
    file = CATALOG.seller_speeds
    return replace(CATALOG, seller_speeds=SellerSpeeds(speeds=file.speeds, uptimes=(uptime,), sources=file.sources))


def _words(known: Catalog, is_today: bool = False, **evidence: Any) -> str:
    return uptime_words("testhost", Inputs.of(scenario(**OPEN, evidence=evidence), known), is_today)


def test_a_published_uptime_is_told_with_its_period_source_and_confidence() -> None:
    assert _words(_catalog()) == (
        "Uptime: 99.8% (Invented for the tests, 2026-07-01 to 2026-09-30, medium confidence). "
        "An uptime of 99% is promised on pay as you go; a promise is no measurement."
    )
    assert "99.8% (Invented for the tests, until 2026-09-30, medium confidence)" in _words(_catalog(since=None))
    assert "99.1% to 99.8% by model" in _words(_catalog(worst_model_frac=0.991))
    assert "days old" in _words(_catalog(since=None, seen=date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("figures", "needed", "words"),
    [
        ({}, 0.998, "which keeps your availability target of 99.8%."),
        ({}, 0.999, "which misses your availability target of 99.9% as published."),
        ({"worst_model_frac": 0.99}, 0.995, "keeps or misses your availability target of 99.5% depending on the model"),
        ({"worst_model_frac": 0.99}, 0.99, "which keeps your availability target"),
        ({"worst_model_frac": 0.99}, 0.999, "which misses your availability target"),
        ({"confidence": "low"}, 0.999, "too weak a source to hold against your availability target of 99.9%"),
        ({"confidence": "low"}, 0.99, "which keeps your availability target"),
    ],
)
def test_it_is_held_against_the_target_unless_its_source_is_weak(
    figures: dict[str, Any], needed: float, words: str
) -> None:
    assert words in _words(_catalog(**figures), needed_uptime_frac=needed)


def test_a_seller_that_promises_nothing_says_so() -> None:
    rules = CATALOG.signal_rules
    nothing = Uptime(
        operator="testhost", tier="standard", uptime_frac=None, pay_as_you_go=True, source="test", confidence="high"
    )
    plain = rules.model_dump() | {"promised": (nothing,)}
    known = replace(CATALOG, signal_rules=SignalRules.model_validate(plain))
    assert _words(known) == "No uptime is promised on standard."


def test_what_nobody_published_or_promised_stays_not_known() -> None:
    inputs = Inputs.of(scenario(**OPEN), CATALOG)
    assert uptime_words("nobody", inputs) == ""
    assert "Uptime:" not in uptime_words("testhost", inputs)


def test_the_users_own_measurement_of_todays_api_replaces_the_published_figure() -> None:
    assert "Uptime:" not in _words(_catalog(), is_today=True, api_uptime_frac=0.99)
    assert "Uptime:" in _words(_catalog(), is_today=False, api_uptime_frac=0.99)


def _ranked(result: Evaluation) -> list[tuple[str, float]]:
    return [(option.label, option.usd_per_month) for option in result.options]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(uptime=st.floats(0.5, 1), needed=st.sampled_from([0.99, 0.999, 0.9999]))
def test_a_missed_target_is_told_and_bars_nobody(uptime: float, needed: float) -> None:
    asked = scenario(**OPEN, evidence={"needed_uptime_frac": needed})
    known, bare = evaluate(asked, _catalog(uptime_frac=uptime)), evaluate(asked, CATALOG)
    assert _ranked(known) == _ranked(bare)
    assert known.verdict.sentence == bare.verdict.sentence
    winner = known.verdict.winner
    assert winner.label == "gpt-oss 120B on Test Host"
    assert ("which misses your availability target" in " ".join(known.verdict.assumptions)) is (uptime < needed)
