"""What the user asks: one frozen Scenario holds every input, travels in the link, and is all that `evaluate` needs."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from calculators.catalog.base import Commitment, Confidence, Fraction, Id, Precision, Record
from calculators.errors import DataError

MAX_LISTED = 100  # entries in any list a scenario may hold
MAX_OWN_MEASUREMENTS = 32

Basis = Literal["measured", "bounded", "assumed", "typed"]
Gate = Literal["accepted", "assumed", "not_acceptable"]
GpuRent = Annotated[float, Field(gt=0, le=1_000)]


class LengthCell(Record):
    """A group of similar requests: its share of all requests and its mean lengths."""

    share_frac: Annotated[float, Field(gt=0, le=1)]
    input_tok: Annotated[float, Field(ge=0, le=1e7)]
    output_tok: Annotated[float, Field(ge=0, le=1e7)]


class Workload(Record):
    """Traffic of one product. Token counts are per request; input is the whole prompt, cached or not."""

    source: Annotated[str, Field(max_length=300)] = "typed"
    """Where it came from: 'typed', 'preset:<id>' or 'log:<file name>'."""
    requests_per_month: Annotated[float, Field(ge=1, le=1e12)]
    requests_basis: Basis = "typed"
    input_tok: Annotated[float, Field(ge=1, le=1e7)]
    output_tok: Annotated[float, Field(ge=1, le=1e6)]
    input_p95_tok: Annotated[float, Field(ge=1, le=1e7)]
    output_p95_tok: Annotated[float, Field(ge=1, le=1e6)]
    lengths_basis: Basis = "typed"
    cells: tuple[LengthCell, ...] = Field(default=(), max_length=64)
    """Joint length distribution from a log; empty: derived from mean and 95th percentile."""
    cached_frac: Fraction = 0.0
    """Share of input tokens the API bills as cache reads today."""
    cached_basis: Basis = "typed"
    cache_write_frac: Fraction = 0.0
    """Share of input tokens billed as cache writes today."""
    cacheable_frac: Fraction = 0.5
    """Share of input tokens a well-ordered prompt could read from a cache."""
    self_hit_frac: Fraction = 0.25
    """Share of input tokens your own servers would find cached: fewer than an API finds, for capacity and routing."""
    deferrable_frac: Fraction = 0.0
    """Share of requests that may wait up to 24 h (batch)."""
    peak_ratio: Annotated[float, Field(ge=1, le=10_000)] = 4.0
    """Busiest sizing window over the mean of the active hours."""
    peak_basis: Basis = "typed"
    active_h_per_month: Annotated[float, Field(ge=1, le=730)] = 730.0
    growth_per_month_frac: Annotated[float, Field(ge=-0.5, le=1.0)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> "Workload":
        if self.cached_frac + self.cache_write_frac > 1 + 1e-9:
            raise ValueError("cached_frac and cache_write_frac together exceed all input; lower one of them")
        if self.cells and abs(sum(cell.share_frac for cell in self.cells) - 1) > 1e-3:
            raise ValueError("cells: the shares must add up to 1")
        for name in ("input_tok", "output_tok") if self.cells else ():
            mean = sum(cell.share_frac * getattr(cell, name) for cell in self.cells)
            if abs(mean / getattr(self, name) - 1) > 0.01:
                raise ValueError(f"cells: their mean {name}, {mean:.6g}, is not the workload's {name}; correct either")
        return self


class Targets(Record):
    """Latency the product needs at its peak. None: no target."""

    ttft_p95_ms: Annotated[float, Field(ge=1, le=600_000)] | None = 2_000.0
    tpot_ms: Annotated[float, Field(ge=0.1, le=10_000)] | None = 50.0


class Api(Record):
    """The API paid for today."""

    provider: Annotated[str, Field(max_length=100)] = "openai"
    model: Annotated[str, Field(max_length=200)] = "gpt-5.4"
    discount_frac: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    """Negotiated off the list price: the user's own figure."""
    hosted_sellers: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_LISTED)] = ()
    """Who may sell an open model by the token; empty: everybody known."""


class Candidate(Record):
    """An open model that may stand in for the closed one, and who says so."""

    model: Id
    gate: Gate = "assumed"


