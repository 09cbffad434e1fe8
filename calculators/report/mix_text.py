"""Rows and sentences of the mix of terms and of fleets that follow the load."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from calculators.catalog.outlook import OutlookRules
from calculators.fleet.capacity_mix import API_ONLY, CapacityMix, MixQuestion, MixShare
from calculators.fleet.capacity_terms import MachineTerm
from calculators.fleet.fleet_schedule import FleetSchedule, ScheduleKind
from calculators.fleet.load_by_hour import LoadWeek
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Workload
from calculators.units import (
    HOURS_PER_MONTH,
    MONTHS_PER_YEAR,
    capital,
    count,
    listed,
    percent,
    plural,
    signed_percent,
    significant,
    usd,
)

OVERFLOW = "API overflow"
BATCHED = "batch API"
WAITING = "hours for requests that can wait"
BESIDE_MACHINES = "staffing and tooling"
SCHEDULE_NAMES: Mapping[ScheduleKind, str] = {
    "fixed": "Fixed",
    "by_hour_of_day": "Scheduled by hour of day",
    "autoscaled": "Autoscaled",
    "scale_to_zero": "Scale to zero",
}
SAME_USD_FRAC = 0.005
"""A saving below it is none."""


@dataclass(frozen=True, slots=True)
class MixRow:
    """One line of the mix."""

    term: str
    offer: str
    """Provider and machine; the API's model and seller."""
    machines: int | None
    """In all regions; None for what is no machine."""
    gpus: int | None
    on_h: str
    """Hours a month in which they are needed, in words."""
    usd_per_month: float
    reason: str


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One way to size a fleet over time."""

    name: str
    machines: str
    machine_h_per_month: float
    usd_per_month: float
    why: str


def mix_headline(mix: CapacityMix, with_api: CapacityMix | None) -> str:
    """What the mix costs against the best single term, in a sentence."""
    months = mix.question.hours.months.volume_ratio.size
    month = "month" if months == 1 else f"month on average over {plural(months, 'month')}"
    total = f"{usd(mix.usd_per_month)}/{'month' if with_api is not None and not with_api.shares else month}"
    machines = {name: cost for name, cost in mix.single_usd.items() if name != API_ONLY}
    if with_api is not None and not with_api.shares:
        api = with_api.question.api.label if with_api.question.api else "An API"
        at_api = f"{usd(with_api.usd_per_month)}/{month}"
        return f"{capital(api)} for everything costs {at_api}, less than any machines: the cheapest mix of these costs {total}."
    best, best_usd = min(machines.items(), key=lambda item: item[1], default=mix.best_single)
    if mix.best_single[1] < best_usd:
        best, best_usd = mix.best_single
    saved = best_usd - mix.usd_per_month
    if saved < SAME_USD_FRAC * best_usd:
        return f"No mix costs clearly less than {_alone(best)}: {total}."
    return f"The cheapest mix costs {total}, {usd(saved)} ({percent(saved / best_usd)}) less than {_alone(best)}."


def _alone(name: str) -> str:
    """A single term as a way to run everything."""
    words = {API_ONLY: "the API alone", "purchased": "purchased servers alone", "on demand": "on-demand machines alone"}
    return words.get(name, f"{name} machines alone")


def mix_rows(mix: CapacityMix, outlook: OutlookRules) -> tuple[MixRow, ...]:
    """Every line of the mix, the machines that are needed longest first."""
    asked = mix.question
    rows = [_share_row(share, asked, outlook) for share in mix.shares]
    if mix.waiting_machine_h > 0.5:
        instead = "" if asked.api is None else " An hour costs less than the batch API."
        why = f"For requests that can wait, beyond the hours that are free.{instead}"
        rows.append(_line(WAITING, mix.waiting_usd_per_month, why, on_h=count(mix.waiting_machine_h)))
    if asked.api is not None and mix.overflow_frac + mix.batched_frac > 0:
        rows.append(_line(_api_term(mix), mix.api_usd_per_month, _api_reason(mix), asked.api.label))
    if mix.beside_usd_per_month:
        why = "Self-hosting costs this besides machines, whatever their number."
        rows.append(_line(BESIDE_MACHINES, mix.beside_usd_per_month, why))
    return tuple(rows)


def _line(term: str, usd_per_month: float, reason: str, offer: str = "", on_h: str = "") -> MixRow:
    """A line that is no machine."""
    return MixRow(
        term=term, offer=offer, machines=None, gpus=None, on_h=on_h, usd_per_month=usd_per_month, reason=reason
    )


def _api_term(mix: CapacityMix) -> str:
    if not mix.shares:
        return API_ONLY
    return OVERFLOW if mix.overflow_frac else BATCHED


def _share_row(share: MixShare, asked: MixQuestion, outlook: OutlookRules) -> MixRow:
    term, offer = share.term, share.term.offer
    where = "" if term.is_held else offer.machine if offer.is_owned else f"{offer.provider}, {offer.machine}"
    gpus = asked.terms.gpus_of(offer)
    machines = share.machines * gpus // (offer.gpus_per_machine or asked.terms.smallest.capacity.config.gpus_count)
    why: Mapping[str, Callable[[], str]] = {
        "spot": lambda: _spot_reason(share, outlook),
        "on demand": lambda: _hourly_reason(share, asked),
        "already yours": lambda: "you have them, and others cost more",
    }
    return MixRow(
        term=term.name,
        offer=where,
        machines=machines,
        gpus=share.machines * gpus,
        on_h=_hours(share),
        usd_per_month=share.usd_per_month,
        reason=f"{_needed(machines, share)}: {why.get(term.name, lambda: _committed_reason(share, asked))()}.",
    )


def _hours(share: MixShare) -> str:
    least, most = round(share.least_on_h), round(share.most_on_h)
    return count(most) if least == most else f"{count(least)} to {count(most)}"


def _needed(machines: int, share: MixShare) -> str:
    """How long machines are needed, as the start of a sentence."""
    least, most = share.least_on_h / HOURS_PER_MONTH, min(share.most_on_h / HOURS_PER_MONTH, 1.0)
    text, is_one = plural(machines, "machine"), machines == 1
    if not most:
        return f"{text} {'carries' if is_one else 'carry'} requests that can wait"
    if least > 0.9999:
        return f"{text} {'runs' if is_one else 'run'} all hours"
    span = percent(most) if percent(least) == percent(most) else f"{percent(least)} to {percent(most)}"
    return f"{text} {'is' if is_one else 'are'} needed in {span} of the hours"


def break_even_frac(term: MachineTerm, asked: MixQuestion) -> float:
    """Share of the hours from which a commitment costs less than the same capacity on demand; inf without an offer on demand:
    price a month / (price on demand x 730 hours)."""
    if asked.terms.on_demand is None:
        return float("inf")
    return term.usd_per_month / term.ranks_count / (asked.terms.on_demand.usd_per_month * asked.hours.rent_ratio)


def _committed_reason(share: MixShare, asked: MixQuestion) -> str:
    term, even = share.term, break_even_frac(share.term, asked)
    words = "a purchased server" if term.offer.is_owned else f"a {term.term_months // MONTHS_PER_YEAR}-year term"
    longer = [one for one in asked.terms.committed if one.term_months > term.term_months]
    is_shorter = any(one.usd_per_month / one.ranks_count < term.usd_per_month / term.ranks_count for one in longer)
    if is_shorter:
        return f"needed for part of the horizon, {words} costs less there than a longer one"
    if even == float("inf"):
        return f"no machine of this size is offered on demand, and {words} is the cheapest there"
    if even >= 1:
        return f"{words} is the cheapest there"
    if share.least_on_h / HOURS_PER_MONTH < even and len(asked.hours.months.volume_ratio) > 1:
        return f"taken when volume needs it, {words} costs less than on demand"
    return f"above {percent(even)} of the hours {words} costs less than on demand"


def _hourly_reason(share: MixShare, asked: MixQuestion) -> str:
    evens = [
        (break_even_frac(term, asked), term.name, term.ranks_count)
        for term in asked.terms.committed
        if not term.is_held
    ]
    price = f"on demand at {usd(asked.on_demand_usd_per_h)} an hour"
    even, name, together = min(evens, default=(1.0, "", 1))
    if not name:
        return f"{price}, as these machines are offered on no longer term"
    if even >= 1:
        return f"{price} costs less over your horizon than any commitment, even at all hours"
    if share.most_on_h / HOURS_PER_MONTH <= even:
        return f"below {percent(even)} of the hours {price} costs less than {name}"
    if together > 1:
        return f"{price} costs less than a {name} machine in place of {together} of these, which are not all needed that long"
    return f"needed for part of the horizon, {price} costs less than a term that outlasts the need"


def _spot_reason(share: MixShare, outlook: OutlookRules) -> str:
    taken = outlook.spot_interruptions_per_h.central * share.most_on_h
    often = significant(taken, 2)
    times = f"about {'once' if often == '1' else f'{often} times'} a month"
    spare = "a spare stands in" if share.machines == 1 else "the spares stand in"
    return f"spot costs less than on demand, and {spare} when one is taken back, {times} for each at most"


def _api_reason(mix: CapacityMix) -> str:
    if not mix.shares:
        return "No machine is worth its price at this load."
    parts, volume = [], mix.question.hours.volume_ratio
    if mix.overflow_frac:
        parts.append(f"{percent(mix.overflow_frac / volume)} of requests exceed the machines: {_next_machine(mix)}.")
    if mix.batched_frac:
        parts.append(
            f"{capital(percent(mix.batched_frac / volume))} of requests can wait and cost least in the batch API."
        )
    return " ".join(parts)


def _next_machine(mix: CapacityMix) -> str:
    """Why one machine more would not pay."""
    hours, ranks = mix.question.hours, min(mix.machine_count, len(mix.question.hours.on_h) - 1)
    return f"one machine more would be needed in {percent(hours.on_h[ranks] / HOURS_PER_MONTH)} of the hours, and cost more than the API bills"


def mix_notes(mix: CapacityMix, inputs: Inputs) -> tuple[str, ...]:
    """What the mix takes for granted."""
    minutes = inputs.catalog.outlook.cold_start_s.central / 60
    notes = [
        "Every term on which an allowed provider offers this GPU is compared, also terms that your scenario does not search."
    ]
    if any(share.term.name in ("on demand", "spot") and share.least_on_h < HOURS_PER_MONTH - 1 for share in mix.shares):
        notes += [
            f"Machines by the hour are paid from {significant(minutes)} minutes before they are needed, once a day.",
            "Prices on demand hold where capacity can be had: reserve it ahead for the hours at the top.",
        ]
    spares = mix.question.terms.smallest.spare_replicas
    if spares:
        notes.append(
            f"{capital(plural(spares, 'spare replica'))} {'runs' if spares == 1 else 'run'} whenever a machine does."
        )
    return (*notes, _horizon_note(mix, inputs))


def _horizon_note(mix: CapacityMix, inputs: Inputs) -> str:
    """Over which months costs are means, and what changes in them."""
    months, hours = inputs.scenario.operations.horizon_months, mix.question.hours.months
    changes = [
        f"{name} {signed_percent(float(ratio[-1]) - 1)} by its last month"
        for name, ratio in (
            ("volume", hours.volume_ratio),
            ("GPU rents", hours.rent_ratio),
            ("the API price", hours.bill_ratio),
        )
        if abs(float(ratio[-1]) - 1) > SAME_USD_FRAC
    ]
    path = f", with {listed(changes)}" if changes else ""
    terms = (
        "A term is renewed or given up where that costs less, and one that outlasts the horizon is paid to its end. "
        "Purchased servers are sold at the end of the horizon for what their age leaves."
    )
    return f"Costs are means over the {plural(months, 'month')} of your horizon{path}. {terms}"


def week_sentence(week: LoadWeek, workload: Workload) -> str:
    """What the load of a week shows, and what of it is assumed."""
    busiest = float(week.load_ratio.max())
    quiet = percent(float((week.load_ratio < 1).mean()))
    order = (
        "The hours of the day have the shares of your log; the order of the days is assumed"
        if week.is_day_known
        else "Which hours are busy is assumed"
    )
    return (
        f"The busiest hour of a week has {significant(busiest, 2)} times the mean load, and {quiet} of the hours are below it. "
        f"{order}; how far they differ follows from your peak-to-average ratio of {significant(workload.peak_ratio, 2)}."
    )


def schedule_rows(schedules: Sequence[FleetSchedule], inputs: Inputs) -> tuple[ScheduleRow, ...]:
    """Fleets that follow the load, with what each takes."""
    if not schedules:
        return ()
    fixed_usd = schedules[0].usd_per_month
    by_kind = {one.kind: one for one in schedules}
    return tuple(
        ScheduleRow(
            name=SCHEDULE_NAMES[one.kind],
            machines=_span(one),
            machine_h_per_month=one.machine_h_per_month,
            usd_per_month=one.usd_per_month,
            why=_schedule_why(one, fixed_usd, by_kind, inputs),
        )
        for one in schedules
    )


def _span(one: FleetSchedule) -> str:
    if one.least_machines == one.most_machines:
        return count(one.most_machines)
    return f"{count(one.least_machines)} to {count(one.most_machines)}"


def _schedule_why(
    one: FleetSchedule, fixed_usd: float, by_kind: Mapping[ScheduleKind, FleetSchedule], inputs: Inputs
) -> str:
    minutes = significant(inputs.catalog.outlook.cold_start_s.central / 60)
    saved_frac = 1 - one.usd_per_month / fixed_usd
    saved = f"{percent(saved_frac)} less than fixed."
    if one.kind == "fixed":
        return "Every machine that the peak needs runs all hours."
    if one.kind != "scale_to_zero" and saved_frac <= SAME_USD_FRAC:
        return "The load needs nearly all machines in nearly all hours: no less than fixed."
    if one.kind == "by_hour_of_day":
        return f"Each hour of the day has the machines of its busiest day: {saved}"
    starts = plural(round(one.starts_per_month), "start")
    if one.kind == "autoscaled":
        return f"Machines start {minutes} minutes ahead of the load, {starts} a month: {saved} A faster rise waits, or fills the spares."
    if one.usd_per_month > by_kind["autoscaled"].usd_per_month * (1 - SAME_USD_FRAC):
        return "No hour is without requests, so nothing is saved against autoscaling."
    return f"The last machine stops in hours without requests, {starts} a month: {saved} The first request then waits {minutes} minutes."
