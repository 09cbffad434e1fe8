"""Sentences on the months of the plan: totals, net present value and payback of the options."""

from collections.abc import Sequence

from calculators.evaluate import Evaluation
from calculators.horizon.finance import first_payback_month
from calculators.horizon.months import OptionMonths
from calculators.options.option import Option, OptionKind
from calculators.scenario.outlook import Outlook
from calculators.units import listed, percent, plural, signed_percent, usd

LARGEST_TOLD_RETURN = 10.0
SAME_USD = 0.5
"""Totals nearer than this are told as the same."""
CHANGES = tuple(name for name in Outlook.model_fields if name.endswith("_change_per_year_frac"))
PAID_FOR: dict[OptionKind, str] = {
    "api_today": "at today's API",
    "api_optimised": "at today's API with discounts",
    "resold_api": "for the same model at another seller",
    "step_down": "for a cheaper model of the same maker",
    "hosted_open": "for a hosted open model",
    "routed_api": "with easy requests on a small model",
    "self_host": "on rented GPUs",
    "own_hardware": "on purchased servers",
    "hybrid": "for a hybrid",
}
NOT_IN_TOTALS = (
    "Ranges: every figure here is the central estimate. The Verdict page shows the range of each option.",
    "Taxes, and what depreciation saves in taxes.",
    "Pay rises: an engineer costs the same in every month.",
    "Everything after the last month, but for the rest of terms that machines are rented for.",
    "The cost of moving back, and what delays and outages cost your product.",
    "Discounts that you could negotiate, and price changes that nobody has announced or expects.",
)
"""What no total holds."""


def horizon_sentence(evaluation: Evaluation) -> str:
    """The option with the lowest total over the horizon, against today's API."""
    horizon, best = evaluation.horizon, evaluation.horizon.cheapest
    span = f"Over {plural(horizon.months, 'month')}"
    if not horizon.options:
        return f"{span}, no option with a public price is allowed or serves all of the volume."
    if best.option is evaluation.today:
        return f"{span}, no option costs less in total than today's API, {best.option.label}: {usd(best.tco_usd)}."
    return (
        f"{span}, {best.option.label} costs {usd(best.tco_usd)} in total, {_against_today(best, evaluation)}"
        f"{_condition(best.option)}; {_paid_back(best)}."
    )


def self_hosting_sentence(evaluation: Evaluation) -> str:
    """Where self-hosting stands over the horizon: its total and payback, and from when it costs less than every API option."""
    horizon = evaluation.horizon
    builds = [one for one in horizon.options if not one.option.is_buy]
    if not builds:
        missing = evaluation.no_fleet or evaluation.outgrown
        assert missing is not None
        return missing.words if evaluation.build is not None else f"No self-hosted option qualifies. {missing.words}"
    serving = [one for one in builds if one.serves_from_month < horizon.months]
    if not serving:
        return (
            f"No self-hosted option serves within {plural(horizon.months, 'month')}: hiring or delivery takes longer, and an API is paid "
            "until then."
        )
    best, parts = serving[0], list[str]()
    if best is not horizon.cheapest:
        parts = [
            f"The best self-hosted option, {best.option.label}, costs {usd(best.tco_usd)} in total, "
            f"{_against_today(best, evaluation)}; {_paid_back(best)}."
        ]
    elif buy := next((one for one in horizon.options if one.option.is_buy and one is not horizon.today), None):
        parts = [f"The best API option, {buy.option.label}, costs {usd(buy.tco_usd)} in total."]
    return " ".join([*parts, _durable_sentence(evaluation)]).strip()


def _durable_sentence(evaluation: Evaluation) -> str:
    """From which month self-hosting costs less than every API option; empty where one side has no option."""
    horizon = evaluation.horizon
    if not any(one.option.is_buy for one in horizon.options):
        return ""
    match horizon.durable_month:
        case None:
            return (
                "Self-hosting does not become permanently cheaper than the cheapest API option within "
                f"{plural(horizon.months, 'month')}."
            )
        case 1:
            return "Self-hosting is cheaper than every API option from the first month on."
        case month:
            return f"From month {month} on, self-hosting stays cheaper than every API option."


def _against_today(one: OptionMonths, evaluation: Evaluation) -> str:
    """A total against that of today's API: $2.17M less than today's API."""
    saved, barred = float(one.saved_usd.sum()), evaluation.today_barred
    today = f"today's API ({barred})" if barred else "today's API"
    if abs(saved) < SAME_USD:
        return f"as much as {today}"
    return f"{usd(abs(saved))} {'less' if saved > 0 else 'more'} than {today}"


def _condition(option: Option) -> str:
    """What a total is subject to: a model that has not passed the user's evals yet."""
    models = option.assumed_models
    return f", if {'they pass' if len(models) > 1 else 'it passes'} your evals" if models else ""


