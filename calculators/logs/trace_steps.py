"""Spans of traces that say again what other spans say, and steps that say what no call says.

Agents, chains and tools mostly repeat the tokens of the calls below them; where a trace holds no such call, the step itself
tells them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_SPANS = 2_000_000
MAX_LOOSE_TOKENS = 100_000
MAX_TREE_STEPS = 100
ALIKE_FRAC = 0.8
"""Of steps that nothing links to calls, so many have the tokens of a call where they repeat calls; others are of failed ones."""
NO_PARENT = frozenset({"", "0", "undefined", "null", "none", "0000000000000000"})

SpanTokens = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step with tokens of its own, at its row of the canonical file."""

    row: int
    span: str | None
    trace: str | None
    tokens: SpanTokens


@dataclass(slots=True)
class TraceSpans:
    """The spans of a log as they pass by: which lies in which, and which have tokens."""

    parent_of: dict[str, str] = field(default_factory=dict)
    tokens_of_call: dict[str, SpanTokens] = field(default_factory=dict)
    trace_of_call: dict[str, str | None] = field(default_factory=dict)
    spanless_traces: set[str] = field(default_factory=set)
    """Traces with a call that names no span."""
    tokens_of_loose_calls: Counter[SpanTokens] = field(default_factory=Counter)
    """How many of the calls that name neither trace nor span have such tokens."""
    has_loose_calls: bool = False
    """Whether some call names neither trace nor span."""
    calls_tok: SpanTokens = (0, 0)
    steps: list[TraceStep] = field(default_factory=list)

    def link(self, span: Any, parent: Any) -> None:
        """Notes that one span lies in another; a parent that is none says nothing."""
        if isinstance(span, str) and isinstance(parent, str) and parent.strip().lower() not in NO_PARENT:
            self.parent_of[span] = parent

    def note_call(self, word_of: Mapping[str, Any], tokens: SpanTokens, is_span: bool) -> None:
        """A call of a model, or another row with tokens that is no step. `is_span`: whether it may lie within others."""
        span, trace = word_of["span"], _text(word_of["trace"])
        self.calls_tok = (self.calls_tok[0] + tokens[0], self.calls_tok[1] + tokens[1])
        if isinstance(span, str) and is_span:
            if len(self.tokens_of_call) < MAX_SPANS:
                self.tokens_of_call[span], self.trace_of_call[span] = tokens, trace
        elif trace is not None and len(self.spanless_traces) < MAX_SPANS:
            self.spanless_traces.add(trace)
        else:
            self.has_loose_calls = True
            if len(self.tokens_of_loose_calls) < MAX_LOOSE_TOKENS:
                self.tokens_of_loose_calls[tokens] += 1

    def note_step(self, row: int, word_of: Mapping[str, Any], tokens: SpanTokens) -> None:
        """A step of a trace."""
        if sum(tokens) > 0 and len(self.steps) < MAX_SPANS:
            self.steps.append(TraceStep(row, _text(word_of["span"]), _text(word_of["trace"]), tokens))

    def top(self, span: str) -> str:
        """The outermost span around one, as far as the log tells."""
        for _ in range(MAX_TREE_STEPS):
            if span not in self.parent_of:
                break
            span = self.parent_of[span]
        return span

    def above(self, spans: Iterable[str | None]) -> set[str]:
        """All spans around these."""
        around = set[str]()
        for span in spans:
            parent = self.parent_of.get(span) if span is not None else None
            while parent is not None and parent not in around:
                around.add(parent)
                parent = self.parent_of.get(parent)
        return around


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def repeating_spans(spans: TraceSpans) -> set[str]:
    """Calls whose tokens are at least those of the nearest calls below them that have some."""
    sums = dict[str, list[float]]()
    of_call = spans.tokens_of_call
    if not spans.parent_of:
        return set()
    for span, (input_tok, output_tok) in of_call.items():
        above, count = spans.parent_of.get(span), 0
        while above is not None and above not in of_call and count < MAX_TREE_STEPS:
            above, count = spans.parent_of.get(above), count + 1
        if above is not None and above in of_call and above != span:
            below = sums.setdefault(above, [0, 0])
            below[0] += input_tok
            below[1] += output_tok
    return {
        span
        for span, (input_tok, output_tok) in sums.items()
        if input_tok + output_tok > 0 and of_call[span][0] >= input_tok and of_call[span][1] >= output_tok
    }


def own_steps(spans: TraceSpans) -> tuple[set[int], list[TraceStep]]:
    """Rows of the steps that no call repeats, and the steps of which nothing tells: neither they nor some calls are linked."""
    covered = spans.above([*spans.tokens_of_call, *(step.span for step in spans.steps)])
    linked = set(spans.parent_of) | set(spans.parent_of.values())
    tops_of = defaultdict[str, set[str | None]](set)
    has_loose = spans.has_loose_calls
    for span, trace in spans.trace_of_call.items():
        has_loose |= trace is None and span not in linked
        tops_of[trace or spans.top(span)].add(spans.top(span))
    for trace in spans.spanless_traces:
        tops_of[trace] |= {None, trace}  # no tree tells what lies in what
    called = set(tops_of)
    alone, unclear = defaultdict[str, list[TraceStep]](list), list[TraceStep]()
    for step in spans.steps:
        if step.span in covered:
            continue
        if step.trace is None and step.span not in linked and has_loose:
            unclear.append(step)
            continue
        top = spans.top(step.span) if step.span is not None else None
        key = step.trace or top or str(step.row)
        if key not in called or (top is not None and tops_of[key] == {top}):
            alone[key].append(step)
    return {step.row for steps in alone.values() for step in _without_sum(steps, linked)}, _unlike(unclear, spans)


def _without_sum(steps: list[TraceStep], linked: set[str]) -> list[TraceStep]:
    """Steps of one trace without the one that holds the tokens of all others, where no tree tells."""
    largest = max(steps, key=lambda step: step.tokens)
    others = [step for step in steps if step is not largest]
    sums = sum_tok(others)
    is_sum = bool(others) and largest.tokens[0] >= sums[0] and largest.tokens[1] >= sums[1]
    return [step for step in steps if not is_sum or step is not largest or step.span in linked]


def sum_tok(steps: Iterable[TraceStep]) -> SpanTokens:
    """Input and output tokens of all steps."""
    tokens = [step.tokens for step in steps]
    return sum(one[0] for one in tokens), sum(one[1] for one in tokens)


def _unlike(unclear: list[TraceStep], spans: TraceSpans) -> list[TraceStep]:
    """The steps, unless together they hold just the tokens of all calls, or most of them those of one call each."""
    if not unclear or sum_tok(unclear) == spans.calls_tok:
        return []
    alike = Counter(step.tokens for step in unclear) & (
        spans.tokens_of_loose_calls + Counter(spans.tokens_of_call.values())
    )
    return [] if alike.total() >= ALIKE_FRAC * len(unclear) else unclear
