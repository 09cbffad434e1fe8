"""Load by hour in `decide --json`: what the page shows, and null where there is nothing to size."""

import json
from pathlib import Path

import pytest
from support import TODAY

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.evaluate import evaluate
from calculators.report.mix_json import load_by_hour_json
from calculators.report.mix_view import mix_view
from calculators.scenario.files import read_scenario

SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_json_is_what_the_page_shows(path: Path, live_catalog: Catalog) -> None:
    view = mix_view(evaluate(read_scenario(path, TODAY), live_catalog), live_catalog)
    plain = load_by_hour_json(view)
    if view is None:
        assert plain is None
        return
    assert plain is not None
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    parts = [*plain["shares"], *([plain["api"]] if plain["api"] else [])]
    total = sum(part["usd_per_month"] for part in parts)
    total += plain["waiting_usd_per_month"] + plain["beside_machines_usd_per_month"]
    assert total == pytest.approx(plain["usd_per_month"])
    assert [(share["term"], share["machines"], share["reason"]) for share in plain["shares"]] == [
        (row.term, row.machines, row.reason) for row in view.rows[: len(view.mix.shares)]
    ]
    assert plain["saving_usd_per_month"] == pytest.approx(
        plain["best_single"]["usd_per_month"] - plain["usd_per_month"]
    )
    assert (plain["api_only_usd_per_month"] is None) == (view.with_api is None or bool(view.with_api.shares))
    assert [one["usd_per_month"] for one in plain["schedules"]] == [row.usd_per_month for row in view.schedules]
    assert len(plain["week"]["load_ratio"]) == 168
    assert plain["week"]["basis"] == ("log" if view.week.is_day_known else "typical")
    assert set(view.notes) <= set(plain["notes"])
