"""What changes from month to month of the horizon: volume, API prices of their own date, expected drift, rents, generations of
models."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calculators.api.bill import paying, todays_list_bill, todays_parts
from calculators.api.rates import scheduled_changes
from calculators.fleet.hiring import ready_weeks
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.owned_servers import gpu_cash_of, own_wait_months, owned_usd_per_gpu_h
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option
from calculators.options.shortlist import priced_buys, priced_easy
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.units import (
    DAYS_PER_MONTH,
    HOURS_PER_MONTH,
    MONTHS_PER_YEAR,
    WEEKS_PER_MONTH,
    listed,
    plural,
    signed_percent,
)


@dataclass(frozen=True, slots=True)
class MonthPath:
    """Ratios to today's value in each month of the horizon, or their means in one where nothing changes."""

    volume_ratio: Array
    """(h,)"""
    bill_ratio: Array
    """(b, h) price of a request at each API option."""
    todays_ratio: Array
    """(h,) the same at today's API, which may be no option."""
    machine_ratio: Array
    """(s, h) price of a machine of each staircase."""
    due_ratio: Array
    """(s, h) what a machine that is needed causes to be paid over its price of the month, as of `due_ratios`: nothing while it is waited
    for, and all that it costs later where it is bought or rented for a term."""
    held_usd: Array
    """(s, h) cost of a machine that the user already has, in USD a month; 0 where there is none."""
    need_ratio: Array
    """(h,) machines that a request needs: newer models of the same quality need fewer."""
    hiring_wait_frac: Array
    """(h,) part of the month before anything self-hosted serves."""
    own_wait_frac: Array
    """(h,) part of the month before purchased servers serve."""
    month: Array
    """(h,) months from now."""

    @property
    def months(self) -> int:
        """Months told apart."""
        return self.volume_ratio.size

    @property
    def waits(self) -> bool:
        """Whether anything self-hosted has to be waited for."""
        return bool(self.own_wait_frac.any() or self.hiring_wait_frac.any())

    @property
    def is_flat(self) -> bool:
        """Whether no volume or price changes from month to month."""
        ratios = [self.volume_ratio, self.bill_ratio, self.machine_ratio, self.need_ratio]
        ratios += [self.todays_ratio] if self.waits else []  # what is paid until a fleet serves
        return all((ratio == 1).all() for ratio in ratios) and bool((self.held_usd == self.held_usd[:, :1]).all())

    def collapsed(self) -> "MonthPath":
        """One month that stands for all where none differs."""
        if not self.is_flat:
            return self
        means = {name: getattr(self, name).mean(axis=-1, keepdims=True) for name in self.__slots__}
        return MonthPath(**means)

    def thinned(self, most: int) -> "MonthPath":
        """At most so many months, each for its stretch of the horizon: the middle one, and what is due or waited for as a mean."""
        ends = stretch_ends(self.months, most)
        starts, middles = ends[:-1], (ends[:-1] + ends[1:] - 1) // 2
        means = ("due_ratio", "hiring_wait_frac", "own_wait_frac")
        return MonthPath(
            **{
                name: np.add.reduceat(getattr(self, name), starts, axis=-1) / np.diff(ends)
                if name in means
                else getattr(self, name)[..., middles]
                for name in self.__slots__
            }
        )

    def today(self) -> "MonthPath":
        """The first month alone, with everything in place and nothing due later."""
        first = {name: getattr(self, name)[..., :1] for name in self.__slots__}
        at_once = {"hiring_wait_frac": np.zeros(1), "own_wait_frac": np.zeros(1)}
        return MonthPath(**(first | at_once | {"due_ratio": np.ones_like(self.due_ratio[:, :1])}))


def stretch_ends(months: int, most: int) -> NDArray[np.intp]:
    """Where each of at most so many stretches of the months ends, from 0 on (k + 1,)."""
    return np.round(np.linspace(0, months, min(most, months) + 1)).astype(np.intp)


def month_path(buys: Sequence[Option], today: Option, staircases: Sequence[Staircase], inputs: Inputs) -> MonthPath:
    """The path of the stated growth and steps, announced price changes, expected drift, hiring, delivery, and terms that end after
    the horizon. `today`: today's API, one of the `buys` or not."""
    months, scenario = inputs.scenario.operations.horizon_months, inputs.scenario
    hiring = _wait_frac(ready_weeks(scenario, inputs.catalog) / WEEKS_PER_MONTH, months)
    is_bought = any(s.offer.is_owned for s in staircases)
    own = _wait_frac(own_wait_months(scenario, inputs.catalog), months) if is_bought else hiring
    bill_ratio = _bill_ratios([*buys, today], inputs, months)
    return MonthPath(
        volume_ratio=horizon_growth(scenario, months),
        bill_ratio=bill_ratio[:-1],
        todays_ratio=bill_ratio[-1],
        machine_ratio=_machine_ratios(staircases, inputs, months),
        due_ratio=due_ratios(staircases, hiring, own, inputs),
        held_usd=_held_usd(staircases, months),
        need_ratio=own_generation_ratio(inputs, months),
        hiring_wait_frac=hiring,
        own_wait_frac=own,
        month=np.arange(months, dtype=float),
    )


