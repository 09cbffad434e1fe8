"""What the page Workload shows of a file of usage: token lengths, peaks, and what was read and assumed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from calculators.scenario.demand import Lengths, above_mean_fracs
from calculators.units import capital, count, percent, plural, significant
from pages.shared.figures.traffic import length_chart
from pages.shared.state import escape
from pages.shared.widgets import BASIS_WORDS

LISTS = {"read": "Read", "inferred": "Inferred", "assumed": "Assumed", "missing": "Not in the file"}
PERCENTILES = {"Mean": "mean_tok", "Median": "p50_tok", "p95": "p95_tok", "p99": "p99_tok", "Longest": "max_tok"}


def length_distribution(lengths: Lengths) -> None:
    """Share of requests and of tokens by input length, under the sentence that says how unequal they are."""
    requests, tokens = above_mean_fracs(lengths)
    sentence = f"{percent(requests)} of requests are longer than the mean and carry {percent(tokens)} of input tokens."
    st.subheader("Token length distribution")
    st.markdown(escape(sentence))
    figure = length_chart(lengths.input_tok.tolist(), lengths.output_tok.tolist(), lengths.share_frac.tolist())
    st.plotly_chart(figure, alt=sentence, key="lengths")


def log_details(usage: Mapping[str, Any]) -> None:
    """Lengths and peaks of a log of requests, given as plain values of a `UsageBlock`."""
    st.markdown("**Token lengths and peaks**")
    st.markdown(escape(f"The busiest minute carries {significant(usage['peaks'][0]['ratio'])} times the average load."))
    st.dataframe(pd.DataFrame(_length_rows(usage)), hide_index=True)
    st.dataframe(pd.DataFrame(_peak_rows(usage)), hide_index=True)


def reading_lists(usage: Mapping[str, Any], name: str) -> None:
    """What was read of a file and inferred, beside what was assumed and what it does not hold. The name of the file keeps its
    spelling."""
    left, right = st.columns(2, gap="large")
    for place, titles in ((left, ("read", "inferred")), (right, ("assumed", "missing"))):
        for key in titles:
            if sentences := usage[key]:
                title = LISTS[key]
                place.markdown(f"**{title}**")
                starts = [sentence if sentence.startswith(name) else capital(sentence) for sentence in sentences]
                place.markdown("\n".join(f"- {escape(sentence)}" for sentence in starts))


def _length_rows(usage: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"Tokens per request": name} | {title: count(usage[key][field]) for title, field in PERCENTILES.items()}
        for name, key in (("Input", "input_lengths"), ("Output", "output_lengths"))
    ]


def _peak_rows(usage: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "Window": plural(peak["window_s"] // 60, "minute"),
            "Peak-to-average, requests": significant(peak["ratio"]),
            "Peak-to-average, tokens": significant(peak["tokens_ratio"]),
            "Basis": BASIS_WORDS[peak["basis"]],
            "Details": peak["why"],
        }
        for peak in usage["peaks"]
    ]
