"""The three exit signals that say when to leave off-the-shelf APIs: cost, latency, reliability; each with the month in which
growth makes it fire. Preconditions and supporting facts are listed beside them.

A signal fires only when leaving helps: cost in the pessimistic case too, latency and reliability only where a self-hosted
fleet is modeled or assumed to meet the target. A signal whose inputs are missing is unknown, never "not firing".
"""

from collections.abc import Sequence

from calculators.decision.cost_signal import cost_signal
from calculators.decision.latency_signal import latency_signal
from calculators.decision.reliability_signal import reliability_signal
from calculators.decision.savings import MonthlySavings
from calculators.decision.signal_result import SIGNAL_STATUS_WORDS, Precondition, Signals, SignalStatus, SupportingFact
from calculators.fleet.plan import FleetPlan
from calculators.options.option import Option, best_build
from calculators.options.remedies import NoFleet
from calculators.scenario.defaults import preset_targets
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Targets
from calculators.units import capital, listed, plural

SCALE_GPUS = 16
"""A fleet is called large from two servers of eight GPUs on; a word, not a threshold."""


def exit_signals(
    inputs: Inputs, ranked: Sequence[Option], today: Option, savings: MonthlySavings | None, missing: NoFleet | None
) -> Signals:
    """Every signal for today and the months ahead. `ranked`: the allowed options; `missing`: why none is self-hosted."""
    return Signals(
        exit_signals=(
            cost_signal(inputs, savings, ranked, missing),
            latency_signal(inputs, missing),
            reliability_signal(inputs, today, _cheapest_fleet(ranked)),
        ),
        preconditions=_preconditions(inputs),
        supporting=_supporting(inputs.scenario, ranked),
    )


def _cheapest_fleet(ranked: Sequence[Option]) -> FleetPlan | None:
    build = best_build(ranked)
    return build.plan if build else None


def _preconditions(inputs: Inputs) -> tuple[Precondition, ...]:
    """Preconditions of self-hosting: until all of them hold, paying per token is the safe choice."""
    scenario, catalog = inputs.scenario, inputs.catalog
    w, e, t = scenario.workload, scenario.evidence, scenario.targets
    is_in_use = any(inputs.gate_of(catalog.model(c.model)) is None for c in scenario.candidates)
    accepted = is_in_use or any(c.gate == "accepted" for c in scenario.candidates)
    measured = w.requests_basis != "assumed" and w.lengths_basis != "assumed"
    has_targets = t.ttft_p95_ms is not None or t.tpot_ms is not None
    has_value = e.value_usd_per_request is not None
    evals = "The API in use serves an open model." if is_in_use else "An open model has passed your evals."
    no_evals = "No open model has passed your evals yet. Mark it on the Candidates page when one has."
    stability = _by_answer(
        e.interface_settled,
        "Prompts and output format are stable.",
        "Prompts or output format still change.",
        "Not answered: are prompts and output format stable?",
    )
    targets = "No latency target is set. Set one on the Workload page."
    if has_targets:
        is_default = t in (Targets(), *map(preset_targets, inputs.catalog.presets.values()))
        confirm = "The latency targets are defaults. Confirm them on the Workload page."
        targets = confirm if is_default else "A latency target is set."
    value = "The value of a request is known." if has_value else "Not stated: what is an answered request worth?"
    own = "Volume and token lengths are your own figures."
    assumed = "Volume or token lengths are assumed. Enter your own on the Workload page."
    return (
        Precondition("Model quality", True if accepted else None, evals if accepted else no_evals),
        Precondition("Prompt and schema stability", e.interface_settled, stability),
        Precondition("Latency targets", True if has_targets else None, targets),
        Precondition("Value per request", True if has_value else None, value),
        Precondition("Usage pattern", True if measured else None, own if measured else assumed),
    )


def _by_answer(answer: bool | None, yes: str, no: str, unanswered: str) -> str:
    return unanswered if answer is None else yes if answer else no


def _supporting(scenario: Scenario, ranked: Sequence[Option]) -> tuple[SupportingFact, ...]:
    build, e = best_build(ranked), scenario.evidence
    gpus = build.plan.gpus if build and build.plan else 0
    size = f"The cheapest fleet has {plural(gpus, 'GPU')}." if gpus else "No self-hosted option qualifies."
    own = _by_answer(
        e.own_weights,
        "The model is your own (fine-tuned or trained).",
        "The model is not your own.",
        "Not answered: is the model your own (fine-tuned or trained)?",
    )
    chained = _by_answer(
        e.chained_models,
        "A request runs through several models.",
        "A request runs through one model.",
        "Not answered: does a request run through several models?",
    )
    return (
        SupportingFact("Scale", gpus >= SCALE_GPUS if gpus else None, size),
        SupportingFact("Specialization", e.own_weights, own),
        SupportingFact("Orchestration", e.chained_models, chained),
    )


def triggers_sentence(signals: Signals) -> str:
    """The statuses of all exit signals in a sentence, with what is still open: Triggers for self-hosting: cost not met;
    latency and reliability need data."""
    by_status: dict[SignalStatus, list[str]] = {}
    for signal in signals.exit_signals:
        by_status.setdefault(signal.status, []).append(signal.name.lower())
    clauses = [f"{listed(names)} {_status_words(status, len(names))}" for status, names in by_status.items()]
    open_points = ", ".join(p.name.lower() for p in signals.open_preconditions)
    still_open = f" Still open: {open_points}." if open_points else ""
    return f"Triggers for self-hosting: {'; '.join(clauses)}.{still_open}"


def met_sentence(signals: Signals) -> str:
    """Which triggers for self-hosting are met, in a sentence."""
    met = [s.name.lower() for s in signals.exit_signals if s.status == "firing"]
    if not met:
        return "No trigger for self-hosting is met."
    are = "trigger is" if len(met) == 1 else "triggers are"
    return f"{capital(listed(met))} {are} met: consider self-hosting."


def _status_words(status: SignalStatus, number: int) -> str:
    return "need data" if status == "unknown" and number > 1 else SIGNAL_STATUS_WORDS[status]
