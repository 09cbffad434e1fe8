"""Whether a context window holds the workload's requests, and which options it rules out."""

from collections.abc import Iterable

from calculators.fleet.replica_capacity import Infeasible
from calculators.options.option import Option
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import needed_context_tok
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Workload
from calculators.units import plural

NAMED_OPTIONS = 5
"""How many options that are too short a caveat names."""


def is_too_short(option: Option, needed_tok: int) -> bool:
    """Whether the context window of an API option is below `needed_tok`; an unknown one is taken to be long enough."""
    context_tok = option.bill.context_tok if option.bill else None
    return context_tok is not None and context_tok < needed_tok


def option_too_short_words(option: Option, workload: Workload) -> str:
    """Why an API option's context window rules it out; empty where it does not."""
    if option.bill is None or not is_too_short(option, needed_context_tok(workload)):
        return ""
    return too_short_words(option.bill.context_tok or 0, workload)


def too_short_words(context_tok: int, workload: Workload) -> str:
    """Why a context window rules an option out."""
    return f"its context window of {context_tok:,} tokens is below {_needed_words(workload)}"


def _needed_words(workload: Workload) -> str:
    """The request that a context window must hold, in words."""
    needed_tok = needed_context_tok(workload)
    which = "p95" if needed_tok > workload.input_tok + workload.output_tok else "mean"
    return f"the {which} request of {needed_tok:,} tokens"


def by_context(configs: Iterable[ReplicaConfig], workload: Workload) -> tuple[list[ReplicaConfig], list[Infeasible]]:
    """The configurations whose model holds the workload's requests, and the others with the reason."""
    needed_tok = needed_context_tok(workload)
    holding, infeasible = [], []
    for config in configs:
        context_tok = config.model.published.context_tok
        if context_tok < needed_tok:
            infeasible.append(Infeasible(config, "context", too_short_words(context_tok, workload)))
        else:
            holding.append(config)
    return holding, infeasible


def context_notes(options: Iterable[Option], inputs: Inputs) -> list[str]:
    """The models and API options that the context window rules out, in a sentence; none: no sentence."""
    workload, needed_tok = inputs.scenario.workload, needed_context_tok(inputs.scenario.workload)
    models = [inputs.catalog.model(c.model) for c in inputs.scenario.candidates if c.gate != "not_acceptable"]
    short = {m.name: m.published.context_tok for m in models if m.published.context_tok < needed_tok}
    for option in options:
        if is_too_short(option, needed_tok) and option.model not in short:
            assert option.bill is not None
            short[option.label] = option.bill.context_tok or 0
    if not short:
        return []
    names = [f"{name} ({tok:,} tokens)" for name, tok in short.items()]
    more = f" and {plural(len(names) - NAMED_OPTIONS, 'more', 'more')}" if len(names) > NAMED_OPTIONS else ""
    return [
        f"Not an option, because the context window is below {_needed_words(workload)} (prompt plus output): {', '.join(names[:NAMED_OPTIONS])}{more}."
    ]
