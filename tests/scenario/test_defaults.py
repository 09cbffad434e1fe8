"""Where a scenario starts: the shipped case, a preset, or a request log."""

from dataclasses import replace
from pathlib import Path

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.evaluate import evaluate
from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.to_workload import MEASURED_SPAN_S, log_workload
from calculators.options.scenario_check import check_ids
from calculators.report.catalog_view import models_by_hosting
from calculators.scenario.defaults import default_scenario, preset_targets, preset_workload
from calculators.scenario.link import from_token, to_token

SAMPLE = ROOT / "sample_logs" / "azure_conversation_2023.csv"


@pytest.fixture(scope="module")
def summary() -> UsageSummary:
    return read_log(SAMPLE)


def test_the_case_the_app_opens_on_is_known_and_gives_a_verdict(live_catalog: Catalog) -> None:
    start = default_scenario(TODAY)
    check_ids(start, live_catalog)
    assert start.as_of == TODAY
    assert evaluate(start, live_catalog).verdict.sentence
    assert from_token(to_token(start, live_catalog.digest)) == (start, live_catalog.digest)


def test_the_models_it_compares_are_current_widely_hosted_and_of_every_size(live_catalog: Catalog) -> None:
    """The most widely hosted first, one of each family, none superseded, from one that fits a single GPU to one that needs
    eight; each the most widely hosted of what is left of its size."""
    models = [live_catalog.model(candidate.model) for candidate in default_scenario(TODAY).candidates]
    ids = [model.id for model in models]
    assert ids == [id for id in models_by_hosting(live_catalog) if id in ids]
    assert len({model.family for model in models}) == len(models)
    assert not any(live_catalog.newer_model(model) for model in models)
    sizes_b = sorted(model.published.total_params_b for model in models)
    assert sizes_b[0] < 40
    assert sizes_b[-1] > 400
    small = [
        id
        for id in models_by_hosting(live_catalog)
        if (model := live_catalog.model(id)).published.total_params_b < 40
        and model.family not in {other.family for other in models[:-1]}
        and not live_catalog.newer_model(model)
    ]
    assert small[0] == ids[-1]


def test_every_preset_is_a_whole_workload(live_catalog: Catalog) -> None:
    assert {"chat-assistant", "rag", "coding-agent"} <= set(live_catalog.presets)
    for preset in live_catalog.presets.values():
        workload = preset_workload(preset)
        assert workload.source == f"preset:{preset.id}"
        assert workload.requests_basis == workload.peak_basis == "assumed"
        assert workload.self_hit_frac <= workload.cacheable_frac
        found = evaluate(
            scenario(
                workload=workload.model_dump(),
                targets=preset_targets(preset).model_dump(),
                api={"provider": "openai", "model": "gpt-5.4"},
            ),
            live_catalog,
        )
        assert found.verdict.sentence


def test_a_log_replaces_what_it_measures_and_keeps_the_rest(summary: UsageSummary) -> None:
    before = scenario(workload={"deferrable_frac": 0.3, "growth_per_month_frac": 0.05, "cacheable_frac": 0.4}).workload
    after = log_workload(summary, before)
    assert (after.deferrable_frac, after.growth_per_month_frac, after.cacheable_frac) == (0.3, 0.05, 0.4)
    assert after.requests_per_month == pytest.approx(summary.request_rate_req_s * 2_628_000)
    assert after.input_tok == pytest.approx(summary.input_tok.mean_tok)
    assert after.source == "log:azure_conversation_2023.csv"
    assert sum(cell.share_frac for cell in after.cells) == pytest.approx(1, abs=1e-4)
    assert sum(c.share_frac * c.input_tok for c in after.cells) == pytest.approx(after.input_tok, rel=1e-3)
    assert sum(c.share_frac * c.output_tok for c in after.cells) == pytest.approx(after.output_tok, rel=1e-3)


def test_a_short_log_is_never_called_measured(summary: UsageSummary) -> None:
    before = scenario().workload
    assert log_workload(summary, before).requests_basis == "assumed"
    assert log_workload(summary, before).peak_basis == "assumed"
    for span_s, basis in ((MEASURED_SPAN_S - 1, "assumed"), (MEASURED_SPAN_S, "measured")):
        assert log_workload(replace(summary, span_s=span_s), before).requests_basis == basis


def test_cache_figures_of_a_log_replace_the_typed_ones(summary: UsageSummary) -> None:
    before = scenario(workload={"cached_frac": 0.1, "cacheable_frac": 0.2}).workload
    cached = log_workload(replace(summary, cached_frac=0.6, cache_write_frac=0.1), before)
    assert (cached.cached_frac, cached.cache_write_frac, cached.cacheable_frac) == (0.6, 0.1, 0.6)
    assert cached.cached_basis == "measured"
    silent = log_workload(replace(summary, cached_frac=None, cache_write_frac=None), before)
    assert (silent.cached_frac, silent.cacheable_frac) == (0.1, 0.2)


@pytest.mark.parametrize(("rows", "field"), [("100,0\n" * 3, "Output tokens, mean")])
def test_a_log_without_any_output_is_refused_in_a_sentence(tmp_path: Path, rows: str, field: str) -> None:
    path = tmp_path / "zero.csv"
    times = [f"2026-10-05T09:0{i}:00Z," for i in range(3)]
    lines = [time + row for time, row in zip(times, rows.split(), strict=True)]
    path.write_text("timestamp,input_tokens,output_tokens\n" + "\n".join(lines) + "\n")
    with pytest.raises(DataError, match=field):
        log_workload(read_log(path), scenario().workload)


def test_a_log_changes_the_verdict(live_catalog: Catalog, summary: UsageSummary) -> None:
    start = scenario(api={"provider": "openai", "model": "gpt-5.4"})
    logged = start.model_copy(update={"workload": log_workload(summary, start.workload)})
    assert evaluate(logged, live_catalog).verdict.sentence != evaluate(start, live_catalog).verdict.sentence


def test_the_starting_case_is_what_uploading_the_sample_gives(summary: UsageSummary) -> None:
    start = default_scenario(TODAY).workload
    assert log_workload(summary, start) == start
    assert (start.sample_requests, start.peak_basis, start.requests_basis) == (5_985, "assumed", "assumed")
