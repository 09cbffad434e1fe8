"""What the files on the six techniques may say: what each is, and what is assumed where nothing was measured."""

from typing import Annotated, Literal

from pydantic import Field

from calculators.catalog.base import Id, Positive, Range, Record, ShortText, Sourced, SourcedFile

TechniqueId = Literal["batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"]
PhaseName = Literal["prefill", "decode"]
MAX_DRAFT_TOK = 8

# --- technique_data/techniques.yaml ------------------------------------------------------------------------------


class Technique(Sourced):
    """What it is, what it needs and what it forces."""

    id: TechniqueId
    name: ShortText
    phases: tuple[PhaseName, ...]
    metrics: tuple[ShortText, ...]
    mechanism: ShortText
    requires: ShortText
    forces: ShortText
    avoid: ShortText
    """When not to use it."""
    published: ShortText
    """Gains of others, elsewhere."""


class TechniquesFile(SourcedFile):
    techniques: tuple[Technique, ...] = Field(min_length=6, max_length=6)


# --- technique_data/assumptions.yaml -----------------------------------------------------------------------------


class Acceptance(Sourced):
    """A run that measured how many drafted tokens a model accepts."""

    model: Id
    method: Literal["mtp", "eagle3"]
    thinking: bool
    pass_tok: Annotated[tuple[Positive, ...], Field(min_length=MAX_DRAFT_TOK, max_length=MAX_DRAFT_TOK)]
    """With 1, 2, ... drafted; the pass's own token counts."""


class TechniqueRules(SourcedFile):
    """Rules of thumb, and published acceptance."""

    draft_cost_frac: Range
    draft_memory_frac: Range
    acceptance_frac: Range
    transfer_gb_s: Range
    acceptance: tuple[Acceptance, ...]


# --- technique_data/framework.yaml -------------------------------------------------------------------------------

MoveId = Literal[
    "prompt_order",
    "weights_8bit",
    "weights_4bit",
    "kv_fp8",
    "speculation",
    "split",
    "whole_experts",
    "disaggregation",
]
MetricId = Literal["ttft", "tpot", "cost", "fit"]


class TechniqueStep(Record):
    """One thing an engineer can do."""

    id: MoveId
    technique: TechniqueId
    name: ShortText
    work: Literal["days", "weeks", "months"]
    forces: ShortText


class Metric(Record):
    """What fails, and what helps against it, in the order to try."""

    id: MetricId
    name: ShortText
    phase: Literal["prefill", "decode", "both"]
    moves: Annotated[tuple[MoveId, ...], Field(min_length=1)]


class Thresholds(Record):
    """When a technique is not tried, or not kept."""

    keep_gain_frac: Range
    winners_count: Range
    kv_fp8_context_tok: Range
    speculation_acceptance_frac: Range
    disaggregation_tok_per_day: Range
    disaggregation_params_b: Range
    disaggregation_input_ratio: Range


class Framework(SourcedFile):
    moves: tuple[TechniqueStep, ...]
    metrics: tuple[Metric, ...]
    thresholds: Thresholds

    def move(self, move: MoveId) -> TechniqueStep:
        return next(m for m in self.moves if m.id == move)

    def metric(self, metric: MetricId) -> Metric:
        return next(m for m in self.metrics if m.id == metric)
