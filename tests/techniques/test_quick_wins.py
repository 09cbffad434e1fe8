"""What comes before any technique."""

from datetime import date

import pytest

from calculators.catalog.load import ROOT, load_catalog
from calculators.evaluate import evaluate
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Candidate, Scenario, StepDown
from calculators.techniques.quick_wins import gate, quick_wins

CATALOG = load_catalog()


def scenario(name: str, **workload: float) -> Scenario:
    asked = read_scenario(ROOT / f"scenarios/{name}.yaml", date(2026, 11, 26))
    return asked.model_copy(update={"workload": asked.workload.model_copy(update=workload)})


def saved(name: str, **workload: float) -> list[float]:
    return [w.saves_usd_per_month for w in quick_wins(evaluate(scenario(name, **workload), CATALOG), CATALOG)]


def test_the_next_step_is_that_of_the_verdict() -> None:
    def said(name: str) -> str:
        return " ".join(gate(evaluate(scenario(name), CATALOG)))

    assert "stay on the API. Take the quick wins" in said("small-internal-tool")
    assert "Verdict: move to gpt-oss 120B" in said("azure-conversation")
    assert "Verdict: gpt-oss 120B self-hosted" in said("air-gapped")
    assert "stay on the API" not in said("air-gapped") + said("azure-conversation")
    assert "Data needed: latency and reliability" in said("azure-conversation")
    assert "ask the providers first" in said("health-data-unknown")


def test_where_today_s_api_is_not_allowed_there_is_nothing_to_win_on_it() -> None:
    assert quick_wins(evaluate(scenario("air-gapped"), CATALOG), CATALOG) == []


def test_a_firing_signal_is_named_and_compliance_comes_first() -> None:
    assert any(
        "Trigger for self-hosting met: cost" in line
        for line in gate(evaluate(scenario("own-servers-at-scale"), CATALOG))
    )
    assert gate(evaluate(scenario("air-gapped"), CATALOG))[0].startswith("Compliance allows")


def test_more_to_cache_and_more_that_may_wait_never_save_less() -> None:
    few, many = (saved("azure-conversation", cacheable_frac=share, cached_frac=0.0)[0] for share in (0.2, 0.6))
    assert few < many
    none, some = (saved("azure-conversation", deferrable_frac=share)[1] for share in (0.0, 0.5))
    assert none == 0
    assert some > 0


def test_where_no_request_may_wait_the_reader_is_asked_for_the_share() -> None:
    batch = quick_wins(evaluate(scenario("azure-conversation", deferrable_frac=0.0), CATALOG), CATALOG)[1]
    assert "Workload page" in batch.words
    assert batch.sentence == f"saves nothing yet {batch.words}."


def test_a_cache_that_finds_all_already_says_so() -> None:
    full = quick_wins(evaluate(scenario("azure-conversation", cacheable_frac=0.3, cached_frac=0.3), CATALOG), CATALOG)[
        0
    ]
    assert "already the achievable 30%" in full.sentence


def test_routing_counts_the_share_that_was_entered() -> None:
    asked = scenario("azure-conversation", easy_frac=0.5)
    failed = [
        StepDown(provider="openai", model=name, gate="not_acceptable") for name in ("gpt-6.1-sol", "gpt-6.1-terra")
    ]
    asked = asked.model_copy(
        update={
            "candidates": (Candidate(model="gpt-oss-120b", gate="easy_only"),),
            "api": asked.api.model_copy(update={"step_downs": tuple(failed)}),
        }
    )
    found = evaluate(asked, CATALOG)
    [routed] = [option for option in found.options if option.kind == "routed_api"]
    win = quick_wins(found, CATALOG)[-1]
    assert win.saves_usd_per_month == pytest.approx(found.today.usd_per_month - routed.usd_per_month)
    assert win.words == "with the easy 50% of requests at gpt-oss 120B"
    assert (
        "enter the share on the Workload page"
        in quick_wins(evaluate(scenario("azure-conversation"), CATALOG), CATALOG)[-1].words
    )
