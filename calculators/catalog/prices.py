"""Records of pricing_data: token prices, GPU rents, providers' cache and batch rules, rules of thumb for ownership."""

from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import (
    Commitment,
    Fraction,
    Id,
    NotNegative,
    Positive,
    PositiveCount,
    Range,
    Record,
    ShortText,
    Source,
    Sourced,
    SourcedFile,
)

# --- pricing_data/api/*.yaml -------------------------------------------------------------------------------------


class TokenPrices(Record):
    """Prices of the kinds of token. None: not published."""

    input_usd_per_mtok: NotNegative
    output_usd_per_mtok: NotNegative
    cache_read_usd_per_mtok: NotNegative | None = None
    cache_write_usd_per_mtok: NotNegative | None = None
    batch_input_usd_per_mtok: NotNegative | None = None
    batch_output_usd_per_mtok: NotNegative | None = None
    batch_cache_read_usd_per_mtok: NotNegative | None = None
    batch_cache_write_usd_per_mtok: NotNegative | None = None


class LengthTier(TokenPrices):
    """Prices of requests whose input exceeds a threshold: they hold for every token of the request."""

    above_input_tok: PositiveCount


class ApiPrice(Sourced, TokenPrices):
    """Price of one model from a day on (inclusive), until the next entry."""

    valid_from: date
    tiers: tuple[LengthTier, ...] = ()
    """Shortest first."""

    @model_validator(mode="after")
    def _tiers_ascend(self) -> "ApiPrice":
        thresholds = [tier.above_input_tok for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("tiers: above_input_tok must ascend, no threshold twice")
        return self


class ApiModel(Record):
    """Dated prices of one model at one provider."""

    id: str
    prices: tuple[ApiPrice, ...] = Field(min_length=1)
    context_tok: PositiveCount | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _dates_ascend(self) -> "ApiModel":
        days = [price.valid_from for price in self.prices]
        if days != sorted(set(days)):
            raise ValueError("prices: valid_from must ascend, newest last, no day twice")
        return self


class ApiProvider(SourcedFile):
    """Models of an API provider that genai-prices does not list, or whose price changed since its snapshot."""

    provider: Id
    name: str
    models: tuple[ApiModel, ...] = Field(min_length=1)


class LibraryCorrection(ApiPrice):
    """The right price of a model that genai-prices has wrong, and why."""

    provider: str
    model: str
    note: str


class LibraryCorrections(SourcedFile):
    """The installed version of genai-prices, and prices that take the place of its own."""

    library: Source
    """Its title is name and version as installed; accessed: the day of its release, on which its prices are known to have held."""
    prices: tuple[LibraryCorrection, ...]


# --- pricing_data/gpu_rents/*.yaml -------------------------------------------------------------------------------


class Rent(Sourced):
    """Price of one machine type. A provider rents out whole instances only."""

    gpu: Id
    instance: str | None
    gpus_per_instance: PositiveCount
    region: str | None
    commitment: Commitment
    usd_per_gpu_h: Positive
    seen: date
    """The day the price was seen."""
    note: str | None = None


class RentProvider(SourcedFile):
    """A GPU cloud, or (`index: true`) a published market index, which is shown but never booked."""

    provider: Id
    name: str
    index: bool = False
    marketplace: bool = False
    """Machines of third parties, rented through a broker; included only where the user asks for it."""
    rents: tuple[Rent, ...] = Field(min_length=1)


# --- pricing_data/*.yaml -----------------------------------------------------------------------------------------


class CacheVariant(Sourced):
    """Cache rule of some models, in place of the provider's general rule. None: not published."""

    models: tuple[str, ...] = Field(min_length=1)
    """Patterns of ids with `*`; the first variant that matches applies."""
    min_tok: PositiveCount | None
    ttl_s: PositiveCount | None
    step_tok: PositiveCount | None
    breakpoints_count: PositiveCount | None = None
    """Most cache breakpoints that a request may set, where prefixes are cached only up to such marks."""


class CacheLifetime(Sourced):
    """A longer cache lifetime (TTL) that some models offer at a price."""

    models: tuple[str, ...] = Field(min_length=1)
    ttl_s: PositiveCount
    write_ratio: Annotated[float, Field(ge=0, le=10)]
    """Price of a write over plain input."""
    note: str | None = None


class ProviderRule(Sourced):
    """Prompt-cache and batch rules of a provider. None: not published, ask the vendor."""

    provider: Id
    cache_min_tok: PositiveCount | None
    cache_ttl_s: PositiveCount | None
    cache_step_tok: PositiveCount | None = None
    """Block size: prefixes are cached in whole multiples of it."""
    cache_by_model: tuple[CacheVariant, ...] = ()
    cache_lifetimes: tuple[CacheLifetime, ...] = ()
    batch_discount_frac: Fraction | None
    sla_uptime_frac: Fraction | None
    note: str | None = None


class SellerTerm(Sourced):
    """A condition of a seller's self-serve contract that may bind: a spend cap, prepayment, a rate limit."""

    provider: Id
    words: ShortText
    """A clause that follows the seller's name."""
    max_usd_per_month: Positive | None = None
    """The most that may be spent without a contract of one's own. None: no such cap is known."""


class CacheAssumed(Sourced):
    """Cache rules assumed where a provider publishes none; shown as assumed."""

    min_tok: PositiveCount
    ttl_s: PositiveCount
    step_tok: PositiveCount
    in_flight_frac: Fraction
    """Share of a self-hosted KV cache that active requests hold."""


class EngineCache(Sourced):
    """Block size of an engine's prefix cache."""

    engine: Id
    name: str
    block_tok: PositiveCount
    note: str | None = None


class ProviderRules(SourcedFile):
    """Cache and batch rules of providers, terms of sellers, what is assumed where they publish none, and cache blocks of engines."""

    rules: tuple[ProviderRule, ...]
    terms: tuple[SellerTerm, ...] = ()
    """Known terms that change what can be bought; those of a seller that is not there are not known."""
    assumed: CacheAssumed
    engines: tuple[EngineCache, ...] = Field(min_length=1)


class Server(Sourced):
    """The smallest machine that can be bought with a GPU: a server, or a rack."""

    gpus_count: PositiveCount
    name: str


class Ownership(SourcedFile):
    """Rules of thumb for every cost of self-hosting besides GPU rent."""

    engineer_usd_per_year: Range = Field(title="Engineer cost")
    self_host_fte: Range = Field(title="Staffing, self-hosted")
    role_usd_per_year: dict[str, Range] = Field(title="Loaded cost", min_length=1)
    """By the usual roles of a team that runs a fleet."""
    on_call_people: Range = Field(title="People on call around the clock")
    on_call_uptime_frac: Range = Field(title="Availability that needs people on call")
    hosted_open_fte: Range = Field(title="Staffing, hosted open model")
    platform_usd_per_month: Range = Field(title="Platform tooling")
    migration_weeks: Range = Field(title="Migration to self-hosting")
    hosted_open_migration_weeks: Range = Field(title="Evaluation and migration to a hosted open model")
    egress_usd_per_gb: Range = Field(title="Network egress")
    storage_usd_per_gb_month: Range = Field(title="Storage")
    colocation_usd_per_kw_month: Range = Field(title="Colocation")
    electricity_usd_per_kwh: Range = Field(title="Electricity")
    pue_ratio: Range = Field(title="Power usage effectiveness (PUE)")
    depreciation_years: Range = Field(title="Depreciation period")
    residual_frac_by_year: dict[int, Range] = Field(title="Residual value", min_length=1)
    """By years since the purchase: what a server then sells for, as a fraction of its price."""
    network_and_spares_frac: Range = Field(title="Network and spare parts")
    server_power_kw_per_gpu: dict[Id, Range] = Field(title="Server power per GPU")
    server_usd_per_gpu: dict[Id, Range] = Field(title="Server price per GPU")
    servers: dict[Id, Server] = Field(title="Servers")

    @model_validator(mode="after")
    def _residual_values_fall(self) -> "Ownership":
        years = sorted(self.residual_frac_by_year)
        if years[0] < 1 or any(
            self.residual_frac_by_year[later].central > self.residual_frac_by_year[earlier].central
            for earlier, later in pairwise(years)
        ):
            raise ValueError("residual_frac_by_year: needs years from 1 on, and a fraction that falls with them")
        return self

    @model_validator(mode="after")
    def _servers_have_a_size(self) -> "Ownership":
        if missing := sorted(set(self.server_usd_per_gpu) - set(self.servers)):
            raise ValueError(f"servers: no size for {', '.join(missing)}, whose price is in server_usd_per_gpu")
        return self
