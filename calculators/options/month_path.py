"""What changes from month to month of the horizon: volume, API prices of their own date, expected drift, rents, generations of
models."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from calculators.api.bill import paying, todays_list_bill, todays_parts
from calculators.api.rates import scheduled_changes
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option
from calculators.options.shortlist import priced_buys
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import DAYS_PER_MONTH, MONTHS_PER_YEAR, signed_percent


@dataclass(frozen=True, slots=True)
class MonthPath:
    """Ratios to today's value in each month of the horizon; one month where nothing changes."""

    volume_ratio: Array
    """(h,)"""
    bill_ratio: Array
    """(b, h) price of a request at each API option."""
    machine_ratio: Array
    """(s, h) price of a machine of each staircase."""
    held_usd: Array
    """(s, h) cost of a machine that the user already has, in USD a month; 0 where there is none."""
    need_ratio: Array
    """(h,) machines that a request needs: newer models of the same quality need fewer."""

    @property
    def months(self) -> int:
        """Months told apart."""
        return self.volume_ratio.size

    def today(self) -> "MonthPath":
        """The first month alone."""
        return MonthPath(
            self.volume_ratio[:1],
            self.bill_ratio[:, :1],
            self.machine_ratio[:, :1],
            self.held_usd[:, :1],
            self.need_ratio[:1],
        )


def month_path(buys: Sequence[Option], staircases: Sequence[Staircase], inputs: Inputs) -> MonthPath:
    """The path of the stated growth and steps, announced price changes and expected drift."""
    months = inputs.scenario.operations.horizon_months
    path = MonthPath(
        volume_ratio=horizon_growth(inputs.scenario, months),
        bill_ratio=_bill_ratios(buys, inputs, months),
        machine_ratio=_machine_ratios(staircases, inputs, months),
        held_usd=_held_usd(staircases, months),
        need_ratio=own_generation_ratio(inputs, months),
    )
    ratios = (path.volume_ratio, path.bill_ratio, path.machine_ratio, path.need_ratio)
    changes = any((ratio != 1).any() for ratio in ratios) or (path.held_usd != path.held_usd[:, :1]).any()
    return path if changes else path.today()


def changes_words(path: MonthPath, scenario: Scenario) -> str:
    """What changes over the horizon, as in "at +8% volume per month, rents -10% per year"; empty where nothing does."""
    outlook, growth = scenario.outlook, scenario.workload.growth_per_month_frac
    if path.months == 1:
        return ""
    drifts = {
        "closed-model prices": outlook.api_price_change_per_year_frac,
        "hosted-model prices": outlook.hosted_price_change_per_year_frac,
        "rents": outlook.rent_change_per_year_frac,
    }
    words = [f"{signed_percent(growth)} volume per month"] if growth else []
    words += ["the steps in volume that you entered"] if outlook.volume_steps else []
    words += [f"{name} {signed_percent(change)} per year" for name, change in drifts.items() if change]
    words += ["newer models of the same quality"] if outlook.model_generations else []
    return ", ".join(words) or "announced prices"


def drift_ratios(change_per_year_frac: float, months: int) -> Array:
    """Price in each month (months,) over today's, at an even change: (1 + change) ^ (month / 12)."""
    return np.asarray((1 + change_per_year_frac) ** (np.arange(months) / MONTHS_PER_YEAR))


def rent_change_frac(inputs: Inputs) -> float:
    """Change of rents per year: the user's, or the expected one."""
    typed = inputs.scenario.outlook.rent_change_per_year_frac
    return inputs.catalog.outlook.rent_ratio_per_year.central - 1 if typed is None else typed


def _api_change_frac(is_hosted: bool, inputs: Inputs) -> float:
    outlook, rules = inputs.scenario.outlook, inputs.catalog.outlook
    typed = outlook.hosted_price_change_per_year_frac if is_hosted else outlook.api_price_change_per_year_frac
    rule = rules.hosted_price_ratio_per_year if is_hosted else rules.api_price_ratio_per_year
    return rule.central - 1 if typed is None else typed


def _generation_ratios(ratio_per_year: float, inputs: Inputs, months: int) -> Array:
    """What is left (months,) after each move to a newer model; ones without moves."""
    if not inputs.scenario.outlook.model_generations:
        return np.ones(months)
    every = inputs.catalog.outlook.generation_months.central
    return np.asarray(ratio_per_year ** (np.floor(np.arange(months) / every) * every / MONTHS_PER_YEAR))


