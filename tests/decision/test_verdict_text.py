"""The words of a verdict that its own test does not read: confidence, missing inputs."""

from dataclasses import replace
from typing import Any

import pytest
from options_by_hand import DURABLE, hand_made_build, hand_made_buy
from signals_by_name import run
from support import NO_GPT_STEP, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.decision.choice import Choice
from calculators.decision.verdict_context import MissingInput, VerdictContext
from calculators.decision.verdict_text import (
    TrafficWords,
    blocked_reason,
    confidence_sentence,
    key_assumptions,
    verdict_reason,
    verdict_sentence,
)
from calculators.evaluate import evaluate
from calculators.options.option import Option
from calculators.units import usd

OPENAI = {"provider": "openai", "model": "gpt-5.4"}
TODAY_API = hand_made_buy("api_today", 1_000, 900, 1_100)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            MissingInput("nothing_holds"),
            "Cannot tell yet: no API has a context window that holds your requests, and no self-hosted option qualifies. "
            "Check the token lengths.",
        ),
        (MissingInput("nothing_allowed"), "Cannot tell yet: no option with a public price is allowed."),
        (
            MissingInput("ask_operators", ("A", "B", "A")),
            "Cannot tell yet: ask A and B. No option with a public price is known to be allowed; 3 options may be.",
        ),
        (
            MissingInput("volume", requests_per_month=1e6, flips_at_req_per_month=1.5e6),
            "Cannot tell yet: measure your requests per month. 1M is a typical value, not yours, and the decision changes "
            "when it grows to 1.5M.",
        ),
    ],
)
def test_what_is_missing_is_said(missing: MissingInput, words: str) -> None:
    choice = Choice("cannot_tell", "too_close", TODAY_API, None)
    assert verdict_sentence(choice, TODAY_API, VerdictContext(missing=missing)) == words


def test_operators_without_a_public_price_are_named_where_nothing_else_is_allowed() -> None:
    """Whom to ask for a quote, and who may be allowed besides."""
    quotes = ("A", "B", "C", "D", "A")
    nothing = VerdictContext(missing=MissingInput("nothing_allowed"), quote_first=quotes)
    choice = Choice("cannot_tell", "too_close", TODAY_API, None)
    assert verdict_sentence(choice, TODAY_API, nothing) == (
        "Cannot tell yet: ask A, B, C and 1 more for a quote (allowed, no public price). No option with a public price is "
        "allowed."
    )
    asked = VerdictContext(missing=MissingInput("ask_operators", ("X", "Y")), quote_first=("A",))
    assert verdict_sentence(choice, TODAY_API, asked).endswith(
        "ask A for a quote (allowed, no public price). Or ask X and Y, which may be allowed."
    )


def test_government_clouds_without_a_price_are_whom_to_ask() -> None:
    refused = [{"model": "gpt-oss-120b", "gate": "not_acceptable"}]
    asked = scenario(api=OPENAI, candidates=refused, compliance={"requirements": ["cmmc"]})
    sentence = evaluate(asked, load_catalog()).verdict.sentence
    assert sentence.startswith("Cannot tell yet: ask Amazon Bedrock in AWS GovCloud (US), ")


EXACT = TrafficWords()


def _told(kind: Any, sureness: Any, options: list[Option], traffic: TrafficWords = EXACT) -> str:
    return confidence_sentence(kind, sureness, TODAY_API, options, traffic)


def test_confidence_says_why_it_is_not_high() -> None:
    other = hand_made_buy("hosted_open", 2_000, 1_000, 3_000)
    assert "ranges of the top two options overlap" in _told("stay", "leaning", [TODAY_API, other])
    apart = hand_made_buy("hosted_open", 2_000, 1_500, 3_000)
    assert "has not been asked yet" in _told("stay", "leaning", [TODAY_API, apart])
    assert _told("too_close", "too_close", [other]) == "Too close to call with what is known."


