"""What the page Cost over time shows: totals of each option, the months as a file, and what they rest on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import expanded, help_text
from calculators.evaluate import Evaluation
from calculators.horizon.months import OptionMonths
from calculators.report.horizon_text import NOT_IN_TOTALS, change_sentence, outgrown_sentence, payback_cell
from calculators.report.horizon_view import costs_of_tokens, months_csv
from calculators.report.outlook_view import outlook_rows
from calculators.units import percent, usd_column
from pages.shared.state import catalog, escape

FIRST = st.column_config.Column(width=210, pinned=True)
NPV, IRR = "NPV against today's API", "IRR per year"
PER_MTOK = ("USD per million tokens", "Input tokens", "Output tokens", "At full load")
COLUMN_TERMS = {
    "Per month now": "cost line",
    NPV: "NPV",
    "Payback": "payback",
    "Discounted payback": "discounted payback",
    "Peak cash": "peak cash",
    IRR: "IRR",
    PER_MTOK[0]: "USD per million tokens, blended",
    PER_MTOK[1]: "USD per million input or output tokens",
    PER_MTOK[2]: "USD per million input or output tokens",
    PER_MTOK[3]: "USD per million tokens at full load",
}


def totals_table(shown: Sequence[OptionMonths], result: Evaluation) -> None:
    """Totals, present value, payback and price of a million tokens of each option."""
    tokens = costs_of_tokens(result, catalog())
    costs = [tokens.get((one.option.kind, one.option.label)) for one in shown]
    fields = ("blended", "input", "output", "full")
    total = f"{result.horizon.months}-month total"
    table = pd.DataFrame(
        {
            "Option": [result.label_of(one.option) for one in shown],
            "Per month now": usd_column([one.option.usd_per_month for one in shown]),
            total: usd_column([one.tco_usd for one in shown]),
            NPV: usd_column([None if one is result.horizon.today else one.npv_usd for one in shown]),
            "Payback": [_payback(one, result) for one in shown],
            "Discounted payback": [_payback(one, result, is_discounted=True) for one in shown],
            "Peak cash": usd_column([None if one is result.horizon.today else one.peak_cash_usd for one in shown]),
            IRR: [_irr(one) for one in shown],
            **{
                name: usd_column([getattr(cost, f"{field}_usd_per_mtok") if cost else None for cost in costs])
                for name, field in zip(PER_MTOK, fields, strict=True)
            },
        }
    )
    columns = {name: st.column_config.TextColumn(help=help_text(term)) for name, term in COLUMN_TERMS.items()}
    columns[total] = st.column_config.TextColumn(help=help_text("TCO"))
    st.dataframe(table, hide_index=True, column_config={"Option": FIRST, **columns})
    st.caption(
        f"Total: {expanded('TCO')}, less what servers sell for. {expanded('NPV')}. {expanded('IRR')}, of purchases only; empty "
        "where no rate is unique. Tokens are priced at today's load; the columns after them split the price by input and output, "
        "and show it with every replica busy all month."
    )
    st.caption(escape(f"{change_sentence(result)} {outgrown_sentence(result)}".strip()))


def _payback(one: OptionMonths, result: Evaluation, is_discounted: bool = False) -> str:
    if one is result.horizon.today:
        return ""
    if is_discounted:
        return payback_cell(one.discounted_payback_month)
    return payback_cell(one.payback_month, one.is_payback_undone)


def _irr(one: OptionMonths) -> str:
    return "" if one.return_per_year_frac is None else percent(one.return_per_year_frac)


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
    st.dataframe(pd.DataFrame(rows).fillna(""), hide_index=True, column_config=columns)
    st.markdown("**What the totals leave out**")
    st.markdown("\n".join(f"- {escape(text)}" for text in NOT_IN_TOTALS))
