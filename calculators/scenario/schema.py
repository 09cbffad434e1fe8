"""Every input: one frozen Scenario travels in the link and is all that `evaluate` needs besides the catalog.

The `title` of a field is its label on the screen; its help is the glossary's entry of the same field.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from calculators.catalog.base import Commitment, Confidence, Fraction, Id, Precision, Record
from calculators.catalog.launches import Launch
from calculators.errors import KeyPath, data_error, label_of
from calculators.scenario.evidence import Compliance, Evidence
from calculators.scenario.measurement import OwnMeasurement
from calculators.scenario.operations import Operations
from calculators.scenario.outlook import Outlook
from calculators.scenario.typed_prices import ExistingGpus, GpuPrice, OwnApiPrice, OwnRent, Purchase
from calculators.units import HOURS_PER_DAY, count, percent

MAX_LISTED = 100
"""Entries in any list of a scenario."""
MAX_OWN_MEASUREMENTS = 32
MAX_MODELS = 12
"""API models in use that are told apart."""

Basis = Literal["measured", "bounded", "assumed", "typed"]
Gate = Literal["accepted", "assumed", "easy_only", "not_acceptable"]
"""easy_only: good enough for the easy requests, and for no others."""
RequestsPerMonth = Annotated[float, Field(ge=1, le=1e12)]
Growth = Annotated[float, Field(ge=-0.5, le=1.0)]
PeakRatio = Annotated[float, Field(ge=1, le=10_000)]


class LengthCell(Record):
    """A group of similar requests: its share of all requests and its mean token counts."""

    share_frac: Annotated[float, Field(gt=0, le=1)] = Field(title="Share of requests")
    input_tok: Annotated[float, Field(ge=0, le=1e7)] = Field(title="Input tokens, mean")
    output_tok: Annotated[float, Field(ge=0, le=1e7)] = Field(title="Output tokens, mean")


class Workload(Record):
    """Traffic of one product. Token counts are per request; input is the whole prompt, cached or not."""

    source: Annotated[str, Field(max_length=300)] = Field("typed", title="Source of the traffic figures")
    """'typed', 'preset:<id>' or 'log:<file name>'."""
    requests_per_month: RequestsPerMonth = Field(title="Requests per month")
    requests_basis: Basis = Field("typed", title="Basis of requests per month")
    requests_range_per_month: tuple[RequestsPerMonth, RequestsPerMonth] | None = Field(
        None, title="Range of requests per month"
    )
    """Least and most that the log leaves open. None, or the figure is typed: no range."""
    sample_requests: Annotated[int, Field(ge=1, le=10**15)] | None = Field(None, title="Requests in the log")
    """How many requests volume and lengths were measured on: what chance may do to them. None: no log."""
    input_tok: Annotated[float, Field(ge=1, le=1e7)] = Field(title="Input tokens, mean")
    output_tok: Annotated[float, Field(ge=1, le=1e6)] = Field(title="Output tokens, mean")
    input_p95_tok: Annotated[float, Field(ge=1, le=1e7)] = Field(title="Input tokens, p95")
    output_p95_tok: Annotated[float, Field(ge=1, le=1e6)] = Field(title="Output tokens, p95")
    lengths_basis: Basis = Field("typed", title="Basis of token lengths")
    p95_basis: Basis | None = Field(None, title="Basis of the 95th percentiles, where it is another")
    cells: tuple[LengthCell, ...] = Field((), max_length=64, title="Token length distribution")
    """Joint length distribution from a log; empty: derived from mean and 95th percentile."""
    cached_frac: Fraction = Field(0.0, title="Current API cache hit rate")
    """Share of input tokens that the API bills as cache reads today."""
    cached_basis: Basis = Field("typed", title="Basis of the current API cache hit rate")
    cache_write_frac: Fraction = Field(0.0, title="Share of input tokens billed as cache writes")
    cacheable_frac: Fraction = Field(0.5, title="Achievable API cache hit rate")
    """Share of input tokens that a cache-friendly prompt order could read from a cache."""
    self_hit_frac: Fraction = Field(0.25, title="Prefix-cache hit rate when self-hosted")
    """Share of input tokens; lower than at an API, because capacity is limited and replicas have separate caches."""
    shared_hit_frac: Fraction = Field(0.5, title="Share of those hits common to many requests")
    """Instructions and documents that many requests begin with, held once in a replica's memory; the rest of the hits are a
    conversation's own earlier turns."""
    shared_prefixes: Annotated[int, Field(ge=1, le=1_000_000)] = Field(1, title="Shared prefixes per replica")
    """Different beginnings that requests at one replica have in common."""
    batch_frac: Fraction = Field(0.0, title="Share in the batch API today")
    """Share of requests."""
    deferrable_frac: Fraction = Field(0.0, title="Share eligible for the batch API (24 h)")
    easy_frac: Fraction | None = Field(None, title="Requests a small model can answer")
    """By the user's own evals, with a router that finds them. None: not known."""
    peak_ratio: PeakRatio = Field(4.0, title="Peak-to-average ratio")
    """Busiest sizing window over the mean of the active hours."""
    peak_basis: Basis = Field("typed", title="Basis of the peak-to-average ratio")
    peak_range_ratio: tuple[PeakRatio, PeakRatio] | None = Field(None, title="Range of the peak-to-average ratio")
    """As of `requests_range_per_month`."""
    active_h_per_month: Annotated[float, Field(ge=1, le=730)] = Field(730.0, title="Active hours per month")
    hourly_frac: Annotated[tuple[Fraction, ...], Field(max_length=HOURS_PER_DAY)] = Field(
        (), title="Share of tokens by hour of day (UTC)"
    )
    """From midnight on (24,), for prices that differ by hour; empty: not known."""
    growth_per_month_frac: Growth = Field(0.0, title="Monthly growth")
    growth_basis: Basis = Field("typed", title="Basis of the monthly growth")
    growth_range_frac: tuple[Growth, Growth] | None = Field(None, title="Range of the monthly growth")
    """As of `requests_range_per_month`."""
    growth_low_frac: Growth | None = Field(None, title="Lowest growth")
    """Per month, as the user expects it; binds before the end that a log tells. None: not entered."""
    growth_high_frac: Growth | None = Field(None, title="Highest growth")
    """As `growth_low_frac`."""

    @model_validator(mode="after")
    def _consistent(self) -> "Workload":
        if self.cached_frac + self.cache_write_frac > 1 + 1e-9:
            both = f"{label('workload.cached_frac')} and {label('workload.cache_write_frac').lower()}"
            shares = f"{percent(self.cached_frac)} and {percent(self.cache_write_frac)}"
            raise ValueError(f"{both} add up to more than 100% ({shares}); lower one of them")
        if self.batch_frac > self.deferrable_frac + 1e-9:
            today, eligible = (label(f"workload.{name}") for name in ("batch_frac", "deferrable_frac"))
            shares = f"{percent(self.batch_frac)} against {percent(self.deferrable_frac)}"
            raise ValueError(f"{today} is above {eligible.lower()} ({shares}); lower the one or raise the other")
        if self.cells and abs(sum(cell.share_frac for cell in self.cells) - 1) > 1e-3:
            raise ValueError("the shares of the token length distribution must add up to 100%; correct them")
        for name in ("input_tok", "output_tok") if self.cells else ():
            mean_tok = sum(cell.share_frac * getattr(cell, name) for cell in self.cells)
            if abs(mean_tok / getattr(self, name) - 1) > 0.01:
                stated = f"{label(f'workload.{name}')} is {getattr(self, name):.6g}"
                raise ValueError(f"{stated}, but the token length distribution has {mean_tok:.6g}; correct either")
        return self

    @model_validator(mode="after")
    def _whole_day(self) -> "Workload":
        hours, total = len(self.hourly_frac), sum(self.hourly_frac)
        if hours and (hours != HOURS_PER_DAY or abs(total - 1) > 1e-3):
            given = f"{hours} of {percent(total)} in all"
            raise ValueError(
                f"{label('workload.hourly_frac')} needs 24 shares of 100% in all, not {given}; correct them"
            )
        return self

    @model_validator(mode="after")
    def _growth_between_its_ends(self) -> "Workload":
        for name, sign in (("growth_low_frac", 1), ("growth_high_frac", -1)):
            end, growth = getattr(self, name), self.growth_per_month_frac
            if end is not None and sign * end > sign * growth:
                stated = f"{label(f'workload.{name}')} is {percent(end)}"
                of = label("workload.growth_per_month_frac")
                raise ValueError(f"{stated}, but {of} is {percent(growth)}; correct either")
        return self

    @model_validator(mode="after")
    def _within_ranges(self) -> "Workload":
        for name, range_name, ends in (
            ("requests_per_month", "requests_range_per_month", self.requests_range),
            ("peak_ratio", "peak_range_ratio", self.peak_range),
            ("growth_per_month_frac", "growth_range_frac", self.growth_range),
        ):
            value, (low, high) = getattr(self, name), ends
            if not low - abs(low) * 1e-9 <= value <= high + abs(high) * 1e-9:
                span = f"{label(f'workload.{range_name}')} is {count(low)} to {count(high)}"
                raise ValueError(
                    f"{span}, but {label(f'workload.{name}')} is {count(value)}; correct either, or remove the range"
                )
        return self

    @property
    def requests_range(self) -> tuple[float, float]:
        """Least and most requests per month; a figure without a range, or the user's own, twice."""
        ends = self.requests_range_per_month if self.requests_basis != "typed" else None
        return ends or (self.requests_per_month, self.requests_per_month)

    @property
    def growth_range(self) -> tuple[float, float]:
        """Least and greatest monthly growth, as `requests_range`; ends that the user entered come first."""
        told = self.growth_range_frac if self.growth_basis != "typed" else None
        low, high = told or (self.growth_per_month_frac, self.growth_per_month_frac)
        return (
            low if self.growth_low_frac is None else self.growth_low_frac,
            high if self.growth_high_frac is None else self.growth_high_frac,
        )

    @property
    def is_growth_range_typed(self) -> bool:
        """Whether the user entered an end of the growth."""
        return self.growth_low_frac is not None or self.growth_high_frac is not None

    @property
    def peak_range(self) -> tuple[float, float]:
        """Least and greatest peak-to-average ratio, as `requests_range`."""
        return (self.peak_range_ratio if self.peak_basis != "typed" else None) or (self.peak_ratio, self.peak_ratio)