def test_confidence_says_what_of_the_traffic_is_uncertain() -> None:
    other, apart = hand_made_buy("hosted_open", 2_000, 1_000, 3_000), hand_made_buy("hosted_open", 2_000, 1_500, 3_000)
    ranged, doubted = TrafficWords(has_range=True), TrafficWords(True, "22 requests are too few.")
    assert _told("stay", "clear", [other]).endswith("staffing ranges (the traffic is taken as exact).")
    assert _told("stay", "clear", [other], ranged).endswith("across the traffic, throughput and staffing ranges.")
    told = _told("stay", "leaning", [TODAY_API, apart], doubted)
    assert told.endswith("but the traffic is not known well enough. 22 requests are too few.")
    assert _told("stay", "leaning", [TODAY_API, other], doubted).endswith("overlap. 22 requests are too few.")


def test_no_confidence_is_claimed_in_what_cannot_be_told() -> None:
    """ "Too close to call" beside "Cannot tell yet: no option is allowed" would be two answers."""
    assert _told("cannot_tell", "too_close", []) == "No recommendation until this is known."


def test_nothing_blocked_is_no_reason() -> None:
    assert blocked_reason(VerdictContext()) == ""


def test_assumptions_are_said_once() -> None:
    words = key_assumptions(Choice("stay", "clear", TODAY_API, TODAY_API))
    assert len(words) == len(set(words)) == 1


def test_what_batch_saves_is_not_credited_to_the_contract() -> None:
    """A regional endpoint costs a tenth more; batch at half the price saves half of that: 1.1 - 0.55 of the bill."""
    half = {"cached_frac": 0.0, "cacheable_frac": 0.0, "deferrable_frac": 1.0, "requests_per_month": 2_000_000}
    refused = [{"model": "gpt-oss-120b", "gate": "not_acceptable"}]
    regional = {"requirements": ["residency-us"]}
    asked = scenario(workload=half, api=OPENAI | NO_GPT_STEP, candidates=refused, compliance=regional)
    found = evaluate(asked, load_catalog())
    before = found.today.usd_per_month
    assert found.verdict.winner.label == "gpt-5.4 on OpenAI, regional endpoint, with batch"
    assert f"The contract itself adds {usd(before / 10)}/month (10%); batch saves {usd(before * 0.55)}." in (
        found.verdict.sentence
    )


def test_another_seller_of_the_same_model_is_no_other_model() -> None:
    api = {"provider": "together", "model": "openai/gpt-oss-120b"}
    candidates = [{"model": "gpt-oss-120b", "gate": "assumed"}]
    asked = scenario(workload={"requests_per_month": 40_000_000}, api=api, candidates=candidates)
    found = evaluate(asked, load_catalog())
    assert found.verdict.sentence.startswith(
        "Don't self-host. Keep the model and change the provider: gpt-oss 120B on "
    )
    words = " ".join([found.verdict.sentence, *found.verdict.assumptions])
    assert "evals" not in words
    [quality] = [p for p in found.signals.preconditions if p.name == "Model quality"]
    assert quality.holds is True


def test_a_signal_that_is_met_is_said_beside_an_api() -> None:
    slow = run(evidence={"api_ttft_p95_ms": 60_000.0})
    assert "But the latency trigger is met" in slow.verdict.sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The peak needs 12 GPUs (10 replicas plus 2 spares) at $12k/month; staffing"),
        (
            {"regions": 2},
            "The peak needs 12 GPUs (10 replicas plus 2 spares) in each of 2 regions, 24 in all, at $12k/month",
        ),
        (
            {"machines": 2, "eights": True},
            "The peak needs 12 GPUs (10 replicas plus 2 spares); 16 are paid for, because servers come whole. They cost "
            "$12k/month; staffing",
        ),
        (
            {"machines": 2, "eights": True, "regions": 2},
            "in each of 2 regions, 24 in all; 32 are paid for, because servers come whole. They cost $12k/month",
        ),
    ],
)
def test_needed_and_paid_for_gpus_are_told_by_region(catalog: Catalog, changes: dict[str, int], words: str) -> None:
    build, _ = hand_made_build(catalog, 12_000, 1_000)
    assert build.plan is not None
    offer = replace(build.plan.offer, gpus_per_machine=8 if changes.pop("eights", False) else 1)
    fleet = replace(build, plan=replace(build.plan, offer=offer, **changes))
    assert words in verdict_reason([fleet, TODAY_API], DURABLE, DURABLE, "")