class OwnMeasurement(Record):
    """A benchmark of one's own server: the set-up, what was sent, and how fast it answered. None: not measured."""

    source: Annotated[str, Field(min_length=1, max_length=160)]
    """File the figures came from."""
    measured_on: date | None = None
    tool: Annotated[str, Field(max_length=60)] = ""
    engine: Annotated[str, Field(max_length=60)] = ""
    engine_version: Annotated[str, Field(max_length=60)] = ""
    model: Id
    gpu: Id
    precision: Precision
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] = 1
    """GPUs of the one replica that was measured."""
    input_tok: Annotated[float, Field(ge=1, le=1e7)]
    output_tok: Annotated[float, Field(ge=1, le=1e6)]
    arrival: Literal["closed", "open"] = "closed"
    """closed: clients that each wait for their answer; open: requests that come on their own."""
    concurrency_count: Annotated[float, Field(gt=0, le=1e5)]
    """Clients of a closed loop; otherwise the requests that were decoding at once, on average."""
    request_rate_req_s: Annotated[float, Field(gt=0, le=1e6)] | None = None
    ttft_ms: Annotated[float, Field(gt=0, le=3.6e6)] | None = None
    tpot_ms: Annotated[float, Field(gt=0, le=1e5)] | None = None
    output_tok_s: Annotated[float, Field(gt=0, le=1e9)] | None = None

    @model_validator(mode="after")
    def _measured(self) -> "OwnMeasurement":
        if self.ttft_ms is None and self.tpot_ms is None and self.output_tok_s is None:
            raise ValueError("gives neither TTFT, TPOT nor output tokens a second; add one, or remove it")
        return self


class Hardware(Record):
    """What may be rented, and what the user knows better than the price tables."""

    gpus: Annotated[tuple[Id, ...], Field(max_length=MAX_LISTED)] = ()
    """Empty: every GPU somebody rents out."""
    rent_providers: Annotated[tuple[Id, ...], Field(max_length=MAX_LISTED)] = ()
    """Empty: every provider."""
    commitments: Annotated[tuple[Commitment, ...], Field(max_length=MAX_LISTED)] = ("on_demand",)
    min_confidence: Confidence = "medium"
    max_rent_age_days: Annotated[int, Field(ge=1, le=10_000)] = 365
    """Listed rents seen longer ago than this are left out."""
    precisions: Annotated[tuple[Precision, ...], Field(max_length=MAX_LISTED)] = ("bf16", "fp8")
    """Besides the format a model was released in, which is always tried."""
    rent_usd_per_gpu_h: Annotated[dict[Id, GpuRent], Field(max_length=MAX_LISTED)] = Field(default_factory=dict)
    """Own quote for a GPU, rentable one by one: replaces the listed rents of that GPU."""
    include_marketplaces: bool = False
    include_owned: bool = False
    max_gpus: Annotated[int, Field(ge=1, le=10_000)] = 512
    throughput_factor: Annotated[float, Field(ge=0.01, le=10)] = 1.0
    """Own speed over the model's prediction, by hand; unless 1 it stands in place of `own_measurements`."""
    own_measurements: tuple[OwnMeasurement, ...] = Field(default=(), max_length=MAX_OWN_MEASUREMENTS)

    @model_validator(mode="after")
    def _distinct(self) -> "Hardware":
        for name in ("gpus", "rent_providers", "commitments", "precisions"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name}: a value is listed twice; keep one")
        return self


class Techniques(Record):
    """How an own fleet serves: which of the six techniques it uses. Continuous batching is always on."""

    batch_cap: Annotated[int, Field(ge=1, le=1_024)] = 256
    """Requests decoding at once on a replica, at most; 1: no batching."""
    prefix_caching: bool = True
    quantization: bool = True
    """Whether formats coarser than the released one are tried: those of `hardware.precisions`."""
    kv_cache: Literal["bf16", "fp8"] = "bf16"
    parallelism: bool = True
    """Whether a replica may be split over GPUs; otherwise one GPU each."""
    expert_parallelism: bool = False
    """Whether each GPU of a replica holds whole experts of its own; otherwise a slice of every expert."""
    speculation: bool = False
    draft_tok: Annotated[int, Field(ge=1, le=8)] = 3
    """Tokens drafted for each pass of the model."""
    acceptance_frac: Annotated[float, Field(ge=0.01, le=0.99)] | None = None
    """Share of drafted tokens that the model accepts. None: published for the model, or assumed."""
    disaggregation: bool = False
    """Whether prefill and decode run on pools of their own."""