def changes_words(path: MonthPath, staircases: Sequence[Staircase], inputs: Inputs) -> str:
    """What makes the mean over the horizon differ from today's cost, as in "at +8% volume per month, rents -10% per year, with servers
    that arrive after 20 weeks"; empty where nothing does."""
    outlook, growth = inputs.scenario.outlook, inputs.scenario.workload.growth_per_month_frac
    drifts = {
        "closed-model prices": outlook.api_price_change_per_year_frac,
        "hosted-model prices": outlook.hosted_price_change_per_year_frac,
        "rents": outlook.rent_change_per_year_frac,
    }
    words = [f"{signed_percent(growth)} volume per month"] if growth else []
    words += ["the steps in volume that you entered"] if outlook.volume_steps else []
    words += [f"{name} {signed_percent(change)} per year" for name, change in drifts.items() if change]
    words += ["newer models of the same quality"] if outlook.model_generations else []
    at = "" if path.is_flat else f"at {', '.join(words) or 'announced prices'}"
    after = _transition_words(path, staircases, inputs)
    return ", ".join(filter(None, [at, f"with {listed(after)}" if after else ""]))


def _transition_words(path: MonthPath, staircases: Sequence[Staircase], inputs: Inputs) -> list[str]:
    """What of self-hosting begins late, or is paid beyond the horizon."""
    scenario, months = inputs.scenario, inputs.scenario.operations.horizon_months
    ready = ready_weeks(scenario, inputs.catalog)
    if not staircases:
        return []
    words = [f"engineers who are ready after {plural(ready, 'week')}"] if ready else []
    if path.own_wait_frac.sum() > path.hiring_wait_frac.sum():
        weeks = own_wait_months(scenario, inputs.catalog) * WEEKS_PER_MONTH
        words.append(f"servers that arrive after {plural(round(weeks), 'week')}")
    terms = [s.offer.commitment_months for s in staircases if s.offer.commitment_months]
    return [*words, "terms that end after the horizon"] if any(-months % term for term in terms) else words


def _wait_frac(wait_months: float, months: int) -> Array:
    """Part of each month (months,) that is waited for."""
    return np.clip(wait_months - np.arange(months), 0.0, 1.0)


def due_ratios(staircases: Sequence[Staircase], hiring_frac: Array, own_frac: Array, inputs: Inputs) -> Array:
    """What a machine in use in each month causes to be paid over its price (s, months): added up from the month in which it is
    added, all that it costs to the end of the horizon and of its term. Nothing while it is waited for."""
    by_offer = {id(s.offer): s.offer for s in staircases}
    rows = {key: _due_ratio(o, own_frac if o.is_owned else hiring_frac, inputs) for key, o in by_offer.items()}
    return np.array([rows[id(s.offer)] for s in staircases]).reshape(len(staircases), hiring_frac.size)


def _due_ratio(offer: MachineOffer, wait_frac: Array, inputs: Inputs) -> Array:
    """(months,): by the hour the part of the month in use; else what a machine that is added in a month costs more than one that is
    added in the next."""
    months = wait_frac.size
    if not offer.is_committed:
        return 1 - wait_frac
    if offer.is_owned:
        total_usd = gpu_cash_of(offer.gpu_id, months, inputs.scenario, inputs.catalog).total_usd
        month_usd = owned_usd_per_gpu_h(offer.gpu_id, inputs.scenario, inputs.catalog) * HOURS_PER_MONTH
        return np.asarray(-np.diff(total_usd, append=0.0) / month_usd * (wait_frac < 1))
    left_months = -np.arange(months, -1, -1) % (offer.commitment_months or 1)
    return np.asarray((1.0 - np.diff(left_months)) * (wait_frac < 1))


def drift_ratios(change_per_year_frac: float, months: int) -> Array:
    """Price in each month (months,) over today's, at an even change: (1 + change) ^ (month / 12)."""
    return np.asarray((1 + change_per_year_frac) ** (np.arange(months) / MONTHS_PER_YEAR))


def rent_change_frac(inputs: Inputs) -> float:
    """Change of rents per year: the user's, or the expected one."""
    typed = inputs.scenario.outlook.rent_change_per_year_frac
    return inputs.catalog.outlook.rent_ratio_per_year.central - 1 if typed is None else typed


def api_change_frac(is_hosted: bool, inputs: Inputs) -> float:
    """Change of API prices per year, of hosted open models or of closed ones: the user's, or the expected one."""
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
    drift = {hosted: drift_ratios(api_change_frac(hosted, inputs), months) for hosted in (False, True)}
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
        dated = at_prices_of(day, inputs)
        priced = (*priced_buys(dated), *priced_easy(dated))
        then = {(p.option.kind, p.option.label): p.option for p in priced}
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
