"""How a fleet is operated, and what that costs besides GPUs, as the user states it."""

from typing import Annotated

from pydantic import Field

from calculators.catalog.base import Record


class Operations(Record):
    """How the fleet is operated, and its cost besides GPUs. None: the rule of thumb in pricing_data/ownership.yaml."""

    spare_replicas: Annotated[int, Field(ge=0, le=20)] = Field(1, title="Spare replicas (N+1)")
    self_host_fte: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Staffing, self-hosted (engineers)"
    )
    engineer_usd_per_year: Annotated[float, Field(ge=0, le=1e7)] | None = Field(None, title="Engineer cost (USD/year)")
    platform_usd_per_month: Annotated[float, Field(ge=0, le=1e7)] | None = Field(
        None, title="Platform tooling (USD/month)"
    )
    migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Migration to self-hosting (engineer-weeks)"
    )
    hosted_fte: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Staffing, hosted open model (engineers)"
    )
    """Besides what today's API takes."""
    hosted_migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Migration to a hosted open model (engineer-weeks)"
    )
    horizon_months: Annotated[int, Field(ge=1, le=120)] = Field(12, title="Horizon (months)")
    regions: Annotated[int, Field(ge=1, le=4)] | None = Field(None, title="Regions")
    """Each holds the whole fleet. None: two where the required availability is beyond one region, else one."""
