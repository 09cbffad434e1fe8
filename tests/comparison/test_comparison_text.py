from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.comparison.comparison import compare_scenarios
from calculators.comparison.comparison_text import answer_sentence, comparison_text, gap_sentence, note, paragraph
from calculators.comparison.differing_inputs import DifferingInput
from calculators.comparison.gap import CostGap, GapShare
from calculators.evaluate import evaluate
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario

FIVE = {
    "workload": {"requests_per_month": 8e6, "peak_ratio": 3},
    "operations": {"self_host_fte": 1, "platform_usd_per_month": 500.0},
    "candidates": [{"model": "llama-3.3-70b", "gate": "not_acceptable"}],
}


def share(usd: float, label: str = "Peak-to-average ratio", a: str = "4", b: str = "5") -> GapShare:
    return GapShare((DifferingInput(field="x", label=label, a=a, b=b, fields=("x",)),), usd)


def told(*shares: GapShare, months: int | None = 36) -> str:
    usd = sum(one.usd for one in shares)
    return gap_sentence(CostGap(subject="recommended", months=months, a_usd=1e6, b_usd=1e6 + usd, shares=shares))


def test_five_inputs_are_read_aloud(catalog: Catalog) -> None:
    """12 months of 2M, then 8M requests at $0.0055."""
    comparison = compare_scenarios(scenario(), scenario(**FIVE), catalog)
    assert len(comparison.differing) == 5
    words = paragraph(comparison, ("anna.yaml", "ben.yaml"))
    assert words.startswith("The first (anna.yaml) says: Don't self-host. Move to a hosted open model: Llama 3.3 70B")
    assert "The second (ben.yaml) says: Stay on the API: closed on Test Host costs $528k over 12 months." in words
    assert "The second costs $" in words
    assert "because of requests per month (8M instead of 2M)" in words


def test_the_largest_parts_come_first_and_small_ones_together() -> None:
    small = [share(usd, f"Small {n}") for n, usd in enumerate((700.0, -300.0, 0.0))]
    sentence = told(share(20_000, "Staffing", "1 FTE", "2 FTE"), share(-5_000), *small)
    assert sentence == (
        "The second costs $15.4k more over 36 months: $20k more because of staffing (2 FTE instead of 1 FTE), $5k less because of "
        "peak-to-average ratio (5 instead of 4) and $400 more because of 2 others together."
    )


def test_one_small_part_alone_has_its_name() -> None:
    assert told(share(20_000), share(100, "Staffing")).endswith("and $100 more because of staffing (5 instead of 4).")


def test_no_more_than_five_are_told() -> None:
    sentence = told(*(share(1_000 * n, f"Input {n}") for n in range(1, 9)))
    assert sentence.count("because of") == 6
    assert sentence.endswith("and $6k more because of 3 others together.")


def test_equal_totals_and_parts_that_cancel() -> None:
    assert told() == "Both cost the same over 36 months."
    assert told(share(0.0)) == "Both cost the same over 36 months."
    cancelled = told(share(4_000), share(-4_000, "Staffing"))
    assert cancelled.startswith("Both cost the same over 36 months, but $4k more because of")


def test_other_horizons_are_told_by_the_month() -> None:
    assert told(share(-50.0), months=None).startswith(
        "The second costs $50 less a month on average (the horizons differ): "
    )


def test_long_values_stay_out_of_the_sentence_and_only_the_main_part_is_told() -> None:
    assert told(share(9e3, "Token lengths", "1 in; p95 2 in", "3 in; p95 4 in")).endswith(
        "token lengths (3 in instead of 1 in)."
    )
    assert told(share(9e3, "Your rents", "a" * 60, "b" * 60)).endswith("because of your rents.")
    assert told(share(9e3, "Your rents", "a; c", "a; d")).endswith("because of your rents.")


def test_what_is_not_attributed_says_why(catalog: Catalog) -> None:
    comparison = compare_scenarios(scenario(), scenario(hardware={"max_gpus": 1}), catalog)
    sentence = gap_sentence(comparison.self_hosted_gap)
    assert sentence.startswith(
        "The gap of the cheapest self-hosted option cannot be attributed. The second has no total: "
    )
    assert "Today's API costs the same in both." in comparison_text(comparison, ("a", "b"))


def test_answers_without_a_recommendation_say_so(live_catalog: Catalog) -> None:
    by_kind = {
        "cannot_tell": ("health-data-unknown", "Cannot tell yet: ask"),
        "too_close": ("near-the-crossover", "Too close to call between "),
        "forced_by_compliance": ("air-gapped", "Compliance decides: "),
        "stay": ("small-internal-tool", "Stay on the API: "),
    }
    for kind, (file, start) in by_kind.items():
        evaluation = evaluate(_shipped(file), live_catalog)
        assert evaluation.verdict.kind == kind
        assert answer_sentence(evaluation).startswith(start)


def test_the_note_tells_the_days_and_the_data(catalog: Catalog) -> None:
    a, b = scenario(), scenario(as_of="2026-12-15")
    same, apart = compare_scenarios(a, a, catalog), compare_scenarios(a, b, catalog)
    assert note(same) == (
        f"Both use today's data (version {catalog.digest}), at the prices of 2026-11-23. The two do not differ in any input."
    )
    assert note(apart).endswith(": the first at the prices of 2026-11-23, the second at those of 2026-12-15.")


def _shipped(name: str) -> Scenario:
    return read_scenario(ROOT / "scenarios" / f"{name}.yaml", TODAY)
