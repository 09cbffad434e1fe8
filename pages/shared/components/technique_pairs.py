"""How much faster a technique makes runs, told against measured."""

import pandas as pd
import streamlit as st

from calculators.calibration.accuracy_text import techniques_sentence
from calculators.calibration.technique_pairs import PairedTechnique, TechniqueErrors, judged_pairs, technique_errors
from calculators.units import percent, signed_percent
from pages.shared.state import catalog, escape


@st.cache_resource(max_entries=1, show_spinner="Predicting pairs of runs …")
def errors_by_technique(digest: str) -> dict[PairedTechnique, TechniqueErrors]:
    return technique_errors(judged_pairs(catalog()))


def technique_gains() -> None:
    """A sentence and the errors of the gain by each technique, on pairs of runs with and without it."""
    by = errors_by_technique(catalog().digest)
    st.markdown(f"**{escape(techniques_sentence(by))}**")
    table = pd.DataFrame(
        {
            "Technique": [technique[:1].upper() + technique[1:] for technique in by],
            "Pairs": [one.errors.count for one in by.values()],
            "Models": [one.models_count for one in by.values()],
            "Gain, median error": [percent(one.errors.median_frac) for one in by.values()],
            "90th percentile": [percent(one.errors.p90_frac) for one in by.values()],
            "Bias": [signed_percent(one.errors.bias_frac) for one in by.values()],
            "Measured slower": [one.slower_count for one in by.values()],
            "Of them told faster beyond the range": [one.slower_told_faster_count for one in by.values()],
        }
    )
    st.dataframe(table, hide_index=True)
