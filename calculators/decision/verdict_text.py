"""The words of a verdict: its sentence, its reason, the assumptions behind it and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from calculators.compliance.assessment import PricedPath
from calculators.compliance.operator_check import RequirementFinding
from calculators.decision.choice import Choice, Sureness, VerdictKind, ranges_overlap
from calculators.decision.crossover import Crossover
from calculators.decision.crossover_text import break_even_clause
from calculators.decision.verdict_context import MissingInput, VerdictContext
from calculators.fleet.operating_costs import CostKind
from calculators.fleet.plan import FleetPlan
from calculators.options.buy import MIN_SAVING_FRAC, discounts_used
from calculators.options.option import STAYS, Option, OptionKind, best_build, self_hosting_words
from calculators.units import capital, count, listed, moved_to, percent, plural, usd

CONFIDENCE: dict[Sureness, str] = {"clear": "High", "leaning": "Medium", "too_close": "Too close to call"}
NO_VERDICT = "None: an input is missing"
ADVICE: dict[OptionKind, str] = {
    "api_today": "Stay on the API",
    "api_optimised": "Stay on the API and use its discounts",
    "resold_api": "Keep the model and change the contract",
    "step_down": "Don't self-host. Move to a cheaper model of the same maker",
    "hosted_open": "Don't self-host. Move to a hosted open model",
    "routed_api": "Don't self-host. Send easy requests to a small model",
    "hybrid": "Self-host the base load and send the overflow to an API",
    "own_hardware": "Buy servers and self-host",
    "self_host": "Self-host",
}
KEEP_THE_MODEL = "Don't self-host. Keep the model and change the provider"
"""Advice to buy the open model in use today elsewhere."""

OTHER_COSTS: dict[CostKind, str] = {
    "staffing": "staffing",
    "platform": "tooling",
    "migration": "migration",
    "hiring": "hiring",
    "network_egress": "network egress",
    "unused_commitment": "the unused commitment",
}
SAVING_FLOOR_USD = 10.0
"""A smaller monthly saving is not told as one: it is not worth the work of a change."""


@dataclass(frozen=True, slots=True)
class TrafficWords:
    """Whether any figure of the traffic has a range, and why it makes the decision unsure; empty where it does not."""

    has_range: bool = False
    doubt: str = ""


# --- the sentence --------------------------------------------------------------------------------------------------


def verdict_sentence(choice: Choice, today: Option, context: VerdictContext) -> str:
    """The verdict in one or two sentences, and whom to ask first."""
    if context.missing is not None and context.missing.kind != "volume":
        return f"Cannot tell yet: {_whom_to_ask(context.missing, context.quote_first)}"
    if context.missing is not None:
        sentence = f"Cannot tell yet: {_missing_input(context.missing)}"
    elif choice.kind == "too_close" and choice.runner_up is not None:
        sentence = _too_close(choice.winner, choice.runner_up, context)
    elif context.blocked is not None:
        cost = f"{_costs(choice.winner)}{_condition(choice.winner)}."
        said = cost if choice.cheaper_today is None else _mean_costs(choice, choice.cheaper_today, context)
        sentence = f"Compliance decides: {said} {_blocked(context)}"
    elif choice.cheaper_today is not None:
        sentence = f"{advice_of(choice.winner)}: {_mean_costs(choice, choice.cheaper_today, context)}"
    else:
        sentence = _advice(choice, today)
    return " ".join([sentence, *filter(None, [context.saving]), *_remarks(context, today)])


def _costs(option: Option) -> str:
    return f"{option.label} costs {usd(option.usd_per_month)}/month"


def _too_close(winner: Option, rival: Option, context: VerdictContext) -> str:
    if winner.horizon_usd_per_month is not None:
        tied = _too_close_over_horizon(winner, rival, context)
        return f"{tied} {_blocked(context)}" if context.blocked is not None else tied
    gap = usd(rival.usd_per_month - winner.usd_per_month)
    tied = (
        f"Too close to call: {_costs(winner)} and {rival.label} {usd(rival.usd_per_month)}/month. "
        f"The difference of {gap}/month is within the accuracy of these estimates."
    )
    return f"{tied} {_blocked(context)}" if context.blocked is not None else tied


def _too_close_over_horizon(winner: Option, rival: Option, context: VerdictContext) -> str:
    now = f"{usd(winner.usd_per_month)} and {usd(rival.usd_per_month)}/month"
    return (
        f"Too close to call over {plural(context.horizon_months, 'month')} {context.changes}: {winner.label} averages "
        f"{usd(winner.decisive_usd_per_month)}/month and {rival.label} {usd(rival.decisive_usd_per_month)}/month. Today they "
        f"cost {now}."
    )


def _blocked(context: VerdictContext) -> str:
    blocked = context.blocked
    assert blocked is not None
    return f"{blocked.label}, at {usd(blocked.usd_per_month or 0.0)}/month, is cheaper but not allowed."


def advice_of(winner: Option) -> str:
    """What to do, before the winner's label."""
    is_same_model = winner.kind == "hosted_open" and winner.gate is None
    advice = KEEP_THE_MODEL if is_same_model else ADVICE[winner.kind]
    return advice if not winner.easy_frac else _routing_advice(winner)