@pytest.mark.parametrize(
    ("commitment", "regions", "words"),
    [
        ("on_demand", 1, "Self-hosting would cost $13k/month."),
        ("spot", 1, "Self-hosting on spot GPUs would cost $13k/month."),
        ("3y", 2, "Self-hosting in 2 regions with a 3-year commitment would cost $13k/month."),
    ],
)
def test_the_term_of_the_runner_up_is_in_the_sentence(
    catalog: Catalog, commitment: str, regions: int, words: str
) -> None:
    build, _ = hand_made_build(catalog, 12_000, 1_000)
    assert build.plan is not None
    plan = replace(build.plan, offer=replace(build.plan.offer, commitment=commitment), regions=regions)
    choice = Choice("stay", "clear", TODAY_API, replace(build, plan=plan))
    assert verdict_sentence(choice, TODAY_API, VerdictContext()).endswith(words)


# --- small savings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("winner_usd", "start"),
    [
        (0.009, "Stay on the API: api_optimised option costs $0.009/month; its discounts save less than $10/month."),
        (991.0, "Stay on the API: api_optimised option costs $991/month; its discounts save less than $10/month."),
        (990.0, "Stay on the API and use its discounts: api_optimised option costs $990/month, $10 less than today."),
    ],
)
def test_discounts_that_save_next_to_nothing_are_no_advice(winner_usd: float, start: str) -> None:
    """$0.00 less than today is no saving; nobody changes an integration for $9 a month."""
    today = TODAY_API if winner_usd > 1 else hand_made_buy("api_today", 0.01)
    winner = hand_made_buy("api_optimised", winner_usd)
    sentence = verdict_sentence(Choice("optimise_api", "clear", winner, None), today, VerdictContext())
    assert sentence.startswith(start)


def test_a_move_tells_no_saving_below_the_floor() -> None:
    winner = hand_made_buy("hosted_open", 995, gate="accepted")
    sentence = verdict_sentence(Choice("hosted_open", "clear", winner, None), TODAY_API, VerdictContext())
    assert "hosted_open option costs $995/month. " in sentence


# --- hybrids ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "overflow", "condition", "tests"),
    [
        (("A", "accepted"), ("B", "accepted"), "", ()),
        (("A", "accepted"), ("gpt-5.4", None), "", ()),
        (("A", "assumed"), ("gpt-5.4", None), ", if A passes your evals", ("A",)),
        (("A", "accepted"), ("B", "assumed"), ", if B passes your evals", ("B",)),
        (("A", "assumed"), ("B", "assumed"), ", if A and B pass your evals", ("A", "B")),
        (("A", "assumed"), ("A", "assumed"), ", if it passes your evals", ("A",)),
        (("A", "accepted"), ("A", "accepted"), "", ()),
    ],
)
def test_a_hybrid_rests_on_each_of_its_models_that_is_assumed(
    base: Any, overflow: Any, condition: str, tests: tuple[str, ...], catalog: Catalog
) -> None:
    plain, _ = hand_made_build(catalog, 120, 5)
    hybrid = replace(plain, kind="hybrid", model=base[0], gate=base[1], also_model=overflow[0], also_gate=overflow[1])
    choice = Choice("hybrid", "clear", hybrid, None)
    sentence = verdict_sentence(choice, TODAY_API, VerdictContext())
    assert f"costs $125/month, $875 less than today{condition}." in sentence
    assert [note for note in key_assumptions(choice) if "evals" in note] == [
        f"{name} is assumed to pass your evals. Test it first." for name in tests
    ]


def test_a_hybrid_that_loses_is_told_as_what_it_is(catalog: Catalog) -> None:
    plain, _ = hand_made_build(catalog, 1_200, 5)
    choice = Choice("stay", "clear", TODAY_API, replace(plain, kind="hybrid"))
    sentence = verdict_sentence(choice, TODAY_API, VerdictContext())
    assert sentence.endswith("Self-hosting the base load would cost $1.21k/month.")


# --- compliance ------------------------------------------------------------------------------------------------------


def test_the_strictest_rule_is_the_reason() -> None:
    """ITAR leaves government cloud, rented GPUs and own hardware; an air gap leaves own hardware alone. In either order."""
    for requirements in (["itar", "air-gap"], ["air-gap", "itar"]):
        reason = run(compliance={"requirements": requirements}).verdict.reason
        assert reason.startswith("“Air gap” allows only own hardware.")