class Targets(Record):
    """Latency targets (SLOs) at the peak. None: no target."""

    ttft_p95_ms: Annotated[float, Field(ge=1, le=600_000)] | None = Field(2_000.0, title="TTFT target, p95 (ms)")
    tpot_ms: Annotated[float, Field(ge=0.1, le=10_000)] | None = Field(50.0, title="TPOT target, mean (ms)")


class ModelTraffic(Record):
    """What one of several API models answers today, as shares of the whole traffic, so that edits of the workload keep
    them."""

    name: Annotated[str, Field(max_length=80)] = Field("", title="Model name in the usage file")
    provider: Annotated[str, Field(max_length=100)] = Field(title="API provider")
    model: Annotated[str, Field(max_length=200)] = Field(title="API model")
    basis: Literal["matched", "assumed", "typed"] = Field("typed", title="Basis of the API model")
    """matched: the name in the file; assumed: no listed model has that name."""
    requests_frac: Annotated[float, Field(gt=0, le=1)] = Field(title="Share of requests")
    input_frac: Fraction = Field(title="Share of input tokens")
    output_frac: Fraction = Field(title="Share of output tokens")
    cache_read_frac: Fraction | None = Field(None, title="Share of cache reads")
    cache_write_frac: Fraction | None = Field(None, title="Share of cache writes")
    bill_frac: Fraction | None = Field(None, title="Share of the API bill")
    """None: in proportion to list prices."""


