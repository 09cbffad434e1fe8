"""A comparison in words, to be read aloud to somebody who made neither scenario."""

from collections.abc import Sequence

from calculators.comparison.comparison import Comparison
from calculators.comparison.gap import Gap, GapShare, Subject, method_words, totals_of
from calculators.comparison.input_values import as_clause
from calculators.decision.verdict_text import advice_of
from calculators.evaluate import Evaluation
from calculators.scenario.traffic_range_text import in_brackets
from calculators.units import capital, listed, plural, usd

MAX_TOLD = 5
LEAST_TOLD_FRAC = 0.03
"""A part below this share of all parts is told together with the other small ones."""
SAME_USD = 0.5
MAX_SPOKEN_CHARS = 50
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
            *([method_words(comparison.gap)] if comparison.gap.shares else []),
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
    return f"{advice_of(verdict.winner)}. {capital(verdict.winner.label)} {costs}."


def gap_sentence(gap: Gap) -> str:
    """How much more or less the second one costs, and because of which inputs, the largest first."""
    if gap.usd is None:
        return f"The gap of {SUBJECT_WORDS[gap.subject]} cannot be attributed: {gap.note}."
    told, rest = _told(gap.shares)
    parts = [f"{_amount(share.usd)} because of {_reason(share)}" for share in told]
    if rest:
        together = _amount(sum(share.usd for share in rest)) or "nothing"
        parts.append(f"{together} because of {plural(sum(len(share.inputs) for share in rest), 'other')} together")
    because = f"{':' if _amount(gap.usd) else ', but'} {listed(parts)}" if parts else ""
    order = f" Each input is changed after those before it on the pages, because some mixes of the two have no result ({gap.note})."
    return f"{_start(gap)}{because}.{order if gap.method == 'page_order' else ''}"


def _start(gap: Gap) -> str:
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
    return "" if abs(usd_more) < SAME_USD else f"{usd(abs(usd_more))} {'more' if usd_more > 0 else 'less'}"


def usd_change(usd_more: float) -> str:
    """A part of a gap in a list."""
    return _amount(usd_more) or "no effect"


def _told(shares: Sequence[GapShare]) -> tuple[list[GapShare], list[GapShare]]:
    """The shares to be told one by one, the largest first, and the others that have any effect. One alone is told by its name."""
    ranked = sorted((share for share in shares if _amount(share.usd)), key=lambda share: -abs(share.usd))
    least = LEAST_TOLD_FRAC * sum(abs(share.usd) for share in ranked)
    told_count = sum(abs(share.usd) >= least for share in ranked[:MAX_TOLD])
    told_count = len(ranked) if len(ranked) == told_count + 1 else told_count
    return ranked[:told_count], ranked[told_count:]


def _reason(share: GapShare) -> str:
    """The inputs of a share with both values, where these are short enough to be read aloud."""
    return listed(
        [
            as_clause(one.label)
            if len(one.a) + len(one.b) > MAX_SPOKEN_CHARS
            else f"{as_clause(one.label)} ({one.b} instead of {one.a})"
            for one in share.inputs
        ]
    )


def _unit(gap: Gap) -> str:
    return "" if gap.months is not None else ", a month on average"


def note(comparison: Comparison) -> str:
    """What a reader must know besides: one catalog, and a bill that goes with the volume."""
    a, b = comparison.a.scenario, comparison.b.scenario
    days = f"on {a.as_of}" if a.as_of == b.as_of else f"the first on {a.as_of}, the second on {b.as_of}"
    told = [f"Both use today's data (version {comparison.a.digest}) at the prices {days}."]
    if not comparison.differing:
        told.append("The two do not differ in any input.")
    if comparison.is_bill_scaled:
        told.append("A bill that is paid is taken per request: it goes with the volume.")
    return " ".join(told)
