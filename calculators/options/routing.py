"""Routing: easy requests go to a small model that is good enough for them alone, the others to a model that answers everything
(Ong et al., RouteLLM, 2024). Requests of both kinds are taken to be equally long, and a router to find them to cost nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from calculators.api.bill import SUMMED, ApiBill, summed_bill
from calculators.catalog.short_names import short_model_name
from calculators.fleet.operating_costs import CostLine
from calculators.options.buy import hosted_options
from calculators.options.commitment import with_unused
from calculators.options.option import Option
from calculators.options.seller_targets import TargetCheck, TargetStatus
from calculators.options.step_down import step_down_options
from calculators.scenario.committed_spend import used_by_both
from calculators.scenario.gates import answers_easy_only
from calculators.scenario.inputs import Inputs
from calculators.units import listed, percent

NOT_COUNTED = "taken to be as long as the others; what a router costs is not counted"


def easy_frac(inputs: Inputs) -> float:
    """Share of requests that go to a small model: none while it is not known."""
    return inputs.scenario.workload.easy_frac or 0.0


def easy_options(inputs: Inputs) -> list[Option]:
    """API options of the models that are good enough for easy requests only, each priced as if it answered everything."""
    every = [*step_down_options(inputs, answers_easy_only), *hosted_options(inputs, answers_easy_only)]
    return [option for option in every if option.gate == "easy_only"]


def routed_pairs(buys: Sequence[Option], easy: Sequence[Option]) -> list[tuple[Option, Option]]:
    """An API option for the hard requests and one for the easy ones, the cheapest of each kind: within a kind, volume and
    prices move all bills alike."""
    return [(hard, small) for small in easy for hard in cheapest_of_each_kind(buys)] if easy else []


def cheapest_of_each_kind(options: Sequence[Option]) -> list[Option]:
    """The cheapest option of each kind, apart where committed spend is used up; today's API in its cheapest form."""
    kinds: dict[tuple[str, bool], Option] = {}
    for option in sorted(options, key=lambda option: option.usd_per_month):
        kind = "api_optimised" if option.kind == "api_today" else option.kind
        kinds.setdefault((kind, bool(option.committed.bill_frac)), option)
    return list(kinds.values())


def routed_option(hard: Option, easy: Option, frac: float, requests_per_month: float) -> Option:
    """An API option that sends `frac` of the requests to the small model `easy`, and the others to `hard`."""
    both = option_at_share(hard, 1 - frac), option_at_share(easy, frac)
    hard_usd, easy_usd = (option.lines[0].usd_per_month for option in both)
    return with_unused(
        replace(
            hard,
            kind="routed_api",
            label=f"{easy.label} for all requests"
            if frac == 1
            else f"{hard.label} for the hard requests, {easy.label} for the easy {percent(frac)}",
            lines=(*(line for line in both[0].lines if line.kind != "unused_commitment"), *easy_lines(easy, frac)),
            products=(*hard.bought, *easy.bought),
            bill=_summed(*both, requests_per_month),
            easy_model=easy_model_name(easy),
            easy_frac=frac,
            target_check=_both_checks(hard, easy),
            committed=used_by_both(hard.committed, easy.committed, hard_usd, easy_usd),
            horizon_usd_per_month=None,
        )
    )


def easy_lines(easy: Option, frac: float) -> tuple[CostLine, ...]:
    """Cost lines of the small model for `frac` of the requests: its part of the bill, and what it takes besides."""
    bill, *others = option_at_share(easy, frac).lines
    note = f"{percent(frac)} of requests, {NOT_COUNTED}. For all requests: {easy.lines[0].note}"
    return (
        replace(bill, kind="easy_api", note=note),
        *(line for line in others if line.kind != "unused_commitment"),
    )


def option_at_share(option: Option, frac: float) -> Option:
    """An API option that answers `frac` of the requests: its bill is linear in them, the other lines stay."""
    assert option.bill is not None
    bill, *others = option.lines
    return with_unused(replace(option, bill=_scaled(option.bill, frac), lines=(line_at_share(bill, frac), *others)))


def line_at_share(line: CostLine, frac: float) -> CostLine:
    """A cost line that is in proportion to requests, for `frac` of them."""
    return replace(
        line,
        usd_per_month=line.usd_per_month * frac,
        low_usd_per_month=line.low_usd_per_month * frac,
        high_usd_per_month=line.high_usd_per_month * frac,
    )


def _summed(hard: Option, easy: Option, requests_per_month: float) -> ApiBill:
    bills = [option.bill for option in (hard, easy) if option.bill is not None]
    parts = tuple(part for bill in bills for part in bill.parts or (bill,))
    return replace(summed_bill(bills, requests_per_month), parts=parts)


def _scaled(bill: ApiBill, frac: float) -> ApiBill:
    """The bill of `frac` of the requests; the price of a request stays."""
    hours = bill.hours_usd_per_month
    return replace(
        bill,
        **{name: getattr(bill, name) * frac for name in SUMMED},
        hours_usd_per_month=None if hours is None else (hours[0] * frac, hours[1] * frac),
        parts=tuple(_scaled(part, frac) for part in bill.parts),
    )


def easy_model_name(option: Option) -> str:
    """The small model's name; of several both."""
    return listed([short_model_name(name) for name in option.models])


def _both_checks(hard: Option, easy: Option) -> TargetCheck:
    """Latency as far as it is known of both, since each answers some of the requests."""
    checks = {hard.label: hard.target_check, easy.label: easy.target_check}
    statuses, uptimes = ({getattr(check, name) for check in checks.values()} for name in ("status", "uptime"))
    status: TargetStatus = "misses" if "misses" in statuses else "meets" if statuses == {"meets"} else "not_known"
    return TargetCheck(
        status,
        measured="; ".join(f"{name}: {check.measured}" for name, check in checks.items() if check.measured),
        missed=", and ".join(check.missed for check in checks.values() if check.missed),
        uptime=uptimes.pop() if len(uptimes) == 1 else "",
    )
