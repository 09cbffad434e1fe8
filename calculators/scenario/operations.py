"""How a fleet is operated, and what that costs besides GPUs, as the user states it."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from calculators.catalog.base import Record

MAX_ROLES = 8
Fte = Annotated[float, Field(ge=0, le=1_000)]


class StaffRole(Record):
    """One role of the team that runs a fleet."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] = Field(title="Role")
    fte: Annotated[float, Field(gt=0, le=1_000)] = Field(title="People (FTE)")
    hires_fte: Fte = Field(0.0, title="Of these, still to be hired (FTE)")
    usd_per_year: Annotated[float, Field(ge=0, le=1e7)] | None = Field(None, title="Loaded cost (USD/year)")
    """Of one person. None: the engineer cost."""

    @model_validator(mode="after")
    def _hires_are_part(self) -> "StaffRole":
        if self.hires_fte > self.fte:
            fields = StaffRole.model_fields
            raise ValueError(
                f"{fields['hires_fte'].title} is {self.hires_fte:g}, but {fields['fte'].title} is {self.fte:g}; lower the one "
                "or raise the other"
            )
        return self


class Operations(Record):
    """How the fleet is operated, and its cost besides GPUs. None: the rule of thumb in pricing_data/ownership.yaml."""

    spare_replicas: Annotated[int, Field(ge=0, le=20)] = Field(1, title="Spare replicas (N+1)")
    self_host_fte: Fte | None = Field(None, title="Staffing, self-hosted (engineers)")
    roles: Annotated[tuple[StaffRole, ...], Field(max_length=MAX_ROLES)] = Field((), title="Staffing by role")
    """Instead of `self_host_fte`."""
    engineer_usd_per_year: Annotated[float, Field(ge=0, le=1e7)] | None = Field(None, title="Engineer cost (USD/year)")
    platform_usd_per_month: Annotated[float, Field(ge=0, le=1e7)] | None = Field(
        None, title="Platform tooling (USD/month)"
    )
    migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Migration to self-hosting (engineer-weeks)"
    )
    hosted_fte: Fte | None = Field(None, title="Staffing, hosted open model (engineers)")
    """Besides what today's API takes."""
    hosted_migration_weeks: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        None, title="Migration to a hosted open model (engineer-weeks)"
    )
    horizon_months: Annotated[int, Field(ge=1, le=120)] = Field(12, title="Horizon (months)")
    regions: Annotated[int, Field(ge=1, le=4)] | None = Field(None, title="Regions")
    """Each holds the whole fleet. None: two where the required availability is beyond one region, else one."""

    @property
    def hires_fte(self) -> float:
        """People still to be hired, over all roles."""
        return sum(role.hires_fte for role in self.roles)

    @model_validator(mode="after")
    def _one_staffing(self) -> "Operations":
        fields, names = Operations.model_fields, [role.name for role in self.roles]
        if self.roles and self.self_host_fte is not None:
            both = f"{fields['self_host_fte'].title} and {fields['roles'].title}"
            raise ValueError(f"{both} are both given; keep one: the roles add up to the staffing")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{fields['roles'].title} lists '{twice}' twice; keep one")
        return self
