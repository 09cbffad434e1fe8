"""Verdicts before and after an update."""

from dataclasses import replace
from pathlib import Path

import yaml
from support import BASE, TODAY

from calculators.catalog.catalog import Catalog
from calculators.price_updates.verdict_changes import verdict_changes


def _with_input_price(catalog: Catalog, usd: float) -> Catalog:
    host = catalog.api_providers["testhost"]
    models = [
        model.model_copy(update={"prices": (model.prices[0].model_copy(update={"input_usd_per_mtok": usd}),)})
        if model.id == "closed"
        else model
        for model in host.models
    ]
    return replace(catalog, api_providers={"testhost": host.model_copy(update={"models": tuple(models)})})


def test_a_verdict_that_moves_says_which_price_moved_it(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(BASE), encoding="utf-8")
    [same] = verdict_changes([tmp_path], TODAY, catalog, catalog)
    assert (same.file, same.is_changed, same.moved) == ("team.yaml", False, ())
    [moved] = verdict_changes([tmp_path], TODAY, catalog, _with_input_price(catalog, 0.01))
    assert moved.moved[0].startswith("closed on Test Host: $")
    assert "lower" in moved.moved[0]


def test_a_file_that_is_no_scenario_says_why(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    [told] = verdict_changes([tmp_path], TODAY, catalog, catalog)
    assert "other.yaml" in told.after
    assert not told.is_changed
