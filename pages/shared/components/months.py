"""What the page Cost over time shows: totals of each option, the months as a file, and what they rest on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import expanded, help_text
from calculators.evaluate import Evaluation
from calculators.horizon.months import OptionMonths
from calculators.report.horizon_text import NOT_IN_TOTALS, change_sentence, outgrown_sentence, payback_cell, return_cell
from calculators.report.horizon_view import costs_of_tokens, months_csv
from calculators.report.outlook_view import outlook_rows
from calculators.units import usd_column
from pages.shared.figures.cost import NAME
from pages.shared.state import catalog, escape

FIRST = st.column_config.Column(width=215, pinned=True)
SHORT_NAME = {**NAME, "hybrid": "Hybrid"}
KIND, FULL = "Option", "In full"
NPV, IRR = "NPV vs. today's API", "IRR per year"
PER_MTOK = ("USD/Mtok, blended", "Input", "Output", "At full load")
COLUMN_TERMS = {
    "Per month now": "cost line",
    NPV: "NPV",
    "Payback": "payback",
    "Peak cash": "peak cash",
    IRR: "IRR",
    PER_MTOK[0]: "USD per million tokens, blended",
    PER_MTOK[1]: "USD per million input or output tokens",
    PER_MTOK[2]: "USD per million input or output tokens",
    PER_MTOK[3]: "USD per million tokens at full load",
}


def totals_table(shown: Sequence[OptionMonths], result: Evaluation, is_every: bool) -> None:
    """Totals, present value, payback and price of a million tokens of each option. One of each kind is told by its kind, as in the
    chart; where every option is listed, its full name comes second."""
    total, today = f"{result.horizon.months}-month total", result.horizon.today
    table = pd.DataFrame(
        {
            KIND: [SHORT_NAME[one.option.kind] for one in shown],
            "Per month now": usd_column([one.option.usd_per_month for one in shown]),
            total: usd_column([one.tco_usd for one in shown]),
            NPV: usd_column([None if one is today else one.npv_usd for one in shown]),
            "Payback": ["" if one is today else _payback(one) for one in shown],
            "Peak cash": usd_column([None if one is today else one.peak_cash_usd for one in shown]),
            IRR: [return_cell(one) for one in shown],
            **_token_columns(shown, result),
            FULL: [result.label_of(one.option) for one in shown],
        }
    )
    if not any(one.option.kind == "own_hardware" for one in shown):
        table = table.drop(columns=IRR)
    order = [KIND, FULL, *(name for name in table if name not in (KIND, FULL))] if is_every else list(table)
    columns = {name: st.column_config.TextColumn(help=help_text(term)) for name, term in COLUMN_TERMS.items()}
    columns[total] = st.column_config.TextColumn(help=help_text("TCO"))
    st.dataframe(table[order], hide_index=True, column_config={KIND: FIRST, **columns}, height="content")
    st.caption(
        f"Total: {expanded('TCO')}, less what servers sell for. {expanded('NPV')}. {expanded('IRR')}, of purchases only; empty "
        "where no rate is unique. Payback is told discounted too where that is another month. USD/Mtok: USD per million tokens "
        "at today's load, split into input and output, and with every replica busy all month."
    )
    st.caption(escape(f"{change_sentence(result)} {outgrown_sentence(result)}".strip()))


def _token_columns(shown: Sequence[OptionMonths], result: Evaluation) -> dict[str, list[str]]:
    tokens = costs_of_tokens(result, catalog())
    costs = [tokens.get((one.option.kind, one.option.label)) for one in shown]
    return {
        name: usd_column([getattr(cost, f"{field}_usd_per_mtok") if cost else None for cost in costs])
        for name, field in zip(PER_MTOK, ("blended", "input", "output", "full"), strict=True)
    }


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
    """Each value that the months assume, with its range, source, day and confidence."""
    rows = [
        {
            "Assumption": row.what,
            "Used": row.used,
            "Basis": row.basis,
            "Range seen": row.span,
            "Confidence": row.confidence or "",
            "As of": str(row.source.accessed) if row.source else "",
            "Source": row.source.title if row.source else "",
            "Link": row.source.url if row.source else None,
            "What it is": row.why,
        }
        for row in outlook_rows(result.scenario, catalog())
    ]
    columns = {
        "Assumption": st.column_config.Column(pinned=True),
        "Link": st.column_config.LinkColumn(display_text="open"),
    }
    st.dataframe(pd.DataFrame(rows).fillna(""), hide_index=True, column_config=columns, height="content")
    st.markdown("**What the totals leave out**")
    st.markdown("\n".join(f"- {escape(text)}" for text in NOT_IN_TOTALS))
