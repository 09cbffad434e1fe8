"""Whether a context window holds the workload's requests, and which options it rules out."""

from collections.abc import Iterable

from calculators.fleet.replica_capacity import Infeasible
from calculators.options.option import Option
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import lengths, needed_context_tok
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Workload
from calculators.units import percent, plural

FINE_GROUPS = 400
LEAST_LEFT_FRAC = 0.001
"""A smaller share of requests beyond the window is not told."""
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


def held_frac(context_tok: int | None, workload: Workload) -> float:
    """Share of the requests, prompt plus output, that a context window holds; all where the window is not known."""
    if context_tok is None:
        return 1.0
    spread = lengths(workload, FINE_GROUPS)
    held = spread.share_frac[spread.input_tok + spread.output_tok <= context_tok]
    return float(held.sum() / spread.share_frac.sum())


def partly_held_words(context_tok: int | None, workload: Workload) -> str:
    """What a context window does to the longest requests, as words that follow 'it'; empty where it holds all of them."""
    left_frac = 1 - held_frac(context_tok, workload)
    if left_frac < LEAST_LEFT_FRAC:
        return ""
    return f"refuses or cuts the longest {percent(left_frac)} of requests (window of {context_tok:,} tokens)"


def _window_tok(option: Option) -> int | None:
    """The shortest context window among the models that answer; None where one is not known."""
    windows = [option.bill.context_tok] if option.bill else []
    if option.plan is not None:
        windows.append(option.plan.config.model.published.window_tok)
    return min((tok for tok in windows if tok is not None), default=None)


def partly_held_notes(options: Iterable[Option], inputs: Inputs) -> list[str]:
    """The options that hold most requests but not the longest ones, in a sentence each; the same words once."""
    cut = ((option, partly_held_words(_window_tok(option), inputs.scenario.workload)) for option in options)
    told = [f"{option.model if option.plan else option.label} {words}." for option, words in cut if words]
    return list(dict.fromkeys(told))


def by_context(configs: Iterable[ReplicaConfig], workload: Workload) -> tuple[list[ReplicaConfig], list[Infeasible]]:
    """The configurations whose model holds the workload's requests, and the others with the reason."""
    needed_tok = needed_context_tok(workload)
    holding, infeasible = [], []
    for config in configs:
        context_tok = config.model.published.window_tok
        if context_tok < needed_tok:
            infeasible.append(Infeasible(config, "context", too_short_words(context_tok, workload)))
        else:
            holding.append(config)
    return holding, infeasible


def context_notes(options: Iterable[Option], inputs: Inputs) -> list[str]:
    """The models and API options that the context window rules out, in a sentence; none: no sentence."""
    workload, needed_tok = inputs.scenario.workload, needed_context_tok(inputs.scenario.workload)
    models = [inputs.catalog.model(c.model) for c in inputs.scenario.candidates if c.gate != "not_acceptable"]
    short = {m.name: m.published.window_tok for m in models if m.published.window_tok < needed_tok}
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
