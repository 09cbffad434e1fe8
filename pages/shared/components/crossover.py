"""What the Crossover page shows: self-hosting against each API option, and the cost at a chosen volume."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.decision.crossover import Crossover
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.units import capital, count, percent, plural, usd
from pages.shared.components.verdict import break_even_words

MOST_OPTIONS = 7
VOLUME_UNITS = ("requests/month", "tokens/month")
COLUMN_TERMS = {
    "First break-even": "first break-even",
    "Permanent break-even": "permanent break-even",
    "All crossings": "crossings",
    "Break-even utilization": "break-even utilization",
    "Maximum utilization": "maximum utilization",
}


def crossover_table(result: Evaluation, unit: str = VOLUME_UNITS[0]) -> None:
    """Break-even volumes and utilization of self-hosting against each API option, in requests or in tokens of this workload."""
    per_request = result.demand.input_tok + result.demand.output_tok if unit == VOLUME_UNITS[1] else 1.0

    def words(requests_per_month: float | None) -> str:
        return break_even_words(None if requests_per_month is None else requests_per_month * per_request)

    rows = [
        {
            "API option": result.label_of(option),
            "First break-even": words(crossover.first_req_per_month),
            "Permanent break-even": words(crossover.durable_req_per_month),
            "All crossings": ", ".join(words(c.requests_per_month) for c in crossover.crossings) or "none",
            "Break-even utilization": utilization_words(crossover),
            "Maximum utilization": percent(crossover.busy_frac),
            "Why": f"{capital(crossover.reason)}.",
        }
        for option, crossover in result.crossovers
    ]
    columns = {name: st.column_config.TextColumn(help=help_text(term)) for name, term in COLUMN_TERMS.items()}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)


def utilization_words(crossover: Crossover) -> str:
    """How busy the fleet that breaks even is; "none" where none does, "any" where all do."""
    if crossover.break_even_busy_frac is None:
        return "any" if crossover.kind == "always" else "none"
    return percent(crossover.break_even_busy_frac)


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
