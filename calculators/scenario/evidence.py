"""What was measured at today's API, and what the product requires, as the user states it."""

from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Id, Record

MAX_REQUIREMENTS = 100


class Evidence(Record):
    """What was measured at today's API, what the product requires of it, and what else is known. None: not known."""

    api_ttft_p95_ms: Annotated[float, Field(ge=0.1, le=3.6e6)] | None = Field(None, title="Measured API TTFT, p95 (ms)")
    api_tpot_p95_ms: Annotated[float, Field(ge=0.01, le=1e5)] | None = Field(None, title="Measured API TPOT, p95 (ms)")
    api_latency_source: Annotated[str, Field(max_length=160)] = Field("typed", title="Source of the API latency")
    api_uptime_frac: Annotated[float, Field(ge=0.0001, le=1)] | None = Field(
        None, title="Measured API availability (fraction)"
    )
    """Share of requests, or of time, that the API answered."""
    needed_uptime_frac: Annotated[float, Field(ge=0.0001, le=0.99999)] | None = Field(
        None, title="Required availability"
    )
    api_limit_tok_per_minute: Annotated[float, Field(ge=1, le=1e12)] | None = Field(
        None, title="API rate limit (tokens/minute)"
    )
    value_usd_per_request: Annotated[float, Field(ge=0, le=1e6)] | None = Field(None, title="Value per request (USD)")
    """What a request earns or saves the product."""
    interface_settled: bool | None = Field(None, title="Prompts and output format are stable")
    own_weights: bool | None = Field(None, title="The model is your own (fine-tuned or trained)")
    chained_models: bool | None = Field(None, title="A request runs through several models")


class Compliance(Record):
    """Compliance requirements: ids of pricing_data/compliance/requirements.yaml."""

    requirements: Annotated[tuple[Id, ...], Field(max_length=MAX_REQUIREMENTS)] = Field(
        (), title="Compliance requirements"
    )

    @model_validator(mode="after")
    def _distinct(self) -> "Compliance":
        twice = next((id for id in self.requirements if self.requirements.count(id) > 1), None)
        if twice is not None:
            raise ValueError(f"{Compliance.model_fields['requirements'].title} lists '{twice}' twice; keep one")
        return self
