"""The decision record: one page to keep, made from an Evaluation and frozen. Shown from its own JSON, so that it says the
same after prices have moved; the scenario in it can be evaluated again, and what changed is listed."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from calculators.catalog.base import Record
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.decision.signal_result import Signal
from calculators.decision.switching_values import nearest_switching_value
from calculators.errors import DataError, data_error
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.scenario.schema import Scenario
from calculators.units import count, usd

MAX_BYTES = 2_000_000
MAX_DISSENT_CHARS = 4_000
Text = Annotated[str, Field(max_length=4_000)]
Money = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[tuple[Text, ...], Field(max_length=200)]


class Weighed(Record):
    """An option that was considered."""

    kind: Text
    label: Text
    usd_per_month: Money
    low_usd_per_month: Money
    high_usd_per_month: Money | None
    """None: no fleet at all in the pessimistic case."""


class Assumed(Record):
    """A figure the decision rests on."""

    what: Text
    value: Text
    basis: Text
    source: Text
    as_of: date | None


class Judged(Record):
    """A signal."""

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
    what: Text
    now: Text
    flips_at: Text


class RuledPath(Record):
    """What compliance left."""

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
    """Everything on the page, as words and numbers; nothing in it is looked up again."""

    schema_version: Literal[1] = 1
    made_on: date
    digest: Annotated[str, Field(max_length=40)]
    """Of the prices and profiles it was made with."""
    name: Text
    kind: Text
    sureness: Text
    choice: Text
    winner: Text
    reason: Text
    today: Text
    options: Annotated[tuple[Weighed, ...], Field(max_length=200)]
    signals: Annotated[tuple[Judged, ...], Field(max_length=10)]
    compliance: RuledPath
    flips: Annotated[tuple[Flipping, ...], Field(max_length=20)]
    assumptions: Annotated[tuple[Assumed, ...], Field(max_length=400)]
    trust: Words
    review: Text
    dissent: Annotated[str, Field(max_length=MAX_DISSENT_CHARS)] = ""
    scenario: Scenario


def freeze(found: Evaluation, made_on: date, dissent: str = "") -> DecisionRecord:
    """The record of an evaluation. Raises DataError when the dissent is too long."""
    if len(dissent) > MAX_DISSENT_CHARS:
        raise DataError(f"dissent: {len(dissent):,} characters; keep it within {MAX_DISSENT_CHARS:,}")
    verdict, today = found.verdict, found.today
    barred = "" if found.today_allowed else "; not allowed under the requirements"
    return DecisionRecord(
        made_on=made_on,
        digest=found.digest,
        name=found.scenario.name,
        kind=verdict.kind,
        sureness=verdict.sureness,
        choice=verdict.sentence,
        winner=verdict.winner.label,
        reason=verdict.reason[:4_000],
        today=f"{today.label}, {usd(today.usd_per_month)}/month{barred}",
        options=tuple(_weighed(o) for o in found.options),
        signals=tuple(_judged(s) for s in found.signals.exit_signals),
        compliance=_ruled(found.assessment),
        flips=tuple(
            Flipping(what=f.what, now=f.now, flips_at=f.flips_at)
            for f in nearest_switching_value(found.switching_values)
        ),
        assumptions=tuple(_assumptions(found)),
        trust=(*verdict.assumptions, *found.notes),
        review=found.review,
        dissent=dissent,
        scenario=found.scenario,
    )


def _weighed(option: Option) -> Weighed:
    return Weighed(
        kind=option.kind,
        label=option.label,
        usd_per_month=option.usd_per_month,
        low_usd_per_month=option.low_usd_per_month,
        high_usd_per_month=option.high_usd_per_month if isfinite(option.high_usd_per_month) else None,
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


def _ruled(left: ComplianceAssessment) -> RuledPath:
    return RuledPath(
        requirements=tuple(r.name for r in left.requirements),
        allowed_count=len(left.with_status("allowed")),
        ask_count=len(left.with_status("ask")),
        blocked_count=len(left.with_status("blocked")),
        premium_usd_per_month=left.premium_usd_per_month,
        survivors=_named(left.with_status("allowed")[:LISTED]) if left.requirements else (),
        to_ask=_named(left.with_status("ask")[:LISTED]),
        blocked=_named(left.with_status("blocked")[:LISTED]),
        relaxations=tuple(
            f"Without {r.requirement.name}: {r.opened_count} more paths"
            + (f", the cheapest then {r.label} at {usd(r.usd_per_month)}/month" if r.usd_per_month is not None else "")
            for r in left.relaxations
        ),
    )


LISTED = 12


def _named(paths: Sequence[PricedPath]) -> tuple[str, ...]:
    """Who, at what price, why and on whose word."""
    return tuple(
        f"{p.path.name} ({usd(p.usd_per_month) + ' a month' if p.usd_per_month is not None else 'no public price'}): "
        + p.path.why[:2_000]
        + "".join(f" [{f.source.title}, {f.source.accessed}]" for f in p.path.deciding[:1] if f.source)
        for p in paths
    )


def _assumptions(found: Evaluation) -> list[Assumed]:
    """The workload, and every cost line of the winner and its rival, each once."""
    w = found.scenario.workload
    rows = [
        Assumed(what=what, value=value, basis=basis, source=w.source, as_of=None)
        for what, value, basis in (
            ("Requests a month", count(w.requests_per_month), w.requests_basis),
            ("Input and output tokens", f"{w.input_tok:,.0f} and {w.output_tok:,.0f}", w.lengths_basis),
            ("Input billed as cached", f"{w.cached_frac:.0%}", w.cached_basis),
            ("Peak over mean", f"{w.peak_ratio:.3g}", w.peak_basis),
            ("Growth a month", f"{w.growth_per_month_frac:.0%}", "as entered"),
        )
    ]
    e, t = found.scenario.evidence, found.scenario.targets
    rows += [
        Assumed(what=what, value=f"{value:,.0f} ms", basis=basis, source=source, as_of=None)
        for what, value, basis, source in (
            ("First token needed, 95th percentile", t.ttft_p95_ms, "target", "as entered"),
            ("Time per token needed", t.tpot_ms, "target", "as entered"),
            ("First token of the API, 95th percentile", e.api_ttft_p95_ms, "measured by you", e.api_latency_source),
            ("Time per token of the API, 95th percentile", e.api_tpot_p95_ms, "measured by you", e.api_latency_source),
        )
        if value is not None
    ]
    for option in (found.verdict.winner, found.verdict.runner_up):
        for line in option.lines if option else ():
            rows.append(
                Assumed(
                    what=f"{line.name}, {option.label}" if option else line.name,
                    value=f"{usd(line.usd_per_month)}/month",
                    basis=line.basis,
                    source=line.source.title if line.source else "arithmetic",
                    as_of=line.source.accessed if line.source else None,
                )
            )
    return rows


# --- reading and comparing ---------------------------------------------------------------------------------------


def to_json_text(record: DecisionRecord) -> str:
    return json.dumps(record.model_dump(mode="json"), indent=1, allow_nan=False)


def read_record(content: bytes, name: str) -> DecisionRecord:
    """A frozen record. Raises DataError naming the field, the value and what is allowed."""
    if len(content) > MAX_BYTES:
        raise DataError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB; no record of this app is")
    try:
        value: Any = visible(json.loads(content))
    except (ValueError, RecursionError):
        raise DataError(f"{name}: not a decision record; upload the JSON file that this page made") from None
    try:
        return DecisionRecord.model_validate(value)
    except ValidationError as error:
        raise DataError(f"{name}: not a decision record of this version. {data_error(error, DecisionRecord)}") from None


def visible(value: Any) -> Any:
    """Without characters that nobody sees but a terminal or a browser obeys: controls, and changes of direction."""
    match value:
        case str():
            return "".join(c for c in value if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
        case dict():
            return {visible(key): visible(item) for key, item in value.items()}
        case list():
            return [visible(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class RecordChange:
    what: str
    then: str
    now: str


def record_changes(then: DecisionRecord, now: DecisionRecord) -> list[RecordChange]:
    """What is different: the choice, each option's cost, the signals, what compliance costs, the flips."""
    found = [
        RecordChange("Choice", then.choice, now.choice),
        RecordChange("Kind of verdict", then.kind, now.kind),
        RecordChange("Winner", then.winner, now.winner),
    ]
    before, after = ({o.label: o for o in r.options} for r in (then, now))
    for label in dict.fromkeys((*before, *after)):
        found.append(RecordChange(label, _cost(before.get(label)), _cost(after.get(label))))
    old, new = ({s.name: s for s in r.signals} for r in (then, now))
    found += [RecordChange(f"Signal: {n}", old[n].status, new[n].status) for n in old if n in new]
    found.append(RecordChange("Compliance premium", premium_words(then), premium_words(now)))
    at_then, at_now = ({f.what: f.flips_at for f in r.flips} for r in (then, now))
    found += [RecordChange(f"Flips at: {w}", at_then[w], at_now[w]) for w in at_then if w in at_now]
    found.append(RecordChange("Prices and profiles", then.digest, now.digest))
    return [change for change in found if change.then != change.now]


def _cost(option: Weighed | None) -> str:
    return "not there" if option is None else f"${option.usd_per_month:,.0f}/month"


def premium_words(record: DecisionRecord) -> str:
    premium = record.compliance.premium_usd_per_month
    return "no price" if premium is None else f"${premium:,.0f}/month"