def _routing_advice(winner: Option) -> str:
    """What to do with the easy requests and with the others."""
    easy = f"send the easy {percent(winner.easy_frac)} of requests to {winner.easy_model}"
    if winner.kind == "routed_api":
        if winner.easy_frac == 1:
            return f"Don't self-host. Move to {winner.easy_model}"
        return f"Don't self-host. {capital(easy)}{' and keep the model for the rest' if winner.gate is None else ''}"
    return f"{ADVICE['hybrid']}, its easy requests to {winner.easy_model}"


def _advice(choice: Choice, today: Option) -> str:
    winner = choice.winner
    saving_usd = today.usd_per_month - winner.usd_per_month
    alternative = _alternative(winner, choice.runner_up)
    if winner.kind == "api_optimised" and saving_usd < SAVING_FLOOR_USD:
        small = f"its discounts save less than {usd(SAVING_FLOOR_USD)}/month"
        return f"{ADVICE['api_today']}: {_costs(winner)}; {small}. {alternative}"
    less = f", {usd(saving_usd)} less than today" if saving_usd >= SAVING_FLOOR_USD else ""
    credits = _credits(winner, today) if winner.kind == "resold_api" else ""
    return f"{advice_of(winner)}: {_costs(winner)}{less}{_condition(winner)}. {credits}{alternative}"


def _credits(resold: Option, today: Option) -> str:
    """What the contract, the move and the discounts each do to today's bill, as a sentence; empty without discounts."""
    bill, before = resold.bill, today.bill
    used = discounts_used(bill) if bill is not None else ()
    if bill is None or before is None or not used:
        return ""
    saved = bill.caching_saving_usd_per_month + bill.batch_saving_usd_per_month
    contract, move = bill.usd_per_month + saved - before.usd_per_month, resold.fixed_usd_per_month
    change = abs(contract) / before.usd_per_month
    does = f"{'adds' if contract > 0 else 'saves'} {usd(abs(contract))}/month ({percent(change)})"
    itself = does if change >= MIN_SAVING_FRAC else "costs the same"
    moving = f", the move {usd(move)}" if move > 0 else ""
    verb = "saves" if len(used) == 1 else "save"
    return f"The contract itself {itself}{moving}; {listed(used)} {verb} {usd(saved)}. "


def _mean_costs(choice: Choice, cheaper_today: Option, context: VerdictContext) -> str:
    """Where the stated growth makes another option than today's cheapest one win over the horizon: both, in two
    sentences."""
    winner = choice.winner
    return (
        f"{context.changes}, {winner.label} averages "
        f"{usd(winner.decisive_usd_per_month)}/month over {plural(context.horizon_months, 'month')}{_condition(winner)}. "
        f"{cheaper_today.label} is cheaper today, at {usd(cheaper_today.usd_per_month)} vs. "
        f"{usd(winner.usd_per_month)}/month, but {_over_horizon(cheaper_today)}."
    )


def _over_horizon(option: Option) -> str:
    """What an option costs on average over the horizon, or that volume outgrows it."""
    mean_usd = option.decisive_usd_per_month
    return (
        f"averages {usd(mean_usd)}/month" if isfinite(mean_usd) else "volume outgrows your GPU limit within the horizon"
    )


def _condition(winner: Option) -> str:
    """The models that must pass the user's evals first, as a clause; empty where all have."""
    assumed = winner.assumed_models
    if not assumed:
        return ""
    if len(winner.models) == 1:
        return ", if it passes your evals"
    return f", if {listed(assumed)} {'pass' if len(assumed) > 1 else 'passes'} your evals"


def _alternative(winner: Option, rival: Option | None) -> str:
    if rival is None:
        return "No self-hosted option qualifies." if winner.is_buy else "No API option with a public price is allowed."
    if rival.is_buy:
        return f"The cheapest API option, {rival.label}, would cost {usd(rival.usd_per_month)}/month."
    subject = f"{capital(self_hosting_words(rival))}{_on_which_terms(rival)}"
    return f"{subject} would cost {usd(rival.usd_per_month)}/month."


def _on_which_terms(option: Option) -> str:
    """The regions and the term of a fleet that is not named by its label."""
    if option.plan is None:
        return ""
    regions, offer = option.plan.regions, option.plan.offer
    place = f" in {plural(regions, 'region')}" if regions > 1 else ""
    term = " on spot GPUs" if offer.is_spot else f" with a {offer.term}" if offer.term else ""
    return place + term