class Operations(Record):
    """How the fleet is run, and what it costs besides rent. None: the rule of thumb in pricing_data/ownership.yaml."""

    spare_replicas: Annotated[int, Field(ge=0, le=20)] = 1
    self_host_fte: Annotated[float, Field(ge=0, le=1_000)] | None = None
    engineer_usd_per_year: Annotated[float, Field(ge=0, le=1e7)] | None = None
    platform_usd_per_month: Annotated[float, Field(ge=0, le=1e7)] | None = None
    migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = None
    hosted_fte: Annotated[float, Field(ge=0, le=1_000)] | None = None
    """Engineers who look after a hosted open model, beside what today's API takes."""
    hosted_migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = None
    horizon_months: Annotated[int, Field(ge=1, le=120)] = 12
    regions: Annotated[int, Field(ge=1, le=4)] | None = None
    """Regions that each hold the whole fleet. None: two where the needed availability is beyond one region, else one."""


class Compliance(Record):
    """What the product must keep to: ids of pricing_data/compliance/requirements.yaml."""

    requirements: Annotated[tuple[Id, ...], Field(max_length=MAX_LISTED)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "Compliance":
        if len(set(self.requirements)) != len(self.requirements):
            raise ValueError("requirements: one is listed twice; keep one")
        return self


class Evidence(Record):
    """What was measured at today's API, what the product needs of it, and what else is known. None: not known."""

    api_ttft_p95_ms: Annotated[float, Field(ge=0.1, le=3.6e6)] | None = None
    api_tpot_p95_ms: Annotated[float, Field(ge=0.01, le=1e5)] | None = None
    api_latency_source: Annotated[str, Field(max_length=160)] = "typed"
    api_uptime_frac: Annotated[float, Field(ge=0.0001, le=1)] | None = None
    """Share of requests, or of time, that the API answered, as seen by the user."""
    needed_uptime_frac: Annotated[float, Field(ge=0.0001, le=0.99999)] | None = None
    api_limit_tok_per_minute: Annotated[float, Field(ge=1, le=1e12)] | None = None
    """Tokens a minute that the account may use."""
    value_usd_per_request: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """What a request earns or saves the product."""
    interface_settled: bool | None = None
    """Whether prompts and output format no longer change every week."""
    own_weights: bool | None = None
    chained_models: bool | None = None
    """Whether a request runs through several models."""


class Scenario(Record):
    """Everything a verdict depends on, except the catalog."""

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(max_length=120)] = "Our workload"
    as_of: Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))]
    workload: Workload
    targets: Targets = Targets()
    api: Api = Api()
    candidates: tuple[Candidate, ...] = Field(min_length=1, max_length=100)
    hardware: Hardware = Hardware()
    techniques: Techniques = Techniques()
    operations: Operations = Operations()
    compliance: Compliance = Compliance()
    evidence: Evidence = Evidence()

    @model_validator(mode="after")
    def _distinct(self) -> "Scenario":
        ids = [candidate.model for candidate in self.candidates]
        if len(set(ids)) != len(ids):
            raise ValueError("candidates: a model is listed twice; keep one")
        return self


def parse_scenario(value: Any) -> Scenario:
    """A scenario from plain values. Raises DataError naming the field, the value and what is allowed."""
    try:
        return Scenario.model_validate(value)
    except ValidationError as error:
        raise DataError("; ".join(explain(problem) for problem in error.errors()[:3])) from None


def parse_measurement(value: Any) -> OwnMeasurement:
    """An own measurement from plain values. Raises DataError naming the field, the value and what is allowed."""
    try:
        return OwnMeasurement.model_validate(value)
    except ValidationError as error:
        raise DataError("; ".join(explain(problem) for problem in error.errors()[:3])) from None


def explain(problem: Any) -> str:
    """One pydantic error as a sentence: field: what is allowed (got value)."""
    field = ".".join(str(part) for part in problem["loc"]) or "scenario"
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = problem.get("input")
    if given is None and problem["type"] in ("float_type", "int_type"):
        return f"{field}: is empty; enter a number"
    shown = f" (got {str(given)[:40]!r})" if not isinstance(given, dict | list | tuple) and given is not None else ""
    return f"{field}: {message}{shown}"
