"""A benchmark of the user's own server, as it travels in a scenario."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from calculators.catalog.base import Id, Precision, Record
from calculators.errors import data_error
from calculators.units import count, significant

Load = Literal["clients", "rate", "full"]
"""What was sent: so many clients that each wait for their answer; requests that arrive independently at a rate; or as much
as the server carries."""
_AGREE_RATIO = 1.1
"""How far two figures of one throughput may lie apart."""
_CROWDED_RATIO = 1.5
"""By how much throughput may exceed what so many requests yield at the TPOT: means over requests and over tokens differ."""


class OwnMeasurement(Record):
    """A benchmark of the user's own server: the configuration, what was sent, and how fast it answered. None: not
    measured."""

    source: Annotated[str, Field(max_length=160)] = Field("", title="Benchmark file")
    """Empty: typed by the user."""
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
    """closed: clients that each wait for their answer; open: requests that arrive independently. Without a concurrency and
    without a rate: as much as the server carries."""
    concurrency_count: Annotated[float, Field(gt=0, le=1e5)] | None = Field(None, title="Concurrency")
    """Clients of a closed loop; otherwise the mean number of requests in decode."""
    request_rate_req_s: Annotated[float, Field(gt=0, le=1e6)] | None = Field(None, title="Requests per second, sent")
    ttft_ms: Annotated[float, Field(gt=0, le=3.6e6)] | None = Field(None, title="TTFT, mean (ms)")
    tpot_ms: Annotated[float, Field(gt=0, le=1e5)] | None = Field(None, title="TPOT, mean (ms)")
    output_tok_s: Annotated[float, Field(gt=0, le=1e9)] | None = Field(None, title="Output throughput (tok/s)")
    """Of the whole replica."""
    output_tok_s_per_gpu: Annotated[float, Field(gt=0, le=1e9)] | None = Field(
        None, title="Output throughput per GPU (tok/s)"
    )
    served_req_s: Annotated[float, Field(gt=0, le=1e6)] | None = Field(None, title="Requests per second, answered")

    @property
    def load(self) -> Load:
        """What was sent."""
        if self.arrival == "closed" and self.concurrency_count is not None:
            return "clients"
        return "full" if self.request_rate_req_s is None else "rate"

    @property
    def is_typed(self) -> bool:
        """Whether the user typed the figures, instead of uploading a load generator's file."""
        return not self.source

    @property
    def name(self) -> str:
        """The file, or that the figures are the user's."""
        return self.source or "your typed figures"

    @property
    def tok_s(self) -> float | None:
        """Output tokens per second of the whole replica, from whichever figure of throughput there is."""
        figures = self._throughputs
        return figures[0][1] if figures else None

    @property
    def _throughputs(self) -> list[tuple[str, float]]:
        """Label and output tok/s of the replica, of each figure of throughput."""
        scales = {
            "output_tok_s": 1.0,
            "output_tok_s_per_gpu": float(self.tensor_parallel),
            "served_req_s": self.output_tok,
        }
        given = ((name, getattr(self, name)) for name in scales)
        return [(_title(name), value * scales[name]) for name, value in given if value is not None]

    @model_validator(mode="after")
    def _measured(self) -> "OwnMeasurement":
        if self.ttft_ms is None and self.tpot_ms is None and self.tok_s is None:
            raise ValueError(
                "it has neither TTFT, TPOT nor output throughput (or requests per second answered); add one, or remove the "
                "benchmark"
            )
        return self

    @model_validator(mode="after")
    def _at_a_load(self) -> "OwnMeasurement":
        if self.concurrency_count is None and self.request_rate_req_s is None:
            for name in ("tpot_ms", "ttft_ms"):
                if (value := getattr(self, name)) is not None:
                    raise ValueError(
                        f"{_title(name)} is {significant(value)}, but the load is not stated; enter Concurrency, or "
                        "Requests per second, sent"
                    )
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "OwnMeasurement":
        first, *others = self._throughputs or [("", 0.0)]
        for label, value in others:
            if not 1 / _AGREE_RATIO <= value / first[1] <= _AGREE_RATIO:
                raise ValueError(
                    f"{first[0]} means {count(first[1])} output tok/s of the replica, {label} {count(value)}; correct one, "
                    "or leave one empty"
                )
        if first[0] and self.load == "clients" and self.tpot_ms and self.concurrency_count:
            most = self.concurrency_count * 1e3 / self.tpot_ms
            if first[1] > _CROWDED_RATIO * most:
                raise ValueError(
                    f"{first[0]} is {count(first[1])} output tok/s, but {count(self.concurrency_count)} requests at a TPOT of "
                    f"{significant(self.tpot_ms)} ms yield at most {count(most)}; correct Concurrency, TPOT or the throughput"
                )
        return self


def _title(name: str) -> str:
    return str(OwnMeasurement.model_fields[name].title)


def parse_measurement(value: Any) -> OwnMeasurement:
    """A benchmark of the user from plain values. Raises DataError with the label, the value and what is allowed."""
    try:
        return OwnMeasurement.model_validate(value)
    except ValidationError as error:
        raise data_error(error, OwnMeasurement) from None
