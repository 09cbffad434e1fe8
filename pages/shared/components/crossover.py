"""What the Crossover page shows: self-hosting against each API option, and the cost at a chosen volume."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.units import capital, count, percent, plural, usd
from pages.shared.components.verdict import break_even_words

MOST_OPTIONS = 7
COLUMN_TERMS = {
    "First break-even (requests/month)": "first break-even",
    "Permanent break-even (requests/month)": "permanent break-even",
    "Crossings": "crossings",
    "Break-even utilization": "break-even utilization",
    "Maximum utilization": "maximum utilization",
}


def crossover_table(result: Evaluation) -> None:
    """Break-even volumes and utilization of self-hosting against each API option."""
    rows = [
        {
            "API option": result.label_of(option),
            "First break-even (requests/month)": break_even_words(crossover.first_req_per_month),
            "Permanent break-even (requests/month)": break_even_words(crossover.durable_req_per_month),
            "Crossings": count(len(crossover.crossings)),
            "Break-even utilization": utilization_words(crossover),
            "Maximum utilization": percent(crossover.busy_frac),
            "Why": f"{capital(crossover.reason)}.",
        }
        for option, crossover in result.crossovers
    ]
    columns = {name: st.column_config.TextColumn(help=help_text(term)) for name, term in COLUMN_TERMS.items()}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)


def limit_sentence(result: Evaluation) -> str:
    """The most that the allowed GPUs serve; empty without a fleet."""
    if result.build is None:
        return ""
    most = count(result.crossover.limit_req_per_month)
    return f"Your limit of {plural(result.scenario.hardware.max_gpus, 'GPU')} serves up to {most} requests/month."


def cheapest_options(result: Evaluation) -> Sequence[Option]:
    """The cheapest few options, and today's API."""
    ranked = sorted(result.options, key=lambda option: option.usd_per_month)
    return [option for i, option in enumerate(ranked) if i < MOST_OPTIONS or option is result.today]


def volume_sentence(result: Evaluation) -> str:
    """The cheapest allowed option at the volume of an evaluation."""
    volume = count(result.demand.requests_per_month)
    best = min(result.allowed, key=lambda option: option.usd_per_month, default=None)
    if best is None:
        return f"At {volume} requests/month, no option with a public price is allowed."
    return f"At {volume} requests/month, the cheapest option is {best.label} at {usd(best.usd_per_month)}/month."
