"""A benchmark of the user's own server, as it travels in a scenario."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from calculators.catalog.base import Id, Precision, Record
from calculators.errors import data_error


class OwnMeasurement(Record):
    """A benchmark of the user's own server: the configuration, what was sent, and how fast it answered. None: not
    measured."""

    source: Annotated[str, Field(min_length=1, max_length=160)] = Field(title="Benchmark file")
    measured_on: date | None = Field(None, title="Date of the benchmark")
    tool: Annotated[str, Field(max_length=60)] = Field("", title="Benchmark tool")
    engine: Annotated[str, Field(max_length=60)] = Field("", title="Engine")
    engine_version: Annotated[str, Field(max_length=60)] = Field("", title="Engine version")
    model: Id = Field(title="Model")
    gpu: Id = Field(title="GPU")
    precision: Precision = Field(title="Weight precision")
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] = Field(1, title="GPUs per replica")
    input_tok: Annotated[float, Field(ge=1, le=1e7)] = Field(title="Input tokens, mean")
    output_tok: Annotated[float, Field(ge=1, le=1e6)] = Field(title="Output tokens, mean")
    arrival: Literal["closed", "open"] = Field("closed", title="Arrival of requests")
    """closed: clients that each wait for their answer; open: requests that arrive independently."""
    concurrency_count: Annotated[float, Field(gt=0, le=1e5)] = Field(title="Concurrency")
    """Clients of a closed loop; otherwise the mean number of requests in decode."""
    request_rate_req_s: Annotated[float, Field(gt=0, le=1e6)] | None = Field(None, title="Requests per second")
    ttft_ms: Annotated[float, Field(gt=0, le=3.6e6)] | None = Field(None, title="TTFT, mean (ms)")
    tpot_ms: Annotated[float, Field(gt=0, le=1e5)] | None = Field(None, title="TPOT, mean (ms)")
    output_tok_s: Annotated[float, Field(gt=0, le=1e9)] | None = Field(None, title="Output throughput (tok/s)")

    @model_validator(mode="after")
    def _measured(self) -> "OwnMeasurement":
        if self.ttft_ms is None and self.tpot_ms is None and self.output_tok_s is None:
            raise ValueError("it has neither TTFT, TPOT nor output throughput; add one, or remove the benchmark")
        return self


def parse_measurement(value: Any) -> OwnMeasurement:
    """A benchmark of the user from plain values. Raises DataError with the label, the value and what is allowed."""
    try:
        return OwnMeasurement.model_validate(value)
    except ValidationError as error:
        raise data_error(error, OwnMeasurement) from None
