"""Load by hour as a page shows it: of the configuration of the verdict, on allowed terms, and never above a single one."""

from pathlib import Path

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.evaluate import evaluate
from calculators.fleet.capacity_mix import API_ONLY
from calculators.report.mix_view import (
    EVERY_TERM,
    beside_machines_usd,
    configuration_words,
    mix_api_prices,
    mix_view,
    schedules_of,
    term_staircases,
)
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_case_has_a_mix_above_its_best_single_term(path: Path, live_catalog: Catalog) -> None:
    result = evaluate(read_scenario(path, TODAY), live_catalog)
    view = mix_view(result, live_catalog)
    if view is None:
        assert not any(option.plan for option in result.options)
        return
    assert view.mix.saving_usd_per_month >= -1e-6
    assert sum(row.usd_per_month for row in view.rows) == pytest.approx(view.mix.usd_per_month)
    assert all(row.reason.endswith(".") for row in view.rows)
    machines = [row for row in view.rows if row.machines]
    assert machines or view.with_api is not None
    if result.build is not None and result.build.plan is not None and view.mix.question.api is None:
        assert sum(row.gpus or 0 for row in machines) >= result.build.plan.needed_gpus
    fixed = view.schedules[0].usd_per_month if view.schedules else 0.0
    assert all(
        row.usd_per_month <= fixed * (1 + 1e-6) for row in view.schedules if row.name != "Scheduled by hour of day"
    )


def test_only_allowed_operators_offer_terms(live_catalog: Catalog) -> None:
    result = evaluate(read_scenario(ROOT / "scenarios/air-gapped.yaml", TODAY), live_catalog)
    view = mix_view(result, live_catalog)
    assert view is not None
    assert {row.term for row in view.rows} == {"purchased", "staffing and tooling"}
    assert view.schedules == ()
    assert view.with_api is None


def test_terms_beyond_the_scenario_are_compared(live_catalog: Catalog) -> None:
    asked = read_scenario(ROOT / "scenarios/near-the-crossover.yaml", TODAY)
    option = evaluate(asked, live_catalog).build
    assert option is not None
    assert option.plan is not None
    offered = {one.offer.commitment for one in term_staircases(option.plan, Inputs.of(asked, live_catalog))}
    assert asked.hardware.commitments == ("on_demand",)
    assert {"on_demand", "spot", "1y", "3y", "owned"} <= offered <= {*EVERY_TERM, "owned"}


def test_the_api_only_is_the_best_api_option_of_the_verdict(catalog: Catalog) -> None:
    result = evaluate(scenario(), catalog)
    view = mix_view(result, catalog)
    assert view is not None
    assert view.with_api is not None
    assert view.with_api.single_usd[API_ONLY] >= result.buy.usd_per_month * (1 - 1e-9)
    api = mix_api_prices(result)
    assert api is not None
    assert api.unbatched_usd_per_month + api.fixed_usd_per_month == pytest.approx(result.buy.usd_per_month)


def test_the_fixed_fleet_and_what_is_beside_it_are_the_option_of_the_verdict(catalog: Catalog) -> None:
    """On demand at the negotiated price, every machine of the peak all month: the cost of self-hosting."""
    asked = scenario()
    result = evaluate(asked, catalog)
    build = result.build
    assert build is not None
    assert build.plan is not None
    rows = schedules_of(term_staircases(build.plan, Inputs.of(asked, catalog)), Inputs.of(asked, catalog))
    assert rows[0].usd_per_month == pytest.approx(build.plan.rent_usd_per_month)
    assert rows[0].usd_per_month + beside_machines_usd(result) == pytest.approx(build.usd_per_month)


def test_a_configuration_is_named_with_its_gpus(catalog: Catalog) -> None:
    build = evaluate(scenario(), catalog).build
    assert build is not None
    assert build.plan is not None
    words = configuration_words(build.plan)
    assert words.startswith("Llama 3.3 70B")
    assert words.endswith("H100 80 GB SXM for each replica")


def test_without_a_fleet_there_is_no_view(catalog: Catalog) -> None:
    assert mix_view(evaluate(scenario(hardware={"max_gpus": 1}), catalog), catalog) is None