def own_generation_ratio(inputs: Inputs, months: int) -> Array:
    """Machines (months,) that a request needs over today's, with newer models of the same quality."""
    return _generation_ratios(inputs.catalog.outlook.own_generation_ratio_per_year.central, inputs, months)


def _bill_ratios(buys: Sequence[Option], inputs: Inputs, months: int) -> Array:
    drift = {hosted: drift_ratios(_api_change_frac(hosted, inputs), months) for hosted in (False, True)}
    moves = _generation_ratios(inputs.catalog.outlook.api_generation_ratio_per_year.central, inputs, months)
    announced = _announced_ratios(buys, inputs, months)
    rows = [drift[buy.kind == "hosted_open"] * moves for buy in buys]
    return np.array(rows).reshape(len(buys), months) * announced


def _announced_ratios(buys: Sequence[Option], inputs: Inputs, months: int) -> Array:
    """Price of a request (b, months) over today's with announced changes, each from its own day on."""
    ratios, start = np.ones((len(buys), months)), inputs.scenario.as_of
    offers = {offer.label: offer for buy in buys if buy.bill for offer in buy.bill.offers}
    days = sorted({day for offer in offers.values() for day, _ in scheduled_changes(offer, start, months)})
    before = np.ones(len(buys))
    for day in days:
        then = {(p.option.kind, p.option.label): p.option for p in priced_buys(at_prices_of(day, inputs))}
        after = np.array([_price_ratio(buy, then.get((buy.kind, buy.label))) for buy in buys])
        begun = np.clip(np.arange(1, months + 1) - (day - start).days / DAYS_PER_MONTH, 0.0, 1.0)
        ratios += (after - before)[:, None] * begun
        before = after
    return ratios


def _price_ratio(now: Option, then: Option | None) -> float:
    if then is None or then.bill is None or now.bill is None or not now.bill.usd_per_request:
        return 1.0
    return then.bill.usd_per_request / now.bill.usd_per_request


def at_prices_of(day: date, inputs: Inputs) -> Inputs:
    """The inputs at the API prices of a day: the bill of each model moves with its list price."""
    then = replace(inputs, scenario=inputs.scenario.model_copy(update={"as_of": day}))
    api = inputs.scenario.api
    if api.paid_usd_per_month is None:
        return then
    before, after = todays_parts(inputs), todays_parts(then)
    paid_usd = [
        (part.scenario.api.paid_usd_per_month or 0.0)
        * todays_list_bill(later).usd_per_month
        / todays_list_bill(part).usd_per_month
        for part, later in zip(before, after, strict=True)
    ]
    total_usd = sum(paid_usd)
    parts = zip(api.mix, paid_usd, strict=True) if api.mix else ()
    mix = tuple(part.model_copy(update={"bill_frac": usd / total_usd}) for part, usd in parts)
    return paying(then, total_usd, mix)


def rent_ratios(commitment_months: int | None, inputs: Inputs, months: int) -> Array:
    """Rent of each month (months,) over today's: a commitment keeps its price until it is renewed."""
    return np.asarray(drift_ratios(rent_change_frac(inputs), months)[_renewed(commitment_months or 1, months)])


def _machine_ratios(staircases: Sequence[Staircase], inputs: Inputs, months: int) -> Array:
    """Purchased machines keep their price, rented ones have that of `rent_ratios`."""
    terms = {s.offer.commitment_months for s in staircases}
    by_term = {term: rent_ratios(term, inputs, months) for term in terms}
    rows = [np.ones(months) if s.offer.is_owned else by_term[s.offer.commitment_months] for s in staircases]
    return np.array(rows).reshape(len(staircases), months)


def _held_usd(staircases: Sequence[Staircase], months: int) -> Array:
    """What a machine that the user already has costs in each month (s, months)."""
    none = np.zeros(months)
    rows = [none if s.held is None else np.array([s.held.usd_in(m) for m in range(months)]) for s in staircases]
    return np.array(rows).reshape(len(staircases), months)


def _renewed(term_months: int, months: int) -> Array:
    """The month (months,) of which each month pays the price: the last one in which the term began anew."""
    return np.asarray(np.arange(months) // term_months * term_months)