class StepDown(Record):
    """Another closed model of a seller in use, and whether its quality was accepted."""

    provider: Annotated[str, Field(max_length=100)] = Field(title="API provider")
    model: Annotated[str, Field(max_length=200)] = Field(title="API model")
    gate: Gate = Field("assumed", title="Quality")


class Api(Record):
    """The API in use today."""

    provider: Annotated[str, Field(max_length=100)] = Field("openai", title="API provider")
    model: Annotated[str, Field(max_length=200)] = Field("gpt-5.4", title="API model")
    discount_frac: Annotated[float, Field(ge=0, le=0.95)] = Field(0.0, title="Negotiated API discount")
    """Off the list price; models with a price of your own have none."""
    paid_usd_per_month: Annotated[float, Field(gt=0, le=1e10)] | None = Field(None, title="API bill today (USD/month)")
    """What today's requests cost, from the invoice. None: estimated from the list price."""
    paid_source: Annotated[str, Field(max_length=300)] = Field("typed", title="Source of the API bill")
    """'typed' or 'log:<file name>'."""
    committed_usd_per_month: Annotated[float, Field(ge=0, le=1e10)] | None = Field(
        None, title="Committed spend (USD/month)"
    )
    """What a contract obliges to spend at `provider`, used or not. None: nothing."""
    committed_months: Annotated[int, Field(ge=0, le=120)] | None = Field(None, title="Months left of the commitment")
    mix: Annotated[tuple[ModelTraffic, ...], Field(max_length=MAX_MODELS)] = Field((), title="API models in use")
    """Where several models answer: what each does. Empty: `model` answers everything."""
    hosted_sellers: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_LISTED)] = Field(
        (), title="Allowed hosting providers (empty = all)"
    )
    """Providers that may sell an open model by the token."""
    own_prices: Annotated[tuple[OwnApiPrice, ...], Field(max_length=MAX_LISTED)] = Field((), title="Your API prices")
    step_downs: Annotated[tuple[StepDown, ...], Field(max_length=MAX_LISTED)] = Field(
        (), title="Cheaper models of the same maker"
    )
    """Beside the newest model of today's size and the next smaller one that is cheaper, which are always compared: other
    models of today's seller, and whether any of them passed the user's evaluation."""

    @model_validator(mode="after")
    def _whole(self) -> "Api":
        models = [f"{one.provider} {one.model}" for one in self.step_downs]
        twice = next((model for model in models if models.count(model) > 1), None)
        if twice is not None:
            raise ValueError(f"{Api.model_fields['step_downs'].title} lists '{twice}' twice; keep one")
        for name in ModelTraffic.model_fields:
            shares = [getattr(part, name) for part in self.mix] if name.endswith("_frac") else []
            known = [share for share in shares if share is not None]
            if known and len(known) < len(shares):
                raise ValueError(
                    f"{ModelTraffic.model_fields[name].title} is given for some models only; give it for all"
                )
            if known and abs(sum(known) - 1) > 1e-3:
                title = ModelTraffic.model_fields[name].title
                raise ValueError(f"{title} adds up to {percent(sum(known))} over all models; correct it to 100%")
        return self

    @model_validator(mode="after")
    def _whole_commitment(self) -> "Api":
        names = ("committed_usd_per_month", "committed_months")
        given, empty = ([n for n in names if (getattr(self, n) is None) is is_none] for is_none in (False, True))
        if given and empty:
            shown, missing = (Api.model_fields[name].title for name in (*given, *empty))
            value = count(getattr(self, given[0]))
            raise ValueError(f"{shown} is {value}, but {missing} is empty; fill in both, or neither")
        return self