def _whom_to_ask(missing: MissingInput, quote_first: Sequence[str]) -> str:
    """Whom to ask where nothing with a public price is known to be allowed: those that are allowed first, for a quote."""
    if not quote_first:
        return _missing_input(missing)
    quote = f"ask {_names(quote_first)} for a quote (allowed, no public price)."
    if not missing.operators:
        return f"{quote} No option with a public price is allowed."
    return f"{quote} Or ask {_names(missing.operators)}, which may be allowed."


def _names(names: Sequence[str], most: int = 3) -> str:
    """The first few of several names, each once, and how many more."""
    different = list(dict.fromkeys(names))
    more = len(different) - most
    return f"{', '.join(different[:most])} and {more} more" if more > 0 else listed(different)


def _missing_input(missing: MissingInput) -> str:
    if missing.kind == "volume":
        now, at = missing.requests_per_month, missing.flips_at_req_per_month
        return (
            f"measure your requests per month. {count(now)} is a typical value, not yours, and the decision changes when it "
            f"{moved_to(now, at, count(at))}."
        )
    if missing.kind == "nothing_holds":
        return "no API has a context window that holds your requests, and no self-hosted option qualifies. Check the token lengths."
    if missing.kind == "ask_operators":
        return (
            f"ask {_names(missing.operators)}. No option with a public price is known to be allowed; "
            f"{plural(len(missing.operators), 'option')} may be."
        )
    if missing.kind == "over_limit":
        return "every allowed option needs more GPUs than your maximum."
    return "no option with a public price is allowed."


def _remarks(context: VerdictContext, today: Option) -> list[str]:
    """Whom to ask first, and the signals that today's API does not satisfy."""
    remarks = [context.rent_gap.words] if context.rent_gap is not None else []
    remarks += [context.commitment] if context.commitment else []
    if context.ask_first:
        names = list(dict.fromkeys(p.path.name for p in context.ask_first))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        saving = context.cheapest_allowed_usd - (context.ask_first[0].usd_per_month or 0.0)
        saves = f": if allowed, up to {usd(saving)}/month less" if saving < float("inf") else ""
        remarks.append(f"Ask {names[0]}{more} first{saves}.")
    if context.quote_first:
        names = list(dict.fromkeys(context.quote_first[:3]))
        remarks.append(f"Also ask for a quote: {listed(names)} (allowed, no public price).")
    if context.met_signals:
        signals, is_many = listed([s.name.lower() for s in context.met_signals]), len(context.met_signals) > 1
        remarks.append(
            f"But the {signals} {'triggers are' if is_many else 'trigger is'} met: {today.label} misses what the product needs. Other APIs are not measured; "
            "a self-hosted fleet is sized to meet it."
        )
    return remarks


# --- the reason ----------------------------------------------------------------------------------------------------


def verdict_reason(
    options: Sequence[Option], against_best: Crossover, against_today: Crossover, why_no_fleet: str
) -> str:
    """What the fleet consists of, and where it breaks even. The crossovers are self-hosting against the cheapest API
    option at each volume and against today's API."""
    ranked = sorted(options, key=lambda option: option.usd_per_month)
    build = best_build(ranked)
    if build is None or build.plan is None:
        if any(option.kind == "hybrid" for option in ranked):
            return f"No fleet carries all of the load; the hybrid sends its overflow to an API. {why_no_fleet}"
        return f"No self-hosted option qualifies. {why_no_fleet}"
    plan, rest_usd = build.plan, build.usd_per_month - build.plan.rent_usd_per_month
    needs = "The peak needs" if ranked[0].kind != "hybrid" else "Without an API for the overflow, the peak would need"
    fleet = (
        f"{needs} {_fleet_size(plan)} {usd(plan.rent_usd_per_month)}/month; {_other_costs(build)} for the other "
        f"{usd(rest_usd)} ({percent(rest_usd / build.usd_per_month)})."
    )
    if not any(option.is_buy for option in ranked):
        return f"{fleet} No API option with a public price is allowed."
    best = f"Against the cheapest API option at each volume, {break_even_clause(against_best, ranked)}."
    return f"{fleet} {best} Against today's API alone, {break_even_clause(against_today, ranked)}."


def _other_costs(build: Option) -> str:
    """What a fleet costs besides its machines, to be followed by "for": lines of at least a hundredth of it."""
    others = [line for line in build.lines if line.kind in OTHER_COSTS]
    least_usd = sum(line.usd_per_month for line in others) / 100
    names = [OTHER_COSTS[line.kind] for line in others if line.usd_per_month > least_usd]
    return f"{listed(names) or 'nothing'} {'account' if len(names) > 1 else 'accounts'}"


