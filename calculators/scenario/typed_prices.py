"""Prices that a user types: what a seller charges for a model, and a GPU cloud for a machine."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Commitment, Id, Record

MAX_SERVERS = 40
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


class OwnServer(Record):
    """What a server with GPUs costs you to buy."""

    gpu: Id = Field(title="GPU")
    usd_per_server: Annotated[float, Field(gt=0, le=1e8)] = Field(title="Server price (USD)")
    gpus_per_server: Annotated[int, Field(ge=1, le=144)] = Field(8, title="GPUs per server")


Share = Annotated[float, Field(ge=0, le=1)]


class Purchase(Record):
    """What you know of a purchase better than the rules of thumb. None: the rule of thumb of pricing_data/ownership.yaml."""

    servers: Annotated[tuple[OwnServer, ...], Field(max_length=MAX_SERVERS)] = Field((), title="Your server prices")
    network_and_spares_frac: Share | None = Field(None, title="Network and spare parts (share of price)")
    installation_frac: Share | None = Field(None, title="Installation (share of price)")
    maintenance_frac_per_year: Share | None = Field(None, title="Maintenance (share of price per year)")
    colocation_usd_per_kw_month: Annotated[float, Field(ge=0, le=10_000)] | None = Field(
        None, title="Colocation with power (USD/kW/month)"
    )
    electricity_usd_per_kwh: Annotated[float, Field(ge=0, le=10)] | None = Field(
        None, title="Electricity in a room of your own (USD/kWh)"
    )
    """With it, space is your own, and power takes the place of colocation."""
    pue_ratio: Annotated[float, Field(ge=1, le=5)] | None = Field(None, title="PUE of that room")
    life_years: Annotated[float, Field(ge=1, le=10)] | None = Field(None, title="Useful life (years)")
    residual_3y_frac: Share | None = Field(None, title="Residual value after three years (share of price)")
    lease_frac_per_year: Share | None = Field(None, title="Interest of a lease per year")

    @model_validator(mode="after")
    def _one_space(self) -> "Purchase":
        if self.colocation_usd_per_kw_month is not None and self.electricity_usd_per_kwh is not None:
            fields = Purchase.model_fields
            both = f"{fields['colocation_usd_per_kw_month'].title} and {fields['electricity_usd_per_kwh'].title}"
            raise ValueError(f"{both} are both given; keep the one that you pay")
        gpus = [server.gpu for server in self.servers]
        twice = next((gpu for gpu in gpus if gpus.count(gpu) > 1), None)
        if twice is not None:
            raise ValueError(f"{Purchase.model_fields['servers'].title} lists '{twice}' twice; keep one")
        return self
