"""Hiring the people who run a fleet: when they are productive, and what they cost once until then. Only roles that the user says are
still to be hired count."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.fleet.operating_costs import ESTIMATE_BASIS, USER_BASIS, WEEKS_PER_YEAR, CostLine, range_of, role_pays
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import MONTHS_PER_YEAR, plural, significant, usd


@dataclass(frozen=True, slots=True)
class Hiring:
    """The people still to be hired, and what they cost once: a recruiting fee, and pay while they ramp up."""

    hires_fte: float
    pay_usd_per_year: float
    """Of all of them."""
    hiring_weeks: float
    """Until they start."""
    ramp_up_weeks: float
    """From then until they can run a fleet; they are paid."""
    recruiting_frac: float
    """Of a year's pay."""

    @property
    def pay_usd_per_month(self) -> float:
        """Pay of all of them in USD per month."""
        return self.pay_usd_per_year / MONTHS_PER_YEAR

    @property
    def recruiting_usd(self) -> float:
        """Fees in USD: pay per year x fraction of it."""
        return self.pay_usd_per_year * self.recruiting_frac

    @property
    def ramp_up_usd(self) -> float:
        """Pay in USD before a fleet serves: pay per year x weeks / 52."""
        return self.pay_usd_per_year * self.ramp_up_weeks / WEEKS_PER_YEAR

    @property
    def usd(self) -> float:
        """Both, in USD."""
        return self.recruiting_usd + self.ramp_up_usd


def hiring_of(inputs: Inputs) -> Hiring | None:
    """What hiring costs in the central case; None where no role is still to be hired."""
    cases = _cases(inputs)
    return cases[1] if cases else None


def ready_weeks(scenario: Scenario, catalog: Catalog) -> float:
    """Weeks until people can run a fleet: hired, and ramped up where a role is still to be hired."""
    outlook, rules = scenario.outlook, catalog.outlook
    if not scenario.operations.hires_fte:
        return outlook.hiring_weeks or 0.0
    waits = (outlook.hiring_weeks, rules.hiring_weeks), (outlook.ramp_up_weeks, rules.ramp_up_weeks)
    return sum(range_of(typed, rule)[1] for typed, rule in waits)


def hiring_lines(inputs: Inputs) -> tuple[CostLine, ...]:
    """The cost line of hiring, spread over the horizon as the migration is; none where no role is still to be hired."""
    cases, outlook, rules = _cases(inputs), inputs.scenario.outlook, inputs.catalog.outlook
    if not cases:
        return ()
    months, hiring = inputs.scenario.operations.horizon_months, cases[1]
    low, central, high = (case.usd / months for case in cases)
    is_typed = outlook.hiring_cost_frac is not None and outlook.ramp_up_weeks is not None
    note = (
        f"{significant(hiring.hires_fte)} FTE to hire: {usd(hiring.recruiting_usd)} of recruiting and {usd(hiring.ramp_up_usd)} of pay in "
        f"{plural(hiring.ramp_up_weeks, 'week')} of ramp-up, spread over {plural(months, 'month')}"
    )
    return (
        CostLine(
            kind="hiring",
            usd_per_month=central,
            low_usd_per_month=low,
            high_usd_per_month=high,
            basis=USER_BASIS if is_typed else ESTIMATE_BASIS,
            source=rules.sources[rules.hiring_cost_frac.source],
            note=note,
        ),
    )


def _cases(inputs: Inputs) -> tuple[Hiring, ...]:
    """The low, central and high case; none where no role is still to be hired."""
    operations, outlook, rules = inputs.scenario.operations, inputs.scenario.outlook, inputs.catalog.outlook
    if not operations.hires_fte:
        return ()
    pays = role_pays(operations, inputs.catalog.ownership)
    return tuple(
        Hiring(
            operations.hires_fte,
            sum(role.hires_fte * pay for role, pay in zip(operations.roles, each, strict=True)),
            *rest,
        )
        for each, *rest in zip(
            zip(*pays, strict=True),
            range_of(outlook.hiring_weeks, rules.hiring_weeks),
            range_of(outlook.ramp_up_weeks, rules.ramp_up_weeks),
            range_of(outlook.hiring_cost_frac, rules.hiring_cost_frac),
            strict=True,
        )
    )
