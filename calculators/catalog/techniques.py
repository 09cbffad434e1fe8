"""Schemas of the files on the six serving techniques: what each is, what is assumed where nothing was measured, and the
rules by which techniques are chosen."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Id, Positive, Range, Record, ShortText, Sourced, SourcedFile

TechniqueId = Literal["batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"]
PhaseName = Literal["prefill", "decode"]
MAX_DRAFT_TOK = 8

# --- technique_data/techniques.yaml ------------------------------------------------------------------------------


class RelatedSetting(Record):
    """A setting that belongs to a technique and is no technique of its own."""

    name: ShortText
    text: ShortText
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class Technique(Sourced):
    """A serving technique: mechanism, requirements and trade-offs."""

    id: TechniqueId
    name: ShortText
    phases: tuple[PhaseName, ...]
    metrics: tuple[ShortText, ...]
    mechanism: ShortText
    requires: ShortText
    trade_offs: ShortText
    avoid: ShortText
    """When not to use it."""
    published: ShortText
    """Gains measured on other workloads."""
    published_sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Where the gains are from."""
    related: tuple[RelatedSetting, ...] = ()


class TechniquesFile(SourcedFile):
    """The six techniques, in the order of the page."""

    techniques: tuple[Technique, ...] = Field(min_length=6, max_length=6)

    @model_validator(mode="after")
    def _sourced(self) -> "TechniquesFile":
        named = {key for t in self.techniques for key in t.published_sources}
        named |= {key for t in self.techniques for setting in t.related for key in setting.sources}
        if lost := sorted(named - set(self.sources)):
            raise ValueError(f"a source is named that the file does not list: {', '.join(lost)}")
        return self


# --- technique_data/assumptions.yaml -----------------------------------------------------------------------------


class AcceptedTokens(Sourced):
    """How many tokens a pass yields, as a published run measured it on coding prompts."""

    method: Literal["mtp", "eagle3", "dspark"]
    thinking: bool
    pass_tok: Annotated[tuple[Positive, ...], Field(min_length=MAX_DRAFT_TOK, max_length=MAX_DRAFT_TOK)]
    """Tokens yielded per pass with 1, 2, ... drafted; includes the token of the pass itself."""


class Acceptance(AcceptedTokens):
    """A published run of a model that has a profile."""

    model: Id


class AcceptanceElsewhere(AcceptedTokens):
    """A published run of a model without a profile, for comparison."""

    name: ShortText


class TechniqueRules(SourcedFile):
    """Rules of thumb for speculative decoding and disaggregation, and published acceptance rates."""

    draft_memory_frac: Range
    acceptance_frac: Range
    transfer_gb_s: Range
    acceptance: tuple[Acceptance, ...]
    elsewhere: tuple[AcceptanceElsewhere, ...] = ()


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
    """One change to the serving setup, with its effort."""

    id: MoveId
    technique: TechniqueId
    name: ShortText
    work: Literal["days", "weeks", "months"]
    requires: ShortText


class FailingMetric(Record):
    """A metric that may miss its target, and the techniques against it in the order to try."""

    id: MetricId
    name: ShortText
    phase: Literal["prefill", "decode", "both"]
    moves: Annotated[tuple[MoveId, ...], Field(min_length=1)]


class Thresholds(Record):
    """Limits below which a technique is not tried or not kept."""

    keep_gain_frac: Range
    winners_count: Range
    kv_fp8_context_tok: Range
    speculation_acceptance_frac: Range
    disaggregation_tok_per_day: Range
    disaggregation_params_b: Range
    disaggregation_input_ratio: Range


class Framework(SourcedFile):
    """Techniques to try, metrics that may fail, and the thresholds between them."""

    moves: tuple[TechniqueStep, ...]
    metrics: tuple[FailingMetric, ...]
    thresholds: Thresholds

    def move(self, move: MoveId) -> TechniqueStep:
        """The technique with this id."""
        return next(m for m in self.moves if m.id == move)

    def metric(self, metric: MetricId) -> FailingMetric:
        """The metric with this id."""
        return next(m for m in self.metrics if m.id == metric)
