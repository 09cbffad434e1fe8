"""The decision for each API model's traffic alone, where several models are in use."""

import pandas as pd
import streamlit as st

from calculators.evaluate import Evaluation
from calculators.report.by_model import by_model_sentence, choices_by_model
from calculators.units import percent, usd_column
from pages.shared.state import by_model, escape


def by_model_table(result: Evaluation) -> None:
    """Cost today and best option of each model's traffic, under the sentence that compares them with one option for all;
    nothing where one model answers everything."""
    alone = by_model(result)
    if not alone:
        return
    choices = choices_by_model(result, alone)
    st.subheader("Each API model's traffic alone")
    st.markdown(f"**{escape(by_model_sentence(result, choices))}**")
    amounts = [(one.today_usd_per_month, one.usd_per_month, one.saving_usd_per_month) for one in choices]
    costs = iter(usd_column([amount for row in amounts for amount in row]))
    rows = [  # four columns: more do not fit on a phone
        {
            "Traffic of": escape(f"{choice.model}, {percent(choice.requests_frac)} of requests"),
            "Today": escape(today),
            "Best option for it": escape(f"{choice.choice}: {then}"),
            "Saves": escape(saved),
        }
        for choice, today, then, saved in zip(choices, costs, costs, costs, strict=True)
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    st.caption(
        "USD per month. Each row alone: the other models stay as they are. Lengths and peaks of a part are scaled from the whole."
    )
