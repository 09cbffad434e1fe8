"""The decision for each API model's traffic alone, where several models are in use."""

import pandas as pd
import streamlit as st

from calculators.evaluate import Evaluation
from calculators.report.by_model import by_model_sentence, choices_by_model
from calculators.units import percent, usd
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
    rows = [
        {
            "Traffic of": escape(choice.model),
            "Requests": percent(choice.requests_frac),
            "Today per month": escape(usd(choice.today_usd_per_month)),
            "Best option for it": escape(choice.choice),
            "Then per month": escape(usd(choice.usd_per_month)),
            "Saves per month": escape(usd(choice.saving_usd_per_month)),
        }
        for choice in choices
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
    st.caption(
        "Each row alone: the other models stay as they are. Lengths and peaks of a part are scaled from the whole."
    )
