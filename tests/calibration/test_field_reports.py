"""Speeds that others report against the model's: what the page and the docs tell of them."""

import re
from pathlib import Path

import pytest

from calculators.calibration.accuracy_text import FIGURE_WORDS, field_sentence
from calculators.calibration.field_reports import (
    REPORTED_FIGURES,
    JudgedFigure,
    field_reports,
    hits,
    hits_by_kind,
    judged_figures,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError


@pytest.fixture(scope="module")
def judged(live_catalog: Catalog) -> list[JudgedFigure]:
    return judged_figures(field_reports(), live_catalog)


def test_every_figure_has_an_address_a_day_a_kind_and_a_use() -> None:
    reports = field_reports()
    assert len(reports) >= 150
    assert sum(r.is_held_out for r in reports) >= 80
    assert all(r.url.startswith("https://") and r.seen[:4] in ("2024", "2025", "2026") and r.kind for r in reports)
    assert all(r.measured > 0 and r.row["use"] in ("seen", "held out") for r in reports)


def test_no_report_is_in_the_fit() -> None:
    from calculators.calibration.accuracy import MEASURED, read_table

    fitted = {row["source_url"] for row in read_table(MEASURED)}
    assert not fitted & {r.url for r in field_reports()}


def test_most_of_the_figures_that_showed_the_faults_are_right_now(judged: list[JudgedFigure]) -> None:
    seen = hits([j for j in judged if not j.report.is_held_out])
    assert seen.unexpressed_count == 0
    assert seen.right_count / seen.told_count > 0.85
    assert seen.median_error_frac < 0.17


def test_most_of_the_held_out_figures_are_right(judged: list[JudgedFigure]) -> None:
    held_out = hits([j for j in judged if j.report.is_held_out])
    assert held_out.right_count == held_out.held_out_right_count
    assert held_out.right_count / held_out.told_count > 0.75
    assert held_out.unexpressed_count <= 6


def test_a_reported_slow_down_is_never_told_as_a_gain(judged: list[JudgedFigure]) -> None:
    slower = [j for j in judged if j.report.figure == "speedup" and j.report.measured < 1]
    assert len(slower) >= 2
    assert all(j.told is not None and j.told < 1 for j in slower)


def test_kinds_cover_every_figure_once(judged: list[JudgedFigure]) -> None:
    kinds = hits_by_kind(judged[::2] + judged[1::2])  # rows added at the end of the file count too
    assert len(kinds) == len({j.report.kind for j in judged})
    assert sum(h.told_count + h.unexpressed_count for h in kinds.values()) == len(judged)


def test_a_figure_that_cannot_be_told_is_neither_right_nor_wrong(judged: list[JudgedFigure]) -> None:
    missing = [j for j in judged if j.told is None]
    assert missing
    assert all(j.is_right is None and j.reason and j.ratio != j.ratio for j in missing)


def test_the_sentence_and_the_method_tell_the_counts(judged: list[JudgedFigure]) -> None:
    overall, held_out = hits(judged), hits([j for j in judged if j.report.is_held_out])
    sentence = field_sentence(judged)
    assert f"Of {overall.told_count} figures" in sentence
    assert sentence.endswith(str(held_out.right_count))
    method = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    told = re.search(r"(\d+) of (\d+) held-out figures, and (\d+) of (\d+) of those", method)
    seen = hits([j for j in judged if not j.report.is_held_out])
    assert told is not None
    assert [int(n) for n in told.groups()] == [
        held_out.right_count,
        held_out.told_count,
        seen.right_count,
        seen.told_count,
    ]


def test_every_figure_has_words() -> None:
    assert set(FIGURE_WORDS) == set(REPORTED_FIGURES)


def test_a_missing_file_and_an_unknown_figure_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv"):
        field_reports(tmp_path / "none.csv")
    lines = (ROOT / "calibration/field_reports.csv").read_text(encoding="utf-8").splitlines()[:2]
    broken = tmp_path / "reports.csv"
    broken.write_text("\n".join([lines[0], lines[1].replace("speedup", "smiles")]), encoding="utf-8")
    with pytest.raises(DataError, match=r"reports\.csv:2.*smiles"):
        field_reports(broken)


def test_the_table_of_the_method_is_that_of_the_reports(judged: list[JudgedFigure]) -> None:
    method = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    for kind, told in hits_by_kind(judged).items():
        within = f"| {kind} | {told.right_count} of {told.told_count} | {told.held_out_right_count} of {told.held_out_count} |"
        assert within in method
