"""A comparison as plain values: for `compare --json`."""

from typing import Any

from calculators.comparison.comparison import Comparison
from calculators.comparison.comparison_text import SUBJECT_WORDS, answer_sentence, gap_sentence, note
from calculators.comparison.gap import CostGap
from calculators.evaluate import Evaluation


def comparison_json(comparison: Comparison, names: tuple[str, str]) -> dict[str, Any]:
    """Both answers, the differing inputs, and the gap of the recommended options by input; as `today` and `self_hosted` the gaps of
    today's API and of the cheapest self-hosted options. Amounts are whole cents, and the parts add up to the gap;
    where the horizons differ, and `months` is null, all of them are means of a month."""
    a, b = (
        _answer_json(evaluation, name)
        | {f"{gap.subject}_usd": (gap.a_usd, gap.b_usd)[place] for gap in comparison.gaps}
        for place, (evaluation, name) in enumerate(zip((comparison.a, comparison.b), names, strict=True))
    )
    return {
        "a": a,
        "b": b,
        "differing": [{"label": one.label, "field": one.field, "a": one.a, "b": one.b} for one in comparison.differing],
        **_gap_json(comparison.gap),
        "note": note(comparison),
        "today": _gap_json(comparison.today_gap),
        "self_hosted": _gap_json(comparison.self_hosted_gap),
    }


def _answer_json(evaluation: Evaluation, name: str) -> dict[str, Any]:
    verdict = evaluation.verdict
    return {
        "name": name,
        "as_of": evaluation.scenario.as_of.isoformat(),
        "kind": verdict.kind,
        "sureness": verdict.sureness,
        "sentence": answer_sentence(evaluation),
        "winner": verdict.winner.label,
        "horizon_months": evaluation.horizon.months,
    }


def _gap_json(gap: CostGap) -> dict[str, Any]:
    over = "total over the horizon" if gap.months is not None else "mean per month"
    return {
        "gap": {
            "what": f"{over} of {SUBJECT_WORDS[gap.subject]}, second less first",
            "usd": gap.usd,
            "months": gap.months,
        },
        "attribution": [
            {"label": share.label, "fields": [one.field for one in share.inputs], "usd": share.usd}
            for share in gap.shares
        ],
        "method": gap.words,
        "sentence": gap_sentence(gap),
    }
