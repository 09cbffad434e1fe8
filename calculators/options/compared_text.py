"""Sentences on what is not compared, or only under a condition: short context windows, sellers that miss a latency target,
purchased servers, hybrids."""

import math
from collections.abc import Sequence

import numpy as np

from calculators.fleet.leading_fleets import lead_ratios
from calculators.fleet.plan import fleet_plan
from calculators.options.context_window import context_notes, partly_held_notes
from calculators.options.option import CLOSE_FRAC, Option
from calculators.options.ranking import Ranking
from calculators.options.routing import easy_model_name
from calculators.options.shortlist import AllOptions, AllowedOptions
from calculators.scenario.inputs import Inputs
from calculators.units import listed, percent, usd

TOLD_SAVING_FRAC = 0.01
"""Of the winner's cost: a smaller saving of a fleet whose speed is not proven is not told."""
HYBRID_BAR = f"hybrids are options only from {percent(CLOSE_FRAC)} cheaper, because they take two systems to run"


def compared_notes(every: AllOptions, allowed: AllowedOptions, ranked: Ranking, inputs: Inputs) -> list[str]:
    """What is not compared and why, where that matters."""
    short = context_notes([buy.option for buy in (*every.buys, *every.easy)], inputs)
    return (
        short
        + partly_held_notes(ranked.options, inputs)
        + _target_notes(allowed.set_aside, ranked.options)
        + conditional_notes(allowed, ranked)
        + _routing_notes(every, allowed, ranked, inputs)
    )


def _routing_notes(every: AllOptions, allowed: AllowedOptions, ranked: Ranking, inputs: Inputs) -> list[str]:
    """Why no easy requests are routed, where the user marked a small model for them or entered their share."""
    frac, routed = inputs.scenario.workload.easy_frac, ranked.cheapest_routed
    small = listed(list(dict.fromkeys(easy_model_name(one.option) for one in every.easy)))
    if frac is None:
        why = f"{small} would answer easy requests, but their share is not known: measure it and enter it on the Workload page."
        return [why] if every.easy else []
    if not frac or any(option.easy_frac for option in ranked.options):
        return []
    if not every.easy:
        return [
            f"You entered that {percent(frac)} of requests are easy: mark the models that are good enough for these Easy only on the "
            "Candidates page. Until then nothing is routed."
        ]
    if routed is None:
        return [
            f"Easy requests are not routed: {small} {'is' if len(every.easy) == 1 else 'are'} not allowed, too slow for your "
            "targets or too short of context."
        ]
    return [f"Routing does not pay: {routed.label} would cost {usd(routed.usd_per_month)}/month."]


def passed_over_reason(set_aside: Sequence[Option], ranked: Sequence[Option]) -> str:
    """The cheapest option that would win if it did not miss a latency target, as a sentence; empty where there is none."""
    first = min(set_aside, key=lambda option: option.usd_per_month, default=None)
    least = min((option.usd_per_month for option in ranked), default=0.0)
    if first is None or first.usd_per_month >= least:
        return ""
    check = first.target_check
    return (
        f"{first.label}, at {usd(first.usd_per_month)}/month, is cheaper but {check.missed}. It was measured by others: "
        f"{check.measured}. "
    )


def unproven_saving(allowed: AllowedOptions, winner: Option | None, inputs: Inputs) -> str:
    """What the cheapest fleet of extrapolated speed would save beside the winner if its speed holds, where a fleet of known speed
    leads over it; empty where that is nothing."""
    if winner is None or not allowed.has_fleet:
        return ""
    first = int(np.argmin(allowed.rents_usd))
    plan = fleet_plan(allowed.stairs[first], inputs.demand.requests_per_month)
    cost_usd = float(allowed.rents_usd[first]) + sum(line.usd_per_month for line in allowed.lines)
    is_unproven = allowed.stairs[first].lead_ratio < max(lead_ratios(allowed.stairs))
    if plan is None or not is_unproven or cost_usd > (1 - TOLD_SAVING_FRAC) * winner.usd_per_month:
        return ""
    is_same = winner.plan is not None and winner.plan.config.model is plan.config.model
    within = ", and both cost the same within the model's error" if is_same else ""
    return (
        f"{plan.config.model.name} on {plan.label} would cost {usd(winner.usd_per_month - cost_usd)}/month less if its speed "
        f"holds, but the speed on {plan.config.gpu.name} is extrapolated{within}: measure it first."
    )


def _target_notes(set_aside: Sequence[Option], ranked: Sequence[Option]) -> list[str]:
    """Each seller that would be the cheapest but is ranked behind all others, with the figure that it misses."""
    least = min((option.usd_per_month for option in ranked), default=math.inf)
    return [
        f"{option.label} ({usd(option.usd_per_month)}/month) is ranked behind all others, because it "
        f"{option.target_check.missed}. Others' requests, not yours: {option.target_check.measured}. Measure it with your "
        "own, or relax the target on the Workload page."
        for option in set_aside
        if option.usd_per_month < least
    ]


def conditional_notes(allowed: AllowedOptions, ranked: Ranking) -> list[str]:
    """Why purchased servers or a hybrid are compared, or are not although they would be the cheapest."""
    return _server_notes(allowed, ranked.options) + _hybrid_notes(ranked)


def _server_notes(allowed: AllowedOptions, options: Sequence[Option]) -> list[str]:
    cost = allowed.servers_usd_per_month
    if cost is None:
        return []
    if allowed.servers == "fallback":
        return [
            "Purchased servers are compared, although you did not include them, because no other option with a price is "
            "allowed."
        ]
    if allowed.servers == "left_out" and options and cost < options[0].usd_per_month:
        less = usd(options[0].usd_per_month - cost)
        return [
            f"Purchased servers are left out, because you did not include them on the Candidates page. On them, "
            f"self-hosting would cost {usd(cost)}/month today, {less} less than the cheapest option compared."
        ]
    return []


def _hybrid_notes(ranked: Ranking) -> list[str]:
    shown = next((option for option in ranked.options if option.kind == "hybrid"), None)
    if shown is not None:
        return [f"The hybrid is {_less_than_plain(shown, ranked.options)} cheaper than any other option; {HYBRID_BAR}."]
    hidden = ranked.hidden_hybrid
    if hidden is None:
        return []
    return [
        f"A hybrid would be {_less_than_plain(hidden, ranked.options)} cheaper ({usd(hidden.usd_per_month)}/month: "
        f"{hidden.label}). It is left out: {HYBRID_BAR}."
    ]


def _less_than_plain(hybrid: Option, options: Sequence[Option]) -> str:
    """How much cheaper a hybrid is than the cheapest option that is none."""
    plain = min(option.usd_per_month for option in options if option.kind != "hybrid")
    less_frac = 1 - hybrid.usd_per_month / plain
    is_just_under = less_frac < CLOSE_FRAC and percent(less_frac) == percent(CLOSE_FRAC)
    return f"just under {percent(CLOSE_FRAC)}" if is_just_under else percent(less_frac)
