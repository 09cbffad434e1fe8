"""Prices that a user types: what a seller charges for a model, and a GPU cloud for a machine."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Commitment, Id, Record

GpuPrice = Annotated[float, Field(gt=0, le=1_000)]
TokenPrice = Annotated[float, Field(gt=0, le=100_000)]
OptionalTokenPrice = Annotated[float, Field(ge=0, le=100_000)] | None


class OwnApiPrice(Record):
    """What one model costs you, in USD per million tokens. It binds: list prices and discounts of it are not used."""

    provider: Annotated[str, Field(min_length=1, max_length=100)] = Field(title="Seller")
    model: Annotated[str, Field(min_length=1, max_length=200)] = Field(title="Model at the seller")
    is_new_seller: bool = Field(False, title="Seller is not in the data")
    input_usd_per_mtok: TokenPrice = Field(title="Input (USD per million tokens)")
    output_usd_per_mtok: TokenPrice = Field(title="Output (USD per million tokens)")
    cache_read_usd_per_mtok: OptionalTokenPrice = Field(None, title="Cached input (USD per million tokens)")
    cache_write_usd_per_mtok: OptionalTokenPrice = Field(None, title="Cache writes (USD per million tokens)")
    batch_input_usd_per_mtok: OptionalTokenPrice = Field(None, title="Batch input (USD per million tokens)")
    batch_output_usd_per_mtok: OptionalTokenPrice = Field(None, title="Batch output (USD per million tokens)")
    source: Annotated[str, Field(max_length=160)] = Field("typed", title="Source of your price")


class OwnRent(Record):
    """What one machine costs you. It binds: the provider's list prices of that GPU and term are not used."""

    provider: Annotated[str, Field(min_length=1, max_length=100)] = Field(title="Provider")
    is_new_provider: bool = Field(False, title="Provider is not in the data")
    gpu: Id = Field(title="GPU")
    gpus_per_machine: Annotated[int, Field(ge=1, le=144)] = Field(8, title="GPUs per machine")
    commitment: Commitment = Field("on_demand", title="Commitment term")
    region: Annotated[str, Field(max_length=60)] | None = Field(None, title="Region")
    usd_per_gpu_h: GpuPrice | None = Field(None, title="Rent (USD/GPU-hour)")
    usd_per_machine_h: Annotated[float, Field(gt=0, le=200_000)] | None = Field(None, title="Rent (USD/machine-hour)")
    source: Annotated[str, Field(max_length=160)] = Field("typed", title="Source of your price")

    @model_validator(mode="after")
    def _one_price(self) -> "OwnRent":
        if (self.usd_per_gpu_h is None) == (self.usd_per_machine_h is None):
            fields = OwnRent.model_fields
            raise ValueError(f"give either {fields['usd_per_gpu_h'].title} or {fields['usd_per_machine_h'].title}")
        return self

    @property
    def rent_usd_per_gpu_h(self) -> float:
        """Rent of one GPU for an hour, however it was given."""
        return self.usd_per_gpu_h or (self.usd_per_machine_h or 0.0) / self.gpus_per_machine


class ExistingGpus(Record):
    """GPUs that you already have, reserved or bought: what they cost, and until when they are paid for."""

    gpu: Id = Field(title="GPU")
    gpus_count: Annotated[int, Field(ge=1, le=10_000)] = Field(title="GPUs")
    gpus_per_machine: Annotated[int, Field(ge=1, le=144)] = Field(8, title="GPUs per machine")
    usd_per_gpu_h: Annotated[float, Field(ge=0, le=1_000)] = Field(title="Cost (USD/GPU-hour)")
    """Of a reservation its price, of servers of your own what running them costs."""
    paid_until: date | None = Field(None, title="Paid until")
    """The end of the reservation; from then on it costs the same price again. None: they are your own."""

    @model_validator(mode="after")
    def _whole_machines(self) -> "ExistingGpus":
        if self.gpus_count % self.gpus_per_machine:
            fields = ExistingGpus.model_fields
            raise ValueError(
                f"{fields['gpus_count'].title} is {self.gpus_count}, which is no whole number of machines of "
                f"{self.gpus_per_machine}; correct either"
            )
        return self
