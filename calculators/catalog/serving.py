"""Records of serving_data: what engines are compared on, the options their parsers take, and flags that conflict."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Confidence, Id, Record, ShortText, Sourced, SourcedFile
from calculators.catalog.efficiency import EngineId
from calculators.catalog.load import ROOT, load_sourced
from calculators.errors import DataError

ChoiceId = Literal["vllm", "sglang", "tensorrt_llm"]
Word = Literal["best", "fits", "weak", "no", "unknown"]
"""A rating of an engine; unknown: no comparison was found."""
AxisId = Literal["model", "hardware", "prefix", "schema", "nodes", "speculation", "disaggregation", "latency"]
RuleId = Literal["moe_params_b", "prefix_frac", "schema_frac", "tight_ttft_ms", "tight_tpot_ms"]
FITS: Mapping[ChoiceId, EngineId] = {"vllm": "vllm", "sglang": "sglang", "tensorrt_llm": "tensorrt-llm"}
"""The engine of hardware_profiles/efficiency.yaml whose fit each choice uses."""


class AxisRule(Sourced):
    """A threshold that separates the cases of an axis."""

    id: RuleId
    value: float
    """Threshold in the unit at the end of the id."""
    words: ShortText


class AxisCase(Sourced):
    """One case of an axis: a rating for each engine, and the reason."""

    id: str
    vllm: Word
    sglang: Word
    tensorrt_llm: Word
    reason: ShortText

    @property
    def speaks_for(self) -> ChoiceId | None:
        """The one engine rated best; None if several or none are."""
        ahead: list[ChoiceId] = [engine for engine in FITS if getattr(self, engine) == "best"]
        return ahead[0] if len(ahead) == 1 else None


class EngineFacts(Record):
    """What each engine offers on an axis, in a few words. None: unknown."""

    vllm: ShortText
    sglang: ShortText
    tensorrt_llm: ShortText | None = None
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    confidence: Confidence


class Axis(Record):
    """One property on which engines are compared, with the cases it distinguishes."""

    id: AxisId
    name: ShortText
    facts: EngineFacts
    gap: ShortText
    """The measured difference between the engines on this axis, wherever it was published; empty: none."""
    cases: tuple[AxisCase, ...] = Field(min_length=1)


class LeftOut(Sourced):
    """An engine that is not compared, and why."""

    engine: str
    reason: ShortText


class Image(Sourced):
    """Container image of an engine for a GPU vendor."""

    engine: Literal["vllm", "sglang"]
    vendor: Literal["nvidia", "amd"]
    generation: str | None = None
    image: str
    tag_seen: bool
    """Whether the tag was seen on the registry."""
    note: ShortText


class Heads(Sourced):
    """Models released with draft heads (MTP or EAGLE), by the engines that list them."""

    both: tuple[Id, ...]
    vllm: tuple[Id, ...] = ()
    """Models whose heads only vLLM lists."""
    sglang: tuple[Id, ...] = ()

    def engines(self, model: str) -> frozenset["ServingEngine"]:
        """The engines that draft with this model's heads."""
        alone: Mapping[ServingEngine, tuple[Id, ...]] = {"vllm": self.vllm, "sglang": self.sglang}
        return frozenset(engine for engine, models in alone.items() if model in (*self.both, *models))


class StackFile(SourcedFile):
    """Records of stack.yaml: engine versions, thresholds, axes and images."""

    versions: Mapping[Literal["vllm", "sglang"], str]
    rules: tuple[AxisRule, ...] = Field(min_length=5, max_length=5)
    axes: tuple[Axis, ...] = Field(min_length=8, max_length=8)
    left_out: tuple[LeftOut, ...]
    images: tuple[Image, ...] = Field(min_length=1)
    heads: Heads

    @model_validator(mode="after")
    def _sourced(self) -> "StackFile":
        cases = [case for axis in self.axes for case in axis.cases]
        used = {item.source for item in (*self.rules, *cases, *self.left_out, *self.images, self.heads)}
        used |= {source for axis in self.axes for source in axis.facts.sources}
        if lost := sorted(used - set(self.sources)):
            raise ValueError(f"a source is named that the file does not list: {', '.join(lost)}")
        return self

    def rule(self, name: RuleId) -> float:
        return next(rule.value for rule in self.rules if rule.id == name)


@cache
def stack_file() -> StackFile:
    """Contents of serving_data/stack.yaml. Raises DataError naming file and line."""
    return load_sourced(ROOT / "serving_data/stack.yaml", StackFile)


ServingEngine = Literal["vllm", "sglang"]


class FlagOption(Record):
    """One option of an engine, with all its names."""

    names: tuple[str, ...] = Field(min_length=1)
    takes: Literal["none", "one", "optional", "many", "any"] = "one"
    type: Literal["str", "int", "size", "float", "json", "object"] = "str"
    """size: a whole number, or one with a suffix as 16k. object: JSON in braces."""
    choices: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Keys of a JSON value; empty: not recorded."""


class Command(Record):
    """One command of an engine, with every option that its parser has."""

    run: str
    positional: bool = False
    """Whether the command takes one positional argument, the model."""
    options: tuple[FlagOption, ...] = Field(min_length=1)


class EngineFlags(SourcedFile):
    """Recorded options of one engine version."""

    engine: ServingEngine
    version: str
    source: str
    commands: tuple[Command, ...] = Field(min_length=1)


class Condition(Record):
    """One condition of a conflict: an option or a plan fact, and the values at which the conflict applies."""

    flag: str | None = None
    fact: str | None = None
    given: bool | None = None
    default: str | float | None = None
    """Default of the engine where the option is not given; without a default the condition does not hold."""
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    below: str | None = None
    """Name of another option or fact that the value must be below."""
    above: str | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> "Condition":
        if (self.flag is None) == (self.fact is None):
            raise ValueError("a condition is about either a flag or a fact")
        return self


class FlagConflict(Sourced):
    """Flags that conflict with each other or with the plan, the reason and the remedy."""

    id: str
    engine: ServingEngine
    when: tuple[Condition, ...] = Field(min_length=1)
    why: str
    remedy: str


class FlagConflicts(SourcedFile):
    """Records of contradictions.yaml."""

    same: Mapping[str, str]
    """Short options, each with the JSON key that it sets."""
    contradictions: tuple[FlagConflict, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sourced(self) -> "FlagConflicts":
        if lost := sorted({clash.source for clash in self.contradictions} - set(self.sources)):
            raise ValueError(f"contradictions name no source of this file: {', '.join(lost)}")
        return self


@cache
def engine_flags(engine: ServingEngine) -> EngineFlags:
    """Recorded options of the pinned version of an engine. Raises DataError naming file and line."""
    records = sorted((ROOT / "serving_data/flags").glob(f"{engine}-*.yaml"))
    if not records:
        raise DataError(f"serving_data/flags: no record of {engine}; make one with tools/record_flags.py")
    return load_sourced(records[-1], EngineFlags)


@cache
def flag_conflicts() -> FlagConflicts:
    """The flag conflicts. Raises DataError naming file, line and field."""
    return load_sourced(ROOT / "serving_data/contradictions.yaml", FlagConflicts)
