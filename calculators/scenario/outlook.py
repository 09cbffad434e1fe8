"""What the user expects of the months of the plan: steps in volume, changes of prices, money, hiring, delivery. None: the
expectation of pricing_data/outlook.yaml."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Record

MAX_STEPS = 24
ChangePerYear = Annotated[float, Field(ge=-0.95, le=3)]
Weeks = Annotated[float, Field(ge=0, le=156)]


class VolumeStep(Record):
    """A step in volume besides steady growth: a launch, a market, a customer that leaves."""

    from_day: Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))] = Field(title="From")
    ratio: Annotated[float, Field(ge=0.01, le=1_000)] = Field(title="Volume over before")
    """1.5: half as much again from that day on."""


class Outlook(Record):
    """Expected changes over the horizon. Changes per year are fractions: -0.25 is a quarter cheaper each year."""

    volume_steps: Annotated[tuple[VolumeStep, ...], Field(max_length=MAX_STEPS)] = Field((), title="Steps in volume")
    api_price_change_per_year_frac: ChangePerYear | None = Field(None, title="API price change per year")
    """Of closed models, beside announced changes."""
    hosted_price_change_per_year_frac: ChangePerYear | None = Field(
        None, title="Hosted open-model price change per year"
    )
    rent_change_per_year_frac: ChangePerYear | None = Field(None, title="GPU rent change per year")
    """Of machines without a commitment, and of commitments when they are renewed."""
    server_price_change_per_year_frac: ChangePerYear | None = Field(None, title="Server price change per year")
    model_generations: bool = Field(False, title="Move to newer models")
    """Whether every option moves to newer models, which give the same quality for less."""
    discount_per_year_frac: Annotated[float, Field(ge=0, le=1)] | None = Field(None, title="Discount rate per year")
    hiring_weeks: Weeks | None = Field(None, title="Hiring before self-hosting starts (weeks)")
    """0: nobody has to be hired. None: 0 as well, but what is expected where a role is still to be hired."""
    ramp_up_weeks: Weeks | None = Field(None, title="Ramp-up of new hires (weeks)")
    """Paid, but no fleet serves yet; of roles that are still to be hired, as the next one."""
    hiring_cost_frac: Annotated[float, Field(ge=0, le=2)] | None = Field(
        None, title="Recruiting cost, of a year's loaded cost"
    )
    server_lead_weeks: Weeks | None = Field(None, title="Delivery of servers (weeks)")

    @model_validator(mode="after")
    def _distinct(self) -> "Outlook":
        days = [step.from_day for step in self.volume_steps]
        twice = next((day for day in days if days.count(day) > 1), None)
        if twice is not None:
            raise ValueError(f"{Outlook.model_fields['volume_steps'].title} lists {twice} twice; keep one")
        return self