def _paid_back(one: OptionMonths) -> str:
    return "; ".join(filter(None, (payback_clause(one), outgrown_clause(one))))


def payback_clause(one: OptionMonths) -> str:
    """When an option pays back, as part of a sentence."""
    months = len(one.cost_usd)
    if one.is_payback_undone:
        reasons = _undone_by(one)
        verb = "undo" if len(reasons) > 1 or reasons[0].endswith("s") else "undoes"
        return f"it pays back in month {first_payback_month(one.saved_usd)}, but {listed(reasons)} {verb} it"
    match one.payback_month:
        case None:
            return f"it does not pay back within {plural(months, 'month')}"
        case 0:
            return "it never costs more than today's API"
        case 1:
            return "it pays back in the first month"
        case month:
            return f"it pays back in month {month}"


def _undone_by(one: OptionMonths) -> list[str]:
    """What takes a payback away again: cheaper tokens at today's API, less volume, or neither."""
    per_tok = one.today_cash_usd[1:] / one.tok_per_month
    reasons = ["falling API prices"] if per_tok[-1] < per_tok[0] * (1 - 1e-6) else []
    reasons += ["falling volume"] if one.tok_per_month[-1] < one.tok_per_month[0] * (1 - 1e-6) else []
    return reasons or ["later months"]


def payback_cell(month: int | None, is_undone: bool = False) -> str:
    """A payback in a column: month 7; from the start; never within the horizon; undone."""
    if month is None:
        return "undone later" if is_undone else "not within the horizon"
    return f"month {month}" if month else "from the start"


def return_cell(one: OptionMonths) -> str:
    """The internal rate of return of a purchase; empty where there is none. Where today's API costs so much that a purchase pays
    back at once, only that it is large."""
    per_year_frac = one.return_per_year_frac
    if per_year_frac is None:
        return ""
    return f"over {percent(LARGEST_TOLD_RETURN)}" if per_year_frac > LARGEST_TOLD_RETURN else percent(per_year_frac)


def winner_line(evaluation: Evaluation) -> str:
    """Total, net present value and payback of the recommended option, in a line; empty where volume outgrows it."""
    winner = evaluation.verdict.winner
    months = evaluation.horizon.of(winner)
    if months is None:
        return ""
    span = f"Over {plural(evaluation.horizon.months, 'month')}, {winner.label} costs {usd(months.tco_usd)} in total"
    if winner is evaluation.today:
        return f"{span}."
    worth = f"net present value against today's API {usd(months.npv_usd)}"
    return f"{span}, {_against_today(months, evaluation)}; {worth}; {_paid_back(months)}."


def outgrown_clause(one: OptionMonths) -> str:
    """From which month an API takes what volume is more than a fleet carries, as a clause; empty where it carries all months."""
    if one.outgrown_month is None:
        return ""
    return f"from month {one.outgrown_month} on, an API takes what your limit of GPUs leaves"


def uses_own_gpus(option: Option) -> bool:
    """Whether a rented fleet runs on GPUs that the user already has, and rents more as volume needs them."""
    return option.kind == "self_host" and option.plan is not None and option.plan.held_machines > 0


def paid_for(option: Option) -> str:
    """What a total is paid for, to follow the amount."""
    return "on your GPUs, then rented ones" if uses_own_gpus(option) else PAID_FOR[option.kind]


def cash_takeaway(shown: Sequence[OptionMonths], evaluation: Evaluation) -> str:
    """What the chart of cumulative cash shows, in a sentence."""
    paid = listed([f"{usd(one.tco_usd)} {paid_for(one.option)}" for one in shown])
    return f"Paid by the end of month {evaluation.horizon.months}: {paid}."


def change_sentence(evaluation: Evaluation) -> str:
    """Whether months differ at all."""
    if evaluation.horizon.is_flat:
        return (
            "No change is entered, announced or expected within the horizon: every month has today's volume and prices, and "
            "only one-off costs differ."
        )
    outlook, growth = evaluation.scenario.outlook, evaluation.scenario.workload.growth_per_month_frac
    words = [f"{signed_percent(growth)} volume per month"] if growth else []
    words += ["the steps in volume that you entered"] if outlook.volume_steps else []
    words += ["the changes of prices per year"] if any(getattr(outlook, name) for name in CHANGES) else []
    words += ["moves to newer models"] if outlook.model_generations else []
    return f"What differs between months: {listed([*words, 'announced prices from their day on'])}."


def outgrown_sentence(evaluation: Evaluation) -> str:
    """Allowed options that the totals leave out because volume outgrows them; empty where none is."""
    lost = [option for option in evaluation.allowed if evaluation.horizon.of(option) is None]
    if not lost:
        return ""
    verb = "is" if len(lost) == 1 else "are"
    return f"{plural(len(lost), 'option')} {verb} left out: volume outgrows {'it' if len(lost) == 1 else 'them'} within the horizon."
