"""Gains by one technique: how pairs are found, how their ratios are reckoned, and what the page and the docs tell of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calculators.calibration.accuracy import MEASURED, read_table
from calculators.calibration.accuracy_text import FEW_PAIRS, techniques_sentence
from calculators.calibration.technique_pairs import (
    LONGEST_DAYS,
    PAIRED_TECHNIQUES,
    TECHNIQUE_REPORTS,
    JudgedPair,
    TechniquePair,
    cached_gain_ratio,
    judged_pairs,
    measured_pairs,
    published_pairs,
    reported_pairs,
    technique_errors,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.units import percent, signed_percent


@pytest.fixture(scope="module")
def judged(live_catalog: Catalog) -> list[JudgedPair]:
    return judged_pairs(live_catalog)


def _run(**cells: str) -> dict[str, str]:
    row = next(row for row in read_table(MEASURED) if row["quality"] == "A")
    return row | {"dp": "1", "ep": "1", "tp": "8", "source_date": "2026-01-01", "engine_version": "1"} | cells


def _pair(off: float, on: float, figure: str = "tpot_ms") -> TechniquePair:
    return TechniquePair(
        technique="FP8 KV cache",
        off=_run(),
        on=_run(),
        figure=figure,  # type: ignore[arg-type]
        measured=(off, on),
        is_reported=True,
    )


def test_a_pair_differs_in_nothing_but_the_technique() -> None:
    off, on = _run(row="1"), _run(row="2", ep="8")
    assert published_pairs([on, off], "expert parallelism") == [(off, on)]
    assert not published_pairs([off, on | {"isl": "77"}], "expert parallelism")
    assert not published_pairs([off, on], "attention data parallelism")


def test_attention_ranks_take_the_place_of_tensor_parallelism() -> None:
    off, on = _run(tp="8", dp="1"), _run(tp="1", dp="8")
    assert published_pairs([off, on], "attention data parallelism") == [(off, on)]


def test_a_cache_of_untold_format_is_neither_with_nor_without() -> None:
    assert not published_pairs([_run(kv_dtype=""), _run(kv_dtype="fp8")], "FP8 KV cache")
    assert len(published_pairs([_run(kv_dtype="bf16"), _run(kv_dtype="fp8")], "FP8 KV cache")) == 1


def test_runs_of_other_months_are_no_pair_and_the_nearest_run_is_taken() -> None:
    far, near, on = _run(source_date="2025-11-01"), _run(source_date="2025-12"), _run(ep="8")
    assert published_pairs([far, near, on], "expert parallelism") == [(near, on)]
    assert not published_pairs([far, on], "expert parallelism")
    assert LONGEST_DAYS <= 31


def test_undated_runs_are_a_pair_where_the_version_is_the_same() -> None:
    off, on = _run(source_date=""), _run(source_date="", ep="8")
    assert published_pairs([off, on], "expert parallelism") == [(off, on)]
    assert not published_pairs([off, on | {"engine_version": "2"}], "expert parallelism")


def test_a_gain_is_above_one_where_the_run_got_faster() -> None:
    assert _pair(20.0, 10.0).gain_ratio == pytest.approx(2.0)
    assert _pair(20.0, 10.0, "output_tok_s_per_gpu").gain_ratio == pytest.approx(0.5)


def test_a_slow_down_told_as_a_gain_counts_only_beyond_the_range() -> None:
    slower = _pair(9.0, 10.0)
    assert JudgedPair(slower, 1.2).is_slower_told_faster
    assert not JudgedPair(slower, 1.1).is_slower_told_faster
    assert not JudgedPair(_pair(10.0, 9.0), 2.0).is_slower_told_faster
    assert not JudgedPair(slower, float("nan")).is_slower_told_faster


def test_errors_by_hand() -> None:
    told = technique_errors([JudgedPair(_pair(9.0, 10.0), 1.2), JudgedPair(_pair(10.0, 10.0), float("nan"))])
    fp8 = told["FP8 KV cache"]
    assert (fp8.errors.count, fp8.slower_count, fp8.slower_told_faster_count, fp8.models_count) == (1, 1, 1, 1)
    assert fp8.errors.median_frac == pytest.approx(1.2 / 0.9 - 1)
    assert told["prefix caching"].errors.count == 0


def test_every_reported_pair_has_an_address_a_day_and_is_held_out() -> None:
    pairs = reported_pairs()
    assert len(pairs) >= 27
    for pair in pairs:
        assert pair.on["url"].startswith("https://")
        assert len(pair.on["seen"]) == 10
        assert pair.on["use"] == "held out"
        assert min(pair.measured) > 0
        assert [pair.off[name] for name in ("model", "gpu", "isl", "osl")] == [
            pair.on[name] for name in ("model", "gpu", "isl", "osl")
        ]


def test_no_reported_pair_is_in_the_fit() -> None:
    fitted = {row["source_url"] for row in read_table(MEASURED)}
    assert not fitted & {pair.on["url"] for pair in reported_pairs()}


def test_runs_of_unclear_quality_are_in_no_pair() -> None:
    off, on = _run(quality="C"), _run(quality="C", ep="8")
    assert not measured_pairs([off, on], "expert parallelism")


def test_every_technique_has_pairs_that_can_be_told(judged: list[JudgedPair]) -> None:
    for technique, told in technique_errors(judged).items():
        assert told.errors.count >= 3, technique


def test_gains_are_told_as_well_as_the_docs_say(judged: list[JudgedPair]) -> None:
    told = technique_errors(judged)
    assert told["FP8 KV cache"].errors.median_frac < 0.05
    assert told["FP8 KV cache"].slower_told_faster_count == 0
    assert told["expert parallelism"].errors.median_frac < 0.2
    assert told["attention data parallelism"].errors.median_frac < 0.3


def test_without_hits_prefix_caching_gains_nothing_and_with_more_it_gains_more(live_catalog: Catalog) -> None:
    pair = next(one for one in reported_pairs() if one.on["pair"] == "vllm-1983-25")
    gains = [
        cached_gain_ratio(replace(pair, on={**pair.on, "hit_frac": hit}), live_catalog) for hit in ("0", "0.5", "0.9")
    ]
    assert gains[0] == pytest.approx(1.0)
    assert np.all(np.diff(gains) > 0)


def test_a_rate_that_a_replica_cannot_serve_is_not_told(judged: list[JudgedPair]) -> None:
    overloaded = next(one for one in judged if one.pair.on.get("pair") == "vllm-1983-15")
    assert np.isnan(overloaded.told_ratio)


def test_the_sentence_tells_errors_slow_downs_and_where_pairs_are_few(judged: list[JudgedPair]) -> None:
    by = technique_errors(judged)
    sentence = techniques_sentence(by)
    for technique, told in by.items():
        assert f"by {technique} {percent(told.errors.median_frac)} ({told.errors.count})" in sentence
    few = [technique for technique in PAIRED_TECHNIQUES if by[technique].errors.count < FEW_PAIRS]
    assert sentence.endswith(f"Fewer than {FEW_PAIRS} pairs say little: {', '.join(few)}.")


def test_the_table_of_the_method_is_that_of_the_pairs(judged: list[JudgedPair]) -> None:
    method = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    for technique, told in technique_errors(judged).items():
        e = told.errors
        row = f"| {technique} | {e.count} | {told.models_count} | {percent(e.median_frac)} | {percent(e.p90_frac)} | {signed_percent(e.bias_frac)} |"
        assert f"{row} {told.slower_count} | {told.slower_told_faster_count} |" in method


def test_a_missing_file_a_lone_run_and_an_unknown_technique_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv"):
        reported_pairs(tmp_path / "none.csv")
    head, off, on = TECHNIQUE_REPORTS.read_text(encoding="utf-8").splitlines()[:3]
    broken = tmp_path / "pairs.csv"
    broken.write_text("\n".join([head, off]), encoding="utf-8")
    with pytest.raises(DataError, match="'off' and one 'on'"):
        reported_pairs(broken)
    broken.write_text("\n".join([head, off, on.replace("FP8 KV cache", "magic")]), encoding="utf-8")
    with pytest.raises(DataError, match="not known"):
        reported_pairs(broken)