class Candidate(Record):
    """An open model that may replace the closed one, and whether its quality was accepted."""

    model: Id = Field(title="Model")
    gate: Gate = Field("assumed", title="Quality")


class Hardware(Record):
    """GPUs, providers and terms to compare, and figures that the user knows better than the price tables."""

    gpus: Annotated[tuple[Id, ...], Field(max_length=MAX_LISTED)] = Field(
        (), title="GPUs (empty = all data-center GPUs)"
    )
    rent_providers: Annotated[tuple[Id, ...], Field(max_length=MAX_LISTED)] = Field(
        (), title="GPU cloud providers (empty = all)"
    )
    commitments: Annotated[tuple[Commitment, ...], Field(max_length=MAX_LISTED)] = Field(
        ("on_demand",), title="Commitment terms"
    )
    min_confidence: Confidence = Field("medium", title="Minimum GPU price confidence")
    max_rent_age_days: Annotated[int, Field(ge=1, le=10_000)] = Field(365, title="Maximum age of GPU prices (days)")
    precisions: Annotated[tuple[Precision, ...], Field(max_length=MAX_LISTED)] = Field(
        ("bf16", "fp8"), title="Additional weight precisions"
    )
    """Besides the precision a model was released in, which is always compared."""
    rent_usd_per_gpu_h: Annotated[dict[Id, GpuPrice], Field(max_length=MAX_LISTED)] = Field(
        default_factory=dict, title="Your negotiated GPU price (USD/GPU-hour)"
    )
    """By GPU, rentable one by one: replaces the list prices of that GPU."""
    own_rents: Annotated[tuple[OwnRent, ...], Field(max_length=MAX_LISTED)] = Field((), title="Your machine prices")
    existing_gpus: tuple[ExistingGpus, ...] = Field((), max_length=MAX_LISTED, title="GPUs you already have")
    existing_lens: Literal["sunk", "full"] = Field("sunk", title="Cost of GPUs you already have")
    """sunk: what is paid anyway counts nowhere; full: a fleet pays for those that it uses."""
    include_marketplaces: bool = Field(False, title="Include marketplaces")
    include_owned: bool = Field(False, title="Include purchased servers (capex)")
    purchase: Purchase = Field(Purchase(), title="Your purchase")
    max_gpus: Annotated[int, Field(ge=1, le=10_000)] = Field(512, title="Maximum GPUs")
    launch: Launch = Field("as_shipped", title="How the engine is launched")
    throughput_factor: Annotated[float, Field(ge=0.01, le=10)] = Field(
        1.0, title="Throughput override (measured ÷ predicted)"
    )
    """Unless 1, it replaces the correction by `own_measurements`."""
    own_measurements: tuple[OwnMeasurement, ...] = Field((), max_length=MAX_OWN_MEASUREMENTS, title="Your benchmarks")

    @model_validator(mode="after")
    def _distinct(self) -> "Hardware":
        for name in ("gpus", "rent_providers", "commitments", "precisions", "existing_gpus"):
            values = [getattr(value, "gpu", value) for value in getattr(self, name)]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"{label(f'hardware.{name}')} lists '{twice}' twice; keep one")
        return self


