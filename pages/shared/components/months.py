"""What the page Cost over time shows: totals of each option, the months as a file, and what they rest on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.base import Source
from calculators.catalog.glossary import expanded, help_text
from calculators.evaluate import Evaluation
from calculators.horizon.months import OptionMonths
from calculators.report.horizon_text import NOT_IN_TOTALS, change_sentence, outgrown_sentence, payback_cell, return_cell
from calculators.report.horizon_view import costs_of_tokens, months_csv
from calculators.report.outlook_view import OutlookRow, outlook_rows
from calculators.units import capital, usd_column
from pages.shared.figures.months import option_name
from pages.shared.state import catalog, escape
from pages.shared.widgets import source_line

KIND, FULL = "Option", "In full"
NPV, IRR = "NPV vs. today's API", "IRR per year"
PER_MTOK = {"Blended": "blended", "Input": "input", "Output": "output", "At full load": "full"}
TOKEN_TERMS = (
    "USD per million tokens, blended",
    "USD per million input or output tokens",
    "USD per million tokens at full load",
)


def totals_table(shown: Sequence[OptionMonths], result: Evaluation, is_every: bool) -> None:
    """Totals, present value and payback of each option; one of each kind is told by its kind, as in the chart, and every option by
    its full name."""
    total, today = f"{result.horizon.months}-month total", result.horizon.today
    table = pd.DataFrame(
        {
            KIND: _names(shown, result, is_every),
            "Per month now": usd_column([one.option.usd_per_month for one in shown]),
            total: usd_column([one.tco_usd for one in shown]),
            NPV: usd_column([None if one is today else one.npv_usd for one in shown]),
            "Payback": ["" if one is today else _payback(one) for one in shown],
            "Peak cash": usd_column([None if one is today else one.peak_cash_usd for one in shown]),
            IRR: [return_cell(one) for one in shown],
        }
    )
    if not any(one.option.kind == "own_hardware" for one in shown):
        table = table.drop(columns=IRR)
    st.markdown("**Totals**", help=_terms("TCO", "NPV", "payback", "peak cash", "IRR"))
    st.table(table.map(escape), hide_index=True, border="horizontal")
    st.caption(
        f"Total: {expanded('TCO')}, less what servers sell for. {expanded('NPV')}. {expanded('IRR')}, of purchases only; empty "
        "where no rate is unique. Payback is told discounted too where that is another month."
    )
    st.caption(escape(f"{change_sentence(result)} {outgrown_sentence(result)}".strip()))


def token_table(shown: Sequence[OptionMonths], result: Evaluation, is_every: bool) -> None:
    """Price of a million tokens of each option, which is told by its kind and full name, as in the table of totals."""
    tokens = costs_of_tokens(result, catalog())
    costs = [tokens.get((one.option.kind, one.option.label)) for one in shown]
    table = {
        KIND: _names(shown, result, is_every),
        **({} if is_every else {FULL: _names(shown, result, is_every=True)}),
        **{
            name: usd_column([getattr(cost, f"{field}_usd_per_mtok") if cost else None for cost in costs])
            for name, field in PER_MTOK.items()
        },
    }
    st.markdown("**USD per million tokens**", help=_terms(*TOKEN_TERMS))
    st.table(pd.DataFrame(table).map(escape), hide_index=True, border="horizontal")
    st.caption("At today's load, split into input and output; at full load: with every replica busy all month.")


def _names(shown: Sequence[OptionMonths], result: Evaluation, is_every: bool) -> list[str]:
    if is_every:
        return [result.label_of(one.option) for one in shown]
    return ["Hybrid" if one.option.kind == "hybrid" else option_name(one.option) for one in shown]


def _terms(*terms: str) -> str:
    """The help of several terms, of which each names itself."""
    return "\n\n".join(map(help_text, terms))


def _payback(one: OptionMonths) -> str:
    """Month of payback, and of discounted payback where that is another one."""
    plain = payback_cell(one.payback_month, one.is_payback_undone)
    discounted = payback_cell(one.discounted_payback_month)
    return plain if one.payback_month == one.discounted_payback_month else f"{plain} (discounted: {discounted})"


def months_download(result: Evaluation) -> None:
    """Every option month by month as a file."""
    start = result.scenario.as_of
    st.download_button(
        "Download the months (CSV)",
        months_csv(result.horizon, start),
        f"months-{start}.csv",
        "text/csv",
        icon=":material/download:",
        help="Cost and cash of every allowed option in each month, with requests and cumulative cash.",
    )


def assumptions_table(result: Evaluation) -> None:
    """Each value that the months assume with its range, and where it comes from."""
    rows = outlook_rows(result.scenario, catalog())
    table = [
        {
            "Assumption": row.what,
            "Used": row.used,
            "Range seen": row.span,
            "Basis": row.basis,
            "Confidence": row.confidence or "",
        }
        for row in rows
    ]
    st.table(pd.DataFrame(table).map(escape), hide_index=True, border="horizontal")
    with st.expander("Where these come from", icon=":material/link:"):
        sources_list([(row.what, row) for row in rows])
    st.markdown("**What the totals leave out**")
    st.markdown("\n".join(f"- {escape(text)}" for text in NOT_IN_TOTALS))


def sources_list(rows: Sequence[tuple[str, OutlookRow]]) -> None:
    """What each value is, under its name, with range, source, day and confidence; those without a source are left out."""
    st.markdown(
        "\n".join(f"- **{escape(name)}**: {_source_words(row, row.source)}" for name, row in rows if row.source)
    )


def _source_words(row: OutlookRow, source: Source) -> str:
    span = f"; seen: {row.span}" if row.span else ""
    confidence = f"; {row.confidence} confidence" if row.confidence else ""
    return (
        f"{escape(f'{row.used} ({row.basis}{span}). {capital(row.why)}.')} Source: {source_line(source)}{confidence}."
    )
