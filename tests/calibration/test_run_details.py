"""What a run's cells tell between the lines: its lengths, the age of its engine, and what no fitted run shows."""

import pytest

from calculators.calibration.run_details import (
    TREND_YEARS,
    benchmark_yield,
    draft_host_us,
    fitted_engine,
    format_doubts,
    launch_told,
    length_kind,
    length_scale,
    release_ratio,
    short_run_doubts,
    told_pools,
)
from calculators.catalog.load import load_catalog

LIVE = load_catalog()
RULES = LIVE.speed_rules


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("", "untold"),
        ("fixed", "equal"),
        ("fixed (assumed by source tool)", "near"),
        ("uniform[0.8,1.0]x nominal", "near"),
        ("answers end early", "near"),
        ("dataset distribution", "drawn"),
        ("mean of drawn lengths", "drawn"),
    ],
)
def test_how_much_the_lengths_of_a_run_differ(words: str, kind: str) -> None:
    assert length_kind(words) == kind


def test_lengths_drawn_below_the_nominal_one_are_scaled() -> None:
    assert length_scale("uniform[0.8,1.0]x nominal") == pytest.approx(0.9)
    assert length_scale("uniform[0.8,1.0]") == 1.0
    assert length_scale("fixed") == 1.0
    assert length_scale("uniform[0,0]x nominal") == 0


def test_launches_get_faster_with_releases_after_the_fitted_ones_and_not_without_end() -> None:
    at = {
        day: release_ratio({"source_date": day}, RULES) for day in ("2025-07-10", "2026-06-01", "2026-08", "2030-01-01")
    }
    assert at["2025-07-10"] == 1.0
    assert 1 > at["2026-06-01"] > at["2026-08"] > at["2030-01-01"]
    assert at["2030-01-01"] == pytest.approx(RULES.launch_yearly_ratio.central**TREND_YEARS)


@pytest.mark.parametrize("day", ["", "2026", "soon", "2026-00-99"])
def test_a_day_that_is_not_told_changes_nothing_much(day: str) -> None:
    assert release_ratio({"source_date": day}, RULES) == 1.0


def test_what_no_fitted_run_shows_is_a_doubt() -> None:
    assert format_doubts(LIVE.model("deepseek-r1"), "int4")
    assert not format_doubts(LIVE.model("llama-3.1-8b"), "int4")
    assert not format_doubts(LIVE.model("deepseek-r1"), "fp8")
    assert short_run_doubts("saturated", 1_000)
    assert not short_run_doubts("saturated", float("inf"))
    assert not short_run_doubts("closed", 100)


def test_the_fitted_engine_is_that_of_the_version_and_the_vendor() -> None:
    h100, mi300x = LIVE.gpu("h100-sxm"), LIVE.gpu("mi300x")
    assert fitted_engine({"engine_version": "0.6.2"}, "vllm", h100) == "vllm-2024"
    assert fitted_engine({"engine_version": "0.6.2"}, "vllm", mi300x) == "vllm-2024-rocm"
    assert fitted_engine({"source_date": "2024-10-08"}, "tensorrt-llm", h100) == "tensorrt-llm-2024"
    assert fitted_engine({}, "sglang", h100) == "sglang"


@pytest.mark.parametrize(
    ("row", "launch"),
    [
        ({}, None),
        ({"launch": "tuned", "source": "a blog"}, "tuned"),
        ({"launch": "as_shipped", "source": "MLPerf Inference v4.1"}, "as_shipped"),
        ({"source": "aiconfigurator silicon_sample.csv"}, "tuned"),
        ({"source": "SGLang cookbook"}, "as_shipped"),
        ({"source_url": "https://github.com/vllm-project/vllm/issues/1"}, "as_shipped"),
        ({"url": "https://github.com/SemiAnalysisAI/InferenceX/pull/1"}, "tuned"),
    ],
    ids=str,
)
def test_a_launch_is_as_the_row_says_else_as_its_publisher_does(row: dict[str, str], launch: str | None) -> None:
    assert launch_told(row, load_catalog().launches) == launch


def test_pools_are_read_from_the_words_of_a_note_and_an_untold_number_of_workers_is_in_doubt() -> None:
    note = "closed loop; disaggregated: prefill 4 x (tp1 dp4 ep4), decode ? x (tp8 dp1 ep1)"
    cells, doubts = told_pools({"notes": note, "model": "m"})
    told = {name: cell for name, cell in cells.items() if name.startswith(("prefill", "decode"))}
    assert told == {
        "prefill_workers": "4",
        "prefill_gpus": "4",
        "prefill_ep": "4",
        "prefill_dp_attention": "True",
        "decode_workers": "1",
        "decode_gpus": "8",
        "decode_ep": "1",
        "decode_dp_attention": "False",
    }
    assert [doubt.code for doubt in doubts] == ["workers_untold"]
    assert "decode pool" in doubts[0].text


def test_columns_of_pools_go_before_the_words_of_a_note() -> None:
    cells, doubts = told_pools({"notes": "prefill ? x (tp1 dp4 ep4)", "prefill_workers": "3", "prefill_gpus": ""})
    assert (cells["prefill_workers"], cells["prefill_gpus"], doubts) == ("3", "4", [])
    assert told_pools({"notes": "prefill many x (tp1)"}) == ({"notes": "prefill many x (tp1)"}, [])


@pytest.mark.parametrize(
    ("engine", "day", "waits"),
    [
        ("SGLang", "2026-03-25", True),
        ("sglang", "2026-09-13", False),
        ("SGLang", "", False),
        ("vLLM", "2026-03-25", False),
    ],
)
def test_the_gpu_waits_for_the_drafts_of_sglang_until_its_scheduler_overlaps_them(
    engine: str, day: str, waits: bool
) -> None:
    told = draft_host_us({"engine": engine, "source_date": day}, RULES)
    assert told == ((RULES.draft_wait_us.central, RULES.draft_request_wait_us.central) if waits else (0.0, 0.0))


def test_random_prompts_yield_no_more_than_text_that_is_no_code() -> None:
    model = LIVE.model("qwen3.5-397b-a17b")
    published = benchmark_yield({}, model, 3, LIVE)
    random = benchmark_yield({"prefix_cache": "off (random prompts)"}, model, 3, LIVE)
    assert published == pytest.approx(3.36, abs=0.01)
    assert random == pytest.approx(2.53, abs=0.01)
    unknown = LIVE.model("llama-3.3-70b")
    assert benchmark_yield({"prefix_cache": "off (random prompts)"}, unknown, 3, LIVE) == benchmark_yield(
        {}, unknown, 3, LIVE
    )
