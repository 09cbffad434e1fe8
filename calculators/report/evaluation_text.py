"""An Evaluation as text in a terminal."""

from collections.abc import Sequence

from calculators.compliance.assessment import ComplianceAssessment
from calculators.compliance.assessment_text import assessment_sentence
from calculators.decision.crossover import Crossover
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.decision.signal_result import SIGNAL_STATUS_WORDS
from calculators.evaluate import Evaluation
from calculators.fleet.machine_offers import MachineOffer
from calculators.options.feasibility import Feasibility
from calculators.options.option import Option
from calculators.report.by_model import ModelChoice, by_model_sentence
from calculators.report.horizon_text import winner_line
from calculators.units import count, listed, percent, plural, usd, usd_range


def to_text(
    evaluation: Evaluation,
    sensitivity: DecisionSensitivity,
    models: Sequence[ModelChoice] = (),
    beside: Sequence[str] = (),
) -> str:
    """The verdict, its reason, the options by cost, the triggers for self-hosting, the sensitivity and the key
    assumptions. `models`: the decision for each API model's traffic alone, where several are in use. `beside`: sentences
    below it, of how sure it is and of the cheapest mix of terms."""
    verdict = evaluation.verdict
    options = [
        _option_row(option, evaluation.label_of(option)) for option in (*evaluation.options, *evaluation.set_aside)
    ]
    signals = [
        f"  {s.name}: {SIGNAL_STATUS_WORDS[s.status]}. {s.value}. {s.why} {s.when}"
        for s in evaluation.signals.exit_signals
    ]
    values = [f"  {row.what} (now {row.now}): when it {row.flips_at}, {row.becomes}" for row in sensitivity.rows]
    values += [f"  {sensitivity.unswitched}"] if sensitivity.unswitched else []
    notes = [f"  {note}" for note in (*verdict.assumptions, *evaluation.caveats)]
    parts = [
        verdict.sentence,
        evaluation.confidence,
        verdict.reason,
        *filter(None, [winner_line(evaluation)]),
        *beside,
        "",
        f"Cost at {plural(evaluation.demand.requests_per_month, 'request')}/month:",
        *options,
        "",
        *_bill(evaluation),
        *_by_model(evaluation, models),
        *_break_evens(evaluation),
        "Triggers for self-hosting:",
        *signals,
        *_compliance(evaluation.assessment),
        *(
            ["", "Sensitivity (what would change the decision, all else equal; nearest first):", *values]
            if values
            else []
        ),
        "",
        sensitivity.review,
        *(["", "Key assumptions:", *notes] if notes else []),
        "",
        f"Data version {evaluation.digest} ({evaluation.scenario.as_of}).",
    ]
    return "\n".join(parts)


def _option_row(option: Option, label: str) -> str:
    spread = usd_range(option.low_usd_per_month, option.high_usd_per_month)
    return f"  {usd(option.usd_per_month):>8}/month  {f'({spread})' if spread else '':<22}  {label}"


def _bill(evaluation: Evaluation) -> list[str]:
    """From list price to bill, where more than one line leads there."""
    if len(evaluation.bill_lines) < 3:
        return []
    rows = [f"  {usd(line.usd_per_month):>8}/month  {line.name}: {line.note}" for line in evaluation.bill_lines]
    return ["From list price to today's API spend:", *rows, ""]


def _by_model(evaluation: Evaluation, models: Sequence[ModelChoice]) -> list[str]:
    """The decision for each API model's traffic alone; nothing where one model answers everything."""
    if not models:
        return []
    rows = [
        f"  {usd(m.today_usd_per_month):>8}/month today  {m.model}: {m.choice}, {usd(m.usd_per_month)}/month"
        for m in models
    ]
    return ["Each API model's traffic alone:", *rows, f"  {by_model_sentence(evaluation, models)}", ""]


def _break_evens(evaluation: Evaluation) -> list[str]:
    """First and permanent break-even volume of self-hosting; none without a fleet or without an API option."""
    if evaluation.build is None or not any(option.is_buy for option in evaluation.allowed):
        return []
    of = (
        ("the cheapest API option at each volume", evaluation.crossover),
        ("today's API", evaluation.crossovers[0][1]),
    )
    rows = [f"  Against {rival}: {_first_and_permanent(crossover)}" for rival, crossover in of]
    return ["Break-even volume of self-hosting:", *rows, ""]


def _first_and_permanent(crossover: Crossover) -> str:
    first, durable = crossover.first_req_per_month, crossover.durable_req_per_month
    if first is None and durable is None:
        return "never"
    told = f"first {break_even_volume(first)}, permanent {break_even_volume(durable)}"
    if len(crossover.crossings) > 1:
        told += f"; it changes at {listed([count(c.requests_per_month) for c in crossover.crossings])}"
    busy = crossover.break_even_busy_frac
    return told if busy is None else f"{told}; the fleet is {percent(busy)} busy there on average"


def break_even_volume(requests_per_month: float | None) -> str:
    """A break-even volume with its unit, or that there is none."""
    if requests_per_month is None:
        return "never"
    return f"{plural(requests_per_month, 'request')}/month" if requests_per_month > 0 else "any volume"


def _compliance(assessment: ComplianceAssessment) -> list[str]:
    if not assessment.requirements:
        return []
    names = "; ".join(r.name for r in assessment.requirements)
    return ["", f"Compliance ({names}): {assessment_sentence(assessment)}"]


def configurations_takeaway(rows: Sequence[Feasibility]) -> str:
    """How many pairs of a model and a GPU meet the targets, and the cheapest. `rows`: cheapest first."""
    feasible = [row for row in rows if row.plan is not None and row.usd_per_month is not None]
    if not feasible:
        return f"None of {len(rows)} pairs of a model and a GPU is feasible."
    first = feasible[0]
    cost = f"{first.model} on {first.gpu}, {usd(first.usd_per_month or 0.0)}/month with everything counted"
    return f"{len(feasible)} of {len(rows)} pairs of a model and a GPU meet the targets. Cheapest: {cost}."


def offer_terms(offer: MachineOffer) -> str:
    """Where a GPU price comes from: machine, provider, region, commitment, date and confidence."""
    where = f", {offer.region}" if offer.region else ""
    seen = f", seen {offer.seen}" if offer.seen else ""
    terms = offer.term or offer.commitment.replace("_", "-")
    return f"{offer.machine} at {offer.provider}{where}, {terms}{seen} ({offer.trust_words})"
