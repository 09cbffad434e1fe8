"""A comparison in words, to be read aloud to somebody who made neither scenario."""

from collections.abc import Sequence

from calculators.comparison.comparison import Comparison
from calculators.comparison.differing_inputs import DifferingInput
from calculators.comparison.gap import CostGap, GapShare, Subject, totals_of
from calculators.comparison.input_values import as_clause
from calculators.decision.verdict_text import advice_of
from calculators.evaluate import Evaluation
from calculators.scenario.traffic_range_text import in_brackets
from calculators.units import capital, listed, plural, usd

MAX_TOLD = 5
LEAST_SPOKEN_FRAC = 0.03
"""A part below this share of all parts is told together with the other small ones."""
LEAST_SPOKEN_USD = 0.5
MAX_SPOKEN_CHARS = 80
"""Longer values stand in the list, not in the paragraph."""
SUBJECT_WORDS: dict[Subject, str] = {
    "recommended": "the recommended option",
    "today": "today's API",
    "self_hosted": "the cheapest self-hosted option",
}


def comparison_text(comparison: Comparison, names: tuple[str, str]) -> str:
    """The paragraph, then every differing input with both values and its part of the gap, then how it was attributed."""
    effects = {
        share.inputs[0].field: usd_change(share.usd) for share in comparison.gap.shares if len(share.inputs) == 1
    }
    rows = [
        f"  {one.label}: {one.a} vs. {one.b}{in_brackets(effects.get(one.field, ''))}" for one in comparison.differing
    ]
    joined = [
        f"  {share.label}: {usd_change(share.usd)} together" for share in comparison.gap.shares if share.inputs[1:]
    ]
    return "\n".join(
        [
            paragraph(comparison, names),
            "",
            *(
                [f"What differs, first vs. second (effect on the gap{_unit(comparison.gap)}):", *rows, *joined, ""]
                if rows
                else []
            ),
            *(gap_sentence(gap) for gap in (comparison.today_gap, comparison.self_hosted_gap)),
            "",
            *_methods(comparison),
            note(comparison),
        ]
    )


def paragraph(comparison: Comparison, names: tuple[str, str]) -> str:
    """Both answers in a sentence each, then the gap with its largest parts first."""
    answers = [
        f"The {which} ({name}) says: {answer_sentence(evaluation)}"
        for which, name, evaluation in zip(("first", "second"), names, (comparison.a, comparison.b), strict=True)
    ]
    return " ".join([*answers, gap_sentence(comparison.gap)])


def answer_sentence(evaluation: Evaluation) -> str:
    """The answer of an evaluation with its total over the horizon."""
    verdict, total = evaluation.verdict, totals_of(evaluation)["recommended"]
    if isinstance(total, str) and not evaluation.allowed:
        return verdict.sentence
    span = f"over {plural(evaluation.horizon.months, 'month')}"
    costs = f"costs {usd(total)} {span}" if not isinstance(total, str) else f"is recommended, but {total}"
    match verdict.kind:
        case "cannot_tell":
            return f"{verdict.sentence.partition('. ')[0].rstrip('.')}. The cheapest option so far, {verdict.winner.label}, {costs}."
        case "too_close" if verdict.runner_up is not None:
            rival = verdict.runner_up.label
            return f"Too close to call between {verdict.winner.label} and {rival}. The cheaper one, {verdict.winner.label}, {costs}."
        case "forced_by_compliance":
            return f"Compliance decides: {verdict.winner.label} {costs}."
    return f"{advice_of(verdict.winner)}: {verdict.winner.label} {costs}."


def gap_sentence(gap: CostGap) -> str:
    """How much more or less the second one costs, and because of which inputs, the largest first."""
    if gap.usd is None:
        return f"The gap of {SUBJECT_WORDS[gap.subject]} cannot be attributed. {gap.words}"
    told, rest = _told(gap.shares)
    parts = [f"{_amount(share.usd)} because of {_reason(share)}" for share in told]
    if rest:
        together = _amount(sum(share.usd for share in rest)) or "nothing"
        parts.append(f"{together} because of {plural(sum(len(share.inputs) for share in rest), 'other')} together")
    because = f"{':' if _amount(gap.usd) else ', but'} {listed(parts)}" if parts else ""
    return f"{_start(gap)}{because}."


def _start(gap: CostGap) -> str:
    """The gap without its reasons."""
    amount, is_recommended = _amount(gap.usd or 0.0), gap.subject == "recommended"
    span = (
        f"over {plural(gap.months, 'month')}" if gap.months is not None else "a month on average (the horizons differ)"
    )
    subject = capital(SUBJECT_WORDS[gap.subject])
    if not amount:
        return f"Both cost the same {span}" if is_recommended else f"{subject} costs the same in both"
    return f"The second costs {amount} {span}" if is_recommended else f"{subject} costs {amount} in the second {span}"


def _amount(usd_more: float) -> str:
    """$12k more, or less; empty where it is nothing."""
    return "" if abs(usd_more) < LEAST_SPOKEN_USD else f"{usd(abs(usd_more))} {'more' if usd_more > 0 else 'less'}"


def usd_change(usd_more: float) -> str:
    """A part of a gap in a list."""
    return _amount(usd_more) or "no effect"


def _told(shares: Sequence[GapShare]) -> tuple[list[GapShare], list[GapShare]]:
    """The shares to be told one by one, the largest first, and the others that have any effect. One alone is told by its name."""
    ranked = sorted((share for share in shares if _amount(share.usd)), key=lambda share: -abs(share.usd))
    least = LEAST_SPOKEN_FRAC * sum(abs(share.usd) for share in ranked)
    told_count = sum(abs(share.usd) >= least for share in ranked[:MAX_TOLD])
    told_count = len(ranked) if len(ranked) == told_count + 1 else told_count
    return ranked[:told_count], ranked[told_count:]


def _reason(share: GapShare) -> str:
    """The inputs of a share, with what matters most of both values where that is short enough to be read aloud."""
    return listed([f"{as_clause(one.label)}{in_brackets(_instead(one))}" for one in share.inputs])


def _instead(one: DifferingInput) -> str:
    now, before = one.b.partition(";")[0], one.a.partition(";")[0]
    return f"{now} instead of {before}" if now != before and len(now) + len(before) <= MAX_SPOKEN_CHARS else ""


def _methods(comparison: Comparison) -> list[str]:
    """How the gaps were attributed: once where it is the same for all."""
    told = {gap.subject: gap.words for gap in comparison.gaps if gap.shares}
    if len(set(told.values())) <= 1:
        return list(told.values())[:1]
    return [f"{capital(SUBJECT_WORDS[subject])}: {words}" for subject, words in told.items()]


def _unit(gap: CostGap) -> str:
    return "" if gap.months is not None else ", a month on average"


def note(comparison: Comparison) -> str:
    """What a reader must know besides: one catalog, and a bill that goes with the volume."""
    a, b = comparison.a.scenario, comparison.b.scenario
    days = f", at the prices of {a.as_of}"
    if a.as_of != b.as_of:
        days = f": the first at the prices of {a.as_of}, the second at those of {b.as_of}"
    told = [f"Both use today's data (version {comparison.a.digest}){days}."]
    if not comparison.differing:
        told.append("The two do not differ in any input.")
    if comparison.is_bill_scaled:
        told.append("A bill that is paid is taken per request: it goes with the volume.")
    return " ".join(told)
