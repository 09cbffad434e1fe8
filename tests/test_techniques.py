"""Each technique on a real fleet: its mechanism, what it never touches, and that both pools are paid."""

from datetime import date

import pytest

from calculators.catalog import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.scenario import Scenario, read_scenario
from calculators.starting_points import ROOT
from calculators.techniques import Effect, State, effects, refit, techniques

CATALOG = load_catalog()
TODAY = date(2026, 11, 23)
SCENARIOS = ("azure-conversation", "steady-extraction", "own-servers-at-scale")


def run(name: str) -> tuple[Scenario, Evaluation]:
    scenario = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY)
    return scenario, evaluate(scenario, CATALOG)


def all_six(name: str, acceptance: float = 0.7, drafts: int = 3) -> dict[str, Effect]:
    scenario, found = run(name)
    assert found.build is not None
    assert found.build.plan is not None
    return {e.id: e for e in effects(found.build.plan, scenario, found.demand, CATALOG, acceptance, drafts)}


def both(effect: Effect) -> tuple[State, State]:
    assert effect.without is not None
    assert effect.with_it is not None
    return effect.without, effect.with_it


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_fleet_of_the_verdict_is_one_side_of_each_comparison(name: str) -> None:
    _, found = run(name)
    assert found.build is not None
    assert found.build.plan is not None
    gpus = found.build.plan.gpus
    for effect in all_six(name).values():
        assert gpus in {state.gpus for state in (effect.without, effect.with_it) if state}


@pytest.mark.parametrize("name", SCENARIOS)
def test_batching_needs_fewer_gpus_and_makes_each_request_slower(name: str) -> None:
    alone, together = both(all_six(name)["batching"])
    assert together.gpus <= alone.gpus
    assert together.tpot_ms > alone.tpot_ms


@pytest.mark.parametrize("name", SCENARIOS)
def test_cached_prompts_never_raise_the_first_token_nor_the_rent(name: str) -> None:
    without, cached = both(all_six(name)["prefix_caching"])
    assert cached.ttft_ms <= without.ttft_ms * (1 + 1e-9)
    assert cached.usd_per_month <= without.usd_per_month
    assert cached.req_s_per_gpu >= without.req_s_per_gpu


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("acceptance", "drafts"), [(0.3, 8), (0.7, 3), (0.9, 5)])
def test_speculation_never_changes_the_first_token_or_the_fleet(name: str, acceptance: float, drafts: int) -> None:
    without, drafted = both(all_six(name, acceptance, drafts)["speculation"])
    assert drafted.ttft_ms == without.ttft_ms
    assert drafted.gpus == without.gpus


def test_speculation_that_is_seldom_right_is_a_loss() -> None:
    without, drafted = both(all_six("steady-extraction", 0.3, 8)["speculation"])
    assert drafted.tpot_ms > without.tpot_ms


@pytest.mark.parametrize("name", SCENARIOS)
def test_disaggregation_pays_for_both_pools(name: str) -> None:
    together, apart = both(all_six(name)["disaggregation"])
    assert apart.gpus >= 2
    assert apart.usd_per_month == pytest.approx(together.usd_per_month / together.gpus * apart.gpus)


def test_a_finer_format_never_needs_fewer_gpus() -> None:
    finer, coarser = both(all_six("steady-extraction")["quantization"])
    assert finer.gpus >= coarser.gpus
    assert finer.req_s_per_gpu < coarser.req_s_per_gpu


def test_refitting_the_same_setup_gives_the_fleet_itself() -> None:
    scenario, found = run("steady-extraction")
    assert found.build is not None
    plan = found.build.plan
    assert plan is not None
    same = refit(plan, plan.setup, scenario, found.demand, CATALOG)
    assert same is not None
    assert (same.gpus, same.usd_per_month) == (plan.gpus, pytest.approx(plan.rent_usd_per_month))


def test_the_file_holds_the_six_with_phase_trade_off_and_source() -> None:
    known = techniques()
    assert [t.id for t in known.techniques] == list(all_six("azure-conversation"))
    assert {t.id for t in known.techniques if t.phases == ("decode",)} == {"batching", "speculation"}
    assert all(t.source in known.sources for t in known.techniques)
