"""Load by hour as a page shows it: of the configuration of the verdict, on allowed terms, and never above a single one."""

from dataclasses import replace
from pathlib import Path

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.evaluate import evaluate
from calculators.fleet.capacity_mix import API_ONLY
from calculators.horizon.mix_configs import EVERY_TERM, Machines, allowed_offers
from calculators.report.mix_view import (
    beside_machines_usd,
    compared_sentence,
    configuration_words,
    mix_api_prices,
    mix_view,
    schedules_of,
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
    if result.build is not None:
        chosen = mix_view(result, live_catalog, result.build)
        assert chosen is not None
        if not chosen.mix.overflow_frac:
            assert result.build.plan is not None
            assert sum(row.gpus or 0 for row in chosen.rows) >= result.build.plan.needed_gpus
            assert view.mix.usd_per_month <= chosen.mix.usd_per_month + 1e-6
        assert chosen.compared == ""
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
    offers = allowed_offers(live_catalog.gpu("h100-sxm"), Inputs.of(asked, live_catalog))
    offered = {one.commitment for one in offers}
    assert asked.hardware.commitments == ("on_demand",)
    assert {"on_demand", "spot", "1y", "3y", "owned"} <= offered <= {*EVERY_TERM, "owned"}


def test_the_api_only_is_the_best_api_option_of_the_verdict(catalog: Catalog) -> None:
    result = evaluate(scenario(), catalog)
    view = mix_view(result, catalog)
    assert view is not None
    assert view.with_api is not None
    assert view.with_api.single_usd[API_ONLY] >= result.buy.usd_per_month * (1 - 1e-9)
    api = mix_api_prices(result, Inputs.of(scenario(), catalog))
    assert api is not None
    assert api.unbatched_usd_per_month + api.fixed_usd_per_month == pytest.approx(result.buy.usd_per_month)


def test_the_fixed_fleet_and_what_is_beside_it_are_the_option_of_the_verdict(catalog: Catalog) -> None:
    """On demand at the negotiated price, every machine of the peak all month: the cost of self-hosting."""
    asked = scenario()
    result = evaluate(asked, catalog)
    build = result.build
    assert build is not None
    assert build.plan is not None
    inputs = Inputs.of(asked, catalog)
    rows = schedules_of(Machines(inputs).stairs(build.plan.capacity), inputs)
    assert rows[0].usd_per_month == pytest.approx(build.plan.rent_usd_per_month)
    assert rows[0].usd_per_month + beside_machines_usd(result) == pytest.approx(build.usd_per_month)


def test_a_configuration_is_named_with_its_gpus(catalog: Catalog) -> None:
    build = evaluate(scenario(), catalog).build
    assert build is not None
    assert build.plan is not None
    words = configuration_words(build.plan.config)
    assert words.startswith("Llama 3.3 70B")
    assert words.endswith("H100 80 GB SXM for each replica")


def test_without_a_fleet_there_is_no_view(catalog: Catalog) -> None:
    assert mix_view(evaluate(scenario(hardware={"max_gpus": 1}), catalog), catalog) is None


def test_it_says_among_how_many_configurations_the_mix_was_found(live_catalog: Catalog) -> None:
    result = evaluate(read_scenario(ROOT / "scenarios/eu-public-sector.yaml", TODAY), live_catalog)
    view = mix_view(result, live_catalog)
    assert view is not None
    assert view.compared.startswith(f"The cheapest of {view.best.config_count} configurations that meet your targets: ")
    assert f"{view.best.tried_count} compared in full, none of the others can cost less." in view.compared
    config = view.best.capacity.config
    assert "The cheapest fleet on the terms that you search is" not in compared_sentence(view.best, config)
    other = replace(config, tensor_parallel=2 * config.tensor_parallel)
    assert "The cheapest fleet on the terms that you search is" in compared_sentence(view.best, other)
    cut = compared_sentence(replace(view.best, is_exact=False), view.best.capacity.config)
    assert cut.endswith("compared in full, those with the lowest possible cost.")
    assert view.sentence == f"Load by hour ({view.configuration}): {view.headline}"