def _fleet_size(plan: FleetPlan) -> str:
    """The GPUs that the peak needs and, where they differ, those that are paid for; to be followed by their cost."""
    size = f"{plural(plan.needed_gpus // plan.regions, 'GPU')} ({plan.replicas_words})"
    if plan.regions > 1:
        size += f" in each of {plural(plan.regions, 'region')}, {count(plan.needed_gpus)} in all,"
    if plan.gpus == plan.needed_gpus:
        return f"{size} at"
    return f"{size.rstrip(',')}; {count(plan.gpus)} are paid for, because servers come whole. They cost"


def blocked_reason(context: VerdictContext) -> str:
    """Why compliance forbids the cheapest option of all; empty where it does not."""
    if context.blocked is None:
        return ""
    return f"{capital(_strictest(context.blocked).words.rstrip('.'))}. "


def _strictest(blocked: PricedPath) -> RequirementFinding:
    """Of the findings that block it, the one whose requirement leaves the fewest kinds of option; of several, one that no
    other brings with it."""
    deciding = blocked.path.deciding
    implied = {id for finding in deciding for id in finding.requirement.implies}
    return min(deciding, key=lambda f: (len(f.requirement.paths) or inf, f.requirement.id in implied))


def key_assumptions(choice: Choice) -> tuple[str, ...]:
    """Assumptions behind winner and runner-up, most important first."""
    shown = [option for option in (choice.winner, choice.runner_up) if option is not None]
    assumptions = []
    if choice.winner.kind == "hybrid":
        assumptions.append("Load over the hours is assumed log-normal between its mean and its peak.")
    if choice.winner.easy_frac:
        assumptions.append("Easy requests are taken to be as long as the others. What a router costs is not counted.")
    assumptions += [f"{name} is assumed to pass your evals. Test it first." for o in shown for name in o.assumed_models]
    assumptions += [_seller_assumption(option) for option in shown if option.is_buy]
    return tuple(dict.fromkeys(assumptions))


def _seller_assumption(option: Option) -> str:
    """What is known of an API option against the latency targets and of its uptime."""
    check = option.target_check
    rest = f"{check.uptime} Rate limits are not known." if check.uptime else "Rate limits and uptime are not known."
    if check.status == "misses":
        return f"{option.label} {check.missed} ({check.measured}). {rest}"
    if check.status == "meets":
        return f"{option.label} keeps your latency targets, as published: {check.measured}. Your own requests may differ. {rest}"
    if check.measured:
        return f"Whether {option.label} keeps your latency targets is not known. Published: {check.measured}. {rest}"
    if check.uptime:
        return f"Latency and rate limits of {option.label} are not known: no public figures. {check.uptime}"
    return f"Latency, rate limits and uptime of {option.label} are not known: no public figures."


# --- how sure ------------------------------------------------------------------------------------------------------


def confidence_sentence(
    kind: VerdictKind,
    sureness: Sureness,
    winner: Option,
    options: Sequence[Option],
    traffic: TrafficWords,
    rents_left_out: bool = False,
) -> str:
    """How sure a verdict is. `options`: all that are allowed; `rents_left_out`: no GPU price passes the filters."""
    if kind == "cannot_tell":
        return "No recommendation until this is known."
    if sureness == "clear":
        over = "traffic, throughput and staffing ranges" if traffic.has_range else "throughput and staffing ranges"
        return f"High confidence across the {over}{'' if traffic.has_range else ' (the traffic is taken as exact)'}."
    if not options:
        return "No option with a public price is allowed, so nothing can be compared."
    left_out = "Medium confidence: the base case is clear, but no GPU price passes your filters."
    unsure = _unsure(sureness, winner, options, traffic, left_out if rents_left_out else "")
    return " ".join(filter(None, (unsure, traffic.doubt)))


def _unsure(sureness: Sureness, winner: Option, options: Sequence[Option], traffic: TrafficWords, left_out: str) -> str:
    if sureness == "too_close":
        return "Too close to call with what is known."
    if ranges_overlap(winner, [option for option in options if _is_other(option, winner)]):
        return "Medium confidence: the base case is clear, but the ranges of the top two options overlap."
    if min(options, key=lambda option: option.usd_per_month).kind != winner.kind:
        return "Medium confidence: another option is cheaper today, and the growth you entered decides."
    if left_out:
        return left_out
    if traffic.doubt:
        return "Medium confidence: the base case is clear, but the traffic is not known well enough."
    return "Medium confidence: the base case is clear, but an operator that may be cheaper has not been asked yet."


def _is_other(option: Option, winner: Option) -> bool:
    """Whether an option is another answer than the winner, not a variant of it."""
    return option.is_buy != winner.is_buy or (option.kind in STAYS) != (winner.kind in STAYS)