class Techniques(Record):
    """Serving techniques of a self-hosted fleet. Continuous batching is always on."""

    batch_cap: Annotated[int, Field(ge=1, le=1_024)] = Field(256, title="Maximum batch size")
    """Requests in decode at once on a replica; 1: no batching."""
    prefix_caching: bool = Field(True, title="Prefix caching")
    quantization: bool = Field(True, title="Quantization")
    """Whether the precisions of `hardware.precisions` are compared besides the released one."""
    kv_cache: Literal["bf16", "fp8"] = Field("bf16", title="KV-cache precision")
    parallelism: bool = Field(True, title="Tensor and pipeline parallelism")
    """Whether a replica may span several GPUs; otherwise one GPU each."""
    expert_parallelism: bool = Field(False, title="Expert parallelism")
    """Whether each GPU of a replica holds whole experts; otherwise a slice of every expert."""
    speculation: bool = Field(False, title="Speculative decoding")
    draft_tok: Annotated[int, Field(ge=1, le=8)] = Field(3, title="Draft tokens per pass")
    acceptance_frac: Annotated[float, Field(ge=0.01, le=0.99)] | None = Field(None, title="Acceptance rate")
    """Share of draft tokens that the model accepts. None: published for the model, or assumed."""
    disaggregation: bool = Field(False, title="Prefill/decode disaggregation")


class Scenario(Record):
    """Everything a verdict depends on, except the catalog."""

    schema_version: Literal[1] = Field(1, title="Schema version")
    name: Annotated[str, Field(max_length=120)] = Field("Our workload", title="Name")
    as_of: Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))] = Field(title="Price date")
    workload: Workload = Field(title="Workload")
    targets: Targets = Field(Targets(), title="Latency targets (SLOs)")
    api: Api = Field(Api(), title="API in use")
    candidates: tuple[Candidate, ...] = Field(min_length=1, max_length=100, title="Candidate open models")
    hardware: Hardware = Field(Hardware(), title="GPUs and cloud providers")
    techniques: Techniques = Field(Techniques(), title="Serving techniques")
    operations: Operations = Field(Operations(), title="Operations")
    outlook: Outlook = Field(Outlook(), title="Outlook")
    compliance: Compliance = Field(Compliance(), title="Compliance")
    evidence: Evidence = Field(Evidence(), title="Evidence")

    @property
    def is_bill_known(self) -> bool:
        """Whether today's bill is known apart from the traffic: entered, or from an invoice. The spend in the file that the
        traffic comes from goes with its volume."""
        is_of_the_log = self.api.paid_source.startswith("log:") and self.api.paid_source == self.workload.source
        return self.api.paid_usd_per_month is not None and not is_of_the_log

    @property
    def own_hit_frac(self) -> float:
        """Share of input tokens that self-hosted replicas find in their prefix cache; 0 with prefix caching off."""
        return self.workload.self_hit_frac if self.techniques.prefix_caching else 0.0

    @model_validator(mode="after")
    def _distinct(self) -> "Scenario":
        ids = [candidate.model for candidate in self.candidates]
        twice = next((id for id in ids if ids.count(id) > 1), None)
        if twice is not None:
            raise ValueError(f"{label('candidates')} lists '{twice}' twice; keep one")
        return self


@cache
def label(field: str) -> str:
    """Label on the screen of an input, as 'workload.peak_ratio' or 'candidates'."""
    return label_of(tuple(field.split(".")), Scenario)


def parse_scenario(value: Any, place: Callable[[KeyPath], str] = lambda _: "") -> Scenario:
    """A scenario from plain values. Raises DataError with the label, the value and what is allowed; `place` gives the
    words before each error, from the path of its keys."""
    try:
        return Scenario.model_validate(value)
    except ValidationError as error:
        raise data_error(error, Scenario, place) from None
