"""What the page Which techniques shows: quick wins, every technique with the user's choice, the thresholds."""

from collections.abc import Sequence

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.techniques import Framework
from calculators.techniques.advice import TechniqueTrial
from calculators.techniques.quick_wins import QuickWin
from calculators.units import count, significant
from pages.shared.state import escape
from pages.shared.widgets import source_line

PINS = {"auto": "Automatic", "in": "Include", "out": "Exclude"}


def quick_win_list(wins: Sequence[QuickWin]) -> None:
    """Savings on today's API, one line each."""
    for win in wins:
        st.markdown(f"- **{escape(win.name)}**: {escape(win.sentence)}")
    if wins:
        st.caption("Each saving is alone, on the API you use today; together they save less than their sum.")


def trial_row(trial: TechniqueTrial, is_open: bool) -> None:
    """One technique: in or out and why, its effort, and the user's choice, which is closed if the model cannot use it."""
    step = trial.move
    mark = ":material/check_circle:" if trial.kept else ":material/cancel:"
    effort = f"Effort: {step.work}. Requires {step.requires}."
    text, choice = st.columns([4, 2], vertical_alignment="center")
    text.markdown(f"{mark} **{escape(step.name)}.** {escape(trial.reason)} {escape(effort)}")
    key = f"framework.{step.id}"
    choice.segmented_control(
        f"Choice for {step.name}",
        list(PINS),
        format_func=PINS.get,
        key=key,
        default="auto" if key not in st.session_state else None,
        persist_state="session",
        required=True,
        disabled=not is_open,
        label_visibility="collapsed",
        help=help_text("serving technique"),
    )


def thresholds(known: Framework) -> None:
    """Every threshold with its range, meaning and source."""
    limits = known.thresholds
    for name in type(limits).model_fields:
        rule = getattr(limits, name)
        write = count if rule.central >= 1_000 else significant
        low, central, high = (write(value) for value in (rule.low, rule.central, rule.high))
        text = escape(f"{central} ({low} to {high}) {rule.unit}: {rule.what}.")
        st.markdown(f"{text} {source_line(known.sources[rule.source])} · {rule.confidence} confidence")
