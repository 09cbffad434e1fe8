"""What the Verdict page shows: four metrics, the sensitivity table, the cost breakdown of an option."""

from typing import Any

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import expanded
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.report.catalog_view import option_terms
from calculators.report.horizon_text import payback_cell
from calculators.report.phase_view import speed_basis
from calculators.scenario.inputs import Inputs
from calculators.units import count, listed, milliseconds, percent, plural, usd, usd_column
from pages.shared.figures.cost import shown_options
from pages.shared.state import catalog, escape
from pages.shared.widgets import cost_range, cost_table, source_line

NO_PRICE = "No API option with a public price is known to be allowed under your requirements."


def metric_row(result: Evaluation) -> None:
    """Current API spend, the cheapest API option, the cheapest self-hosted option and the break-even volume."""
    build, buy, today = result.build, result.buy, result.today
    has_buy = result.today_allowed or buy is not today
    spend, api, fleet, volume = st.columns([10, 10, 12, 10])  # the third label is the longest
    with spend:
        _metric("Current API spend", usd(today.usd_per_month), _in_full(today), unit=f"{result.spend_basis}, per month")
    with api:
        _option_metric("Cheapest API option", buy if has_buy else None, NO_PRICE, today)
    with fleet:
        _option_metric("Cheapest self-hosted option", build, result.verdict.reason, today)
    durable, reason = result.crossover.durable_req_per_month, result.crossover.reason
    with volume:
        why = f"Requests/month from which self-hosting stays cheaper than the cheapest API option: {reason}."
        _metric("Break-even volume", break_even_words(durable), why, unit="requests/month" if durable else None)


def break_even_words(requests_per_month: float | None) -> str:
    """A break-even volume, or that there is none."""
    if requests_per_month is None:
        return "never"
    return count(requests_per_month) if requests_per_month > 0 else "any volume"


def _option_metric(label: str, option: Option | None, why_none: str, today: Option) -> None:
    """Monthly cost of an option and its difference to today's bill."""
    if option is None:
        _metric(label, "none", why_none)
    elif option is today:
        _metric(label, usd(option.usd_per_month), _in_full(option), unit="per month")
    else:
        gap = option.usd_per_month - today.usd_per_month
        sign = "-" if gap < 0 else "+"  # Streamlit reads the direction from an ASCII sign
        delta = f"{sign}{usd(abs(gap))}/month vs. today"
        cost = usd(option.usd_per_month)
        st.metric(label, cost, delta, "inverse", border=True, height="stretch", help=escape(_in_full(option)))


def _metric(label: str, value: str, help: str, unit: str | None = None) -> None:
    st.metric(label, value, unit, "off", delta_arrow="off", border=True, height="stretch", help=escape(help))


def _in_full(option: Option) -> str:
    """An option with the names of its models in the price list, where those are longer."""
    return f"{option.label}. {_names_in_list(option)}".strip()


def _names_in_list(option: Option) -> str:
    offers = option.bill.offers if option.bill else ()
    names = [offer.model for offer in offers if offer.model != offer.short_model]
    return f"In the price list: {listed(names)}." if names else ""


def _per_month(option: Option) -> str:
    return f"{usd(option.usd_per_month)}/month"


def sensitivity_table(sensitivity: DecisionSensitivity) -> None:
    """The nearest values at which the decision changes, the inputs that cannot change it, and when to revisit it."""
    if sensitivity.rows:
        rows = [(row.what, row.now, row.flips_at, row.becomes) for row in sensitivity.rows]
        header = ["Input", "Now", "Decision changes when it", "Decision then"]
        table = pd.DataFrame([map(escape, row) for row in rows], columns=header)
        st.table(table, hide_index=True, border="horizontal")
    st.markdown(escape(f"{sensitivity.unswitched} {sensitivity.review}".strip()))


def options_table(result: Evaluation) -> None:
    """Each option now, over the horizon, and when it pays back."""
    options = shown_options(result)
    months = [result.horizon.of(option) for option in options]
    rows = {  # four columns: more do not fit on a phone
        "Option": [escape(result.label_of(option)) for option in options],
        "Per month": [escape(cost) for cost in usd_column([option.usd_per_month for option in options])],
        f"{result.horizon.months}-month total": [
            escape(cost) for cost in usd_column([one.tco_usd if one else None for one in months])
        ],
        "Payback": [
            "" if option is result.today or one is None else payback_cell(one.payback_month, one.is_payback_undone)
            for option, one in zip(options, months, strict=True)
        ],
    }
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def cost_breakdown(option: Option, result: Evaluation) -> None:
    """Every cost line of an option, then what a replica carries or what a token costs."""
    with st.expander(escape(f"{result.label_of(option)}: {_per_month(option)} ({cost_range(option)})")):
        cost_table(option)
        if option.plan:
            config = option.plan.config
            gpu, model = config.gpu.sources[config.gpu.memory.source], config.model.sources[config.model.shape.source]
            st.markdown(escape(_replica_sentence(option, result)))
            st.caption(f"GPU profile: {source_line(gpu)} · model shape: {source_line(model)}")
        if option.bill:
            st.markdown(escape(f"{_price_sentence(option.bill)} {_names_in_list(option)}"))
            for term in option_terms(option, catalog()):
                st.caption(escape(term))


def _price_sentence(bill: Any) -> str:
    """Prices of a million tokens and of a request; of several models the latter alone."""
    each = f"Per request: {usd(bill.usd_per_request)}."
    if bill.parts:
        return f"{bill.working} {each}"
    rates = bill.rates[0]
    return (
        f"Per million tokens: {usd(rates.input_usd_per_mtok)} input, {usd(rates.cache_read_usd_per_mtok)} cached input, "
        f"{usd(rates.output_usd_per_mtok)} output. {each}"
    )


def _replica_sentence(option: Option, result: Evaluation) -> str:
    plan = option.plan
    assert plan is not None
    capacity = plan.capacity
    return (
        f"One replica ({plan.config.label}) serves {plural(capacity.req_s, 'request')}/s at a batch size of "
        f"{count(round(capacity.batch))}: {expanded('TPOT')} {milliseconds(capacity.tpot_ms)}, {expanded('TTFT')} p95 "
        f"{milliseconds(capacity.ttft_p95_ms)}; the binding constraint is the {capacity.limit_words}. The peak is "
        f"{plural(result.demand.peak_req_s, 'request')}/s: {plan.replicas_words}."
    )


def accuracy_sentence(result: Evaluation) -> str:
    """What the throughput rests on, how far modeled throughput was off on published runs, and what the ranges assume."""
    fit, plan = catalog().efficiencies, result.build.plan if result.build else None
    inputs = Inputs(result.scenario, result.demand, catalog())
    launched = "tuned engines" if result.scenario.hardware.launch == "tuned" else "engines as they ship"
    basis = f"Throughput is modeled, of {launched}."
    if plan and speed_basis(plan.config, inputs) == "measured":
        basis = "Throughput is modeled and corrected by your own measurement."
    return (
        f"{basis} On published runs that the fit had not seen, the median {expanded('TPOT')} error was "
        f"{percent(fit.tpot_error_median_frac)}. The cost ranges take the range in which 80% of such runs lay, by engine, kind of "
        "model and how well the GPU is measured, that of the engine's launch, and what your own measurement narrows. See Model "
        "accuracy. The range of an option also holds that of the traffic, which moves all options together; the ranges of its "
        "lines do not."
    )
