"""Record of pricing_data/outlook.yaml: what prices, hardware, hiring and money are expected to do over the months of a plan."""

from pydantic import Field

from calculators.catalog.base import Range, SourcedFile


class OutlookRules(SourcedFile):
    """Expected changes and times, each with the range that was seen. Ratios per year are next year's price over this year's."""

    api_price_ratio_per_year: Range = Field(title="API price a year later")
    hosted_price_ratio_per_year: Range = Field(title="Price of a hosted open model a year later")
    rent_ratio_per_year: Range = Field(title="GPU rent a year later")
    server_price_ratio_per_year: Range = Field(title="Server price a year later")
    api_generation_ratio_per_year: Range = Field(title="API price of the same quality a year later")
    own_generation_ratio_per_year: Range = Field(title="Compute for the same quality a year later")
    generation_months: Range = Field(title="Months between moves to a newer model")
    discount_frac_per_year: Range = Field(title="Discount rate")
    lease_frac_per_year: Range = Field(title="Interest of a lease")
    maintenance_frac_per_year: Range = Field(title="Server maintenance")
    installation_frac: Range = Field(title="Installation")
    server_lead_weeks: Range = Field(title="Delivery of servers")
    hiring_weeks: Range = Field(title="Hiring")
    ramp_up_weeks: Range = Field(title="Ramp-up of a hire")
    hiring_cost_frac: Range = Field(title="Recruiting cost")
    spot_interruptions_per_h: Range = Field(title="Spot interruptions")
    cold_start_s: Range = Field(title="Cold start")
