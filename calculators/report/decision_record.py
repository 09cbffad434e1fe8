"""The decision record: one page to keep, made from an Evaluation and frozen. It is shown from its own JSON, so that it says
the same after prices have moved; its scenario can be evaluated again (`record_changes`)."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import date
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from calculators.catalog.base import Record
from calculators.catalog.short_names import short_model_name
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.compliance.assessment_text import price_words, relaxation_words
from calculators.decision.sensitivity import NEAREST, DecisionSensitivity
from calculators.decision.signal_result import Signal
from calculators.errors import DataError, data_error
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.report.horizon_text import winner_line
from calculators.scenario.schema import Scenario
from calculators.scenario.traffic_range_text import in_brackets, traffic_range_words
from calculators.units import count, milliseconds, percent, plural_or_no, significant, usd

MAX_BYTES = 2_000_000
MAX_DISSENT_CHARS = 4_000
LISTED = 12
"""How many operators of each status a record lists."""
Text = Annotated[str, Field(max_length=4_000)]
Money = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[tuple[Text, ...], Field(max_length=200)]


class Weighed(Record):
    """An option that was considered, with the range of its cost."""

    kind: Text
    label: Text
    usd_per_month: Money
    low_usd_per_month: Money
    high_usd_per_month: Money | None
    """None: infeasible in the pessimistic case."""
    barred: Text = ""
    """Why it may not be chosen: requirements, or a latency target that it misses; empty where it may."""


class Assumed(Record):
    """A figure that the decision rests on."""

    what: Text
    value: Text
    basis: Text
    source: Text
    as_of: date | None


class Judged(Record):
    """An exit signal. Its `status` is a code with a space in place of `_`."""

    name: Text
    status: Text
    value: Text
    threshold: Text
    why: Text
    when: Text
    month: int | None
    source: Text
    """Of the rule."""


class Flipping(Record):
    """The switching value of an input."""

    what: Text
    now: Text
    flips_at: Text
    becomes: Text = ""
    """The decision beyond it; empty in records of earlier versions."""


class RuledPath(Record):
    """Options that compliance allows and blocks, and what it costs."""

    requirements: Words
    allowed_count: int
    ask_count: int
    blocked_count: int
    premium_usd_per_month: Money | None
    survivors: Words
    to_ask: Words
    blocked: Words
    """The cheapest of them, with the rule and its source."""
    relaxations: Words


class DecisionRecord(Record):
    """A decision in words and numbers; nothing in it is looked up again."""

    schema_version: Literal[1] = 1
    made_on: date
    digest: Annotated[str, Field(max_length=40)]
    """Of the prices and profiles it was made with."""
    name: Text
    kind: Text
    sureness: Text
    confidence: Text = ""
    """How sure it is, in a sentence; empty in records of earlier versions."""
    choice: Text
    winner: Text
    reason: Text
    today: Text
    over_horizon: Text = ""
    """Total, net present value and payback of the winner; empty in records of earlier versions."""
    options: Annotated[tuple[Weighed, ...], Field(max_length=200)]
    signals: Annotated[tuple[Judged, ...], Field(max_length=10)]
    compliance: RuledPath
    flips: Annotated[tuple[Flipping, ...], Field(max_length=20)]
    assumptions: Annotated[tuple[Assumed, ...], Field(max_length=400)]
    trust: Words
    review: Text
    dissent: Annotated[str, Field(max_length=MAX_DISSENT_CHARS)] = ""
    scenario: Scenario


def freeze(
    evaluation: Evaluation, sensitivity: DecisionSensitivity, made_on: date, dissent: str = ""
) -> DecisionRecord:
    """The record of an evaluation and its sensitivity. Raises DataError when the dissent is too long."""
    if len(dissent) > MAX_DISSENT_CHARS:
        raise DataError(
            f"Dissenting views: {count(len(dissent))} characters; shorten them to {count(MAX_DISSENT_CHARS)} or fewer"
        )
    verdict, today = evaluation.verdict, evaluation.today
    words = evaluation.barred_words(today)
    barred = f"; {words}" if words else ""
    return DecisionRecord(
        made_on=made_on,
        digest=evaluation.digest,
        name=evaluation.scenario.name,
        kind=verdict.kind,
        sureness=verdict.sureness,
        confidence=evaluation.confidence,
        choice=verdict.sentence,
        winner=verdict.winner.label,
        reason=verdict.reason[:4_000],
        today=f"{today.label}, {usd(today.usd_per_month)}/month{barred}",
        over_horizon=winner_line(evaluation),
        options=tuple(_weighed(option, evaluation) for option in (*evaluation.options, *evaluation.set_aside)),
        signals=tuple(_judged(signal) for signal in evaluation.signals.exit_signals),
        compliance=_ruled(evaluation.assessment),
        flips=tuple(
            Flipping(what=row.what, now=row.now, flips_at=row.flips_at, becomes=row.becomes)
            for row in sensitivity.rows[:NEAREST]
        ),
        assumptions=tuple(
            _workload_rows(evaluation) + _api_rows(evaluation) + _latency_rows(evaluation) + _cost_rows(evaluation)
        ),
        trust=(*verdict.assumptions, *evaluation.caveats),
        review=sensitivity.review,
        dissent=dissent,
        scenario=evaluation.scenario,
    )


def _weighed(option: Option, evaluation: Evaluation) -> Weighed:
    return Weighed(
        kind=option.kind,
        label=option.label,
        usd_per_month=option.usd_per_month,
        low_usd_per_month=option.low_usd_per_month,
        high_usd_per_month=option.high_usd_per_month if isfinite(option.high_usd_per_month) else None,
        barred=evaluation.barred_words(option),
    )


def _judged(signal: Signal) -> Judged:
    return Judged(
        name=signal.name,
        status=signal.status.replace("_", " "),
        value=signal.value,
        threshold=signal.threshold,
        why=signal.why,
        when=signal.when,
        month=signal.month,
        source=f"{signal.source.title}, {signal.source.accessed}",
    )


def _ruled(assessment: ComplianceAssessment) -> RuledPath:
    allowed, ask, blocked = (assessment.with_status(status) for status in ("allowed", "ask", "blocked"))
    return RuledPath(
        requirements=tuple(r.name for r in assessment.requirements),
        allowed_count=len(allowed),
        ask_count=len(ask),
        blocked_count=len(blocked),
        premium_usd_per_month=assessment.premium_usd_per_month,
        survivors=_named(allowed[:LISTED]) if assessment.requirements else (),
        to_ask=_named(ask[:LISTED]),
        blocked=_named(blocked[:LISTED]),
        relaxations=tuple(
            f"Without {r.requirement.name}: {plural_or_no(r.opened_count, 'further option')}. Cheapest: {relaxation_words(r)}."
            for r in assessment.relaxations
        ),
    )


def _named(paths: Sequence[PricedPath]) -> tuple[str, ...]:
    """Operator, price, reason and source of each path."""
    return tuple(
        f"{p.path.name} ({_path_price(p)}): {p.path.why[:2_000]}"
        + "".join(f" [{f.source.title}, {f.source.accessed}]" for f in p.path.deciding[:1] if f.source)
        for p in paths
    )


def _path_price(path: PricedPath) -> str:
    return f"{price_words(path)}/month" if path.usd_per_month is not None else price_words(path)


def _workload_rows(evaluation: Evaluation) -> list[Assumed]:
    w = evaluation.scenario.workload
    ranges = traffic_range_words(w)
    lengths = f"{count(w.input_tok)} and {count(w.output_tok)}{in_brackets(ranges.lengths)}"
    growth_basis = "as entered" if w.growth_basis == "typed" else w.growth_basis
    longest = f"{count(w.input_p95_tok)} and {count(w.output_p95_tok)}"
    return [
        Assumed(
            what=what, value=value, basis=basis, source="as entered" if basis == "as entered" else w.source, as_of=None
        )
        for what, value, basis in (
            ("Requests/month", f"{count(w.requests_per_month)}{in_brackets(ranges.volume)}", w.requests_basis),
            ("Input and output tokens/request", lengths, w.lengths_basis),
            *([("Input and output tokens/request, p95", longest, w.p95_basis)] if w.p95_basis else []),
            ("Current API cache hit rate", percent(w.cached_frac), w.cached_basis),
            ("Peak-to-average ratio", f"{significant(w.peak_ratio)}{in_brackets(ranges.peak)}", w.peak_basis),
            ("Growth per month", f"{percent(w.growth_per_month_frac)}{in_brackets(ranges.growth)}", growth_basis),
        )
    ]


def _api_rows(evaluation: Evaluation) -> list[Assumed]:
    """The API models in use, and the steps from their list price to the bill."""
    mix = [
        Assumed(
            what=f"API model {short_model_name(part.model)}",
            value=f"{percent(part.requests_frac)} of requests, {percent(part.input_frac)} of input and "
            f"{percent(part.output_frac)} of output tokens",
            basis=part.basis,
            source=f"{part.name} in the usage file" if part.name else f"{part.model}, as entered",
            as_of=None,
        )
        for part in evaluation.scenario.api.mix
    ]
    lines = [
        Assumed(
            what=f"Today's API: {line.name}",
            value=f"{usd(line.usd_per_month)}/month",
            basis=line.note,
            source="arithmetic",
            as_of=None,
        )
        for line in evaluation.bill_lines
    ]
    return [*mix, *lines]


def _latency_rows(evaluation: Evaluation) -> list[Assumed]:
    """Latency targets and measurements, as far as they are set."""
    e, t = evaluation.scenario.evidence, evaluation.scenario.targets
    return [
        Assumed(what=what, value=milliseconds(value), basis=basis, source=source, as_of=None)
        for what, value, basis, source in (
            ("TTFT target, p95", t.ttft_p95_ms, "target", "as entered"),
            ("TPOT target, mean", t.tpot_ms, "target", "as entered"),
            ("API TTFT, p95", e.api_ttft_p95_ms, "measured by you", e.api_latency_source),
            ("API TPOT, p95", e.api_tpot_p95_ms, "measured by you", e.api_latency_source),
        )
        if value is not None
    ]


def _cost_rows(evaluation: Evaluation) -> list[Assumed]:
    """Every cost line of the winner and of its rival."""
    options = (evaluation.verdict.winner, evaluation.verdict.runner_up)
    return [
        Assumed(
            what=f"{line.name}, {option.label}",
            value=f"{usd(line.usd_per_month)}/month",
            basis=line.basis,
            source=line.source.title if line.source else "arithmetic",
            as_of=line.source.accessed if line.source else None,
        )
        for option in options
        if option is not None
        for line in option.lines
    ]


# --- reading ------------------------------------------------------------------------------------------------------


def to_json_text(record: DecisionRecord) -> str:
    """The record as a JSON file, which `read_record` reads."""
    return json.dumps(record.model_dump(mode="json"), indent=1, allow_nan=False)


def read_record(content: bytes, name: str) -> DecisionRecord:
    """The record in a JSON file. Raises DataError naming the field, the value and what is allowed."""
    if len(content) > MAX_BYTES:
        raise DataError(
            f"{name}: larger than {MAX_BYTES // 1_000_000} MB, so it is not a decision record; upload the JSON file saved on the Decision record page"
        )
    try:
        value: Any = visible(json.loads(content))
    except (ValueError, RecursionError):
        raise DataError(
            f"{name}: not a decision record; upload the JSON file saved on the Decision record page"
        ) from None
    try:
        return DecisionRecord.model_validate(value)
    except ValidationError as error:
        raise DataError(f"{name}: not a decision record of this version. {data_error(error, DecisionRecord)}") from None


def visible(value: Any) -> Any:
    """A JSON value without invisible characters that a terminal or a browser obeys: controls and direction marks."""
    match value:
        case str():
            return "".join(c for c in value if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
        case dict():
            return {visible(key): visible(item) for key, item in value.items()}
        case list():
            return [visible(item) for item in value]
    return value
