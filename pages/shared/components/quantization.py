"""What the Quantization page shows: the pickers of a recipe, before and after, risks and evidence."""

from collections.abc import Mapping, Sequence
from math import isinf

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.models import Shape
from calculators.catalog.quantization import Sensitivity, SensitivityFinding, SensitivityRow
from calculators.performance.quantization_recipe import Recipe
from calculators.quantization.effect import RecipeEffect, ServedFleet
from calculators.quantization.recipe_choices import (
    AS_SERVED,
    CUSTOM,
    RECIPE_FIELDS,
    SAME,
    format_of,
    format_options,
    recipe_fields,
    recipe_of,
)
from calculators.quantization.recipe_risk import RecipeRisk
from calculators.quantization.recipe_text import risk_detail, risk_heading
from calculators.units import BYTES_PER_GB, count, milliseconds, significant, usd
from pages.shared.components.checkpoint import measured_db
from pages.shared.state import escape
from pages.shared.widgets import source_line

PICKED = "view_recipe_{}"
PRESET = PICKED.format("preset")
LABELS = {
    "lm_head": "Output head (lm_head)",
    "attention_output": "Attention output",
    "other_attention": "Linear attention, indexers",
    "edge_blocks": "First and last block, minimum",
    "keys": "KV cache: keys",
    "values": "KV cache: values",
}
ROWS = (
    *("Weights", "Weights per GPU", "GPUs per replica", "KV-cache capacity per replica"),
    *("TTFT p95", "TPOT", "Requests/s per GPU", "GPUs", "Rent per month"),
)


def pick_recipe(recipes: Mapping[str, Recipe]) -> str:
    """The name of the chosen recipe, whose formats are put where the pickers of single classes find them."""
    state, names = st.session_state, [*recipes, CUSTOM]
    if state.get(PRESET) not in names:  # the first visit, or the verdict went from a model with experts to one without
        state[PRESET] = AS_SERVED
    left, _ = st.columns([1, 1])
    name = left.selectbox("Recipe", names, key=PRESET, persist_state="session", help=help_text("quantization recipe"))
    recipe = recipes.get(str(name))
    for field in RECIPE_FIELDS:
        key = PICKED.format(field)
        if recipe is not None or key not in state:
            state[key] = format_of(recipe or Recipe(), field)
    return str(name)


def pick_classes(shape: Shape) -> Recipe:
    """A format for each class that the model has, and the recipe of them."""
    with st.expander("Format of each class"):
        shown = recipe_fields(shape)
        places = [place for _ in range(0, len(shown), 4) for place in st.columns(4)]  # in rows, also on a telephone
        for place, field in zip(places, shown, strict=False):
            place.selectbox(
                LABELS.get(field, field.capitalize()),
                format_options(field),
                format_func=lambda name: name if name == SAME else name.upper(),
                key=PICKED.format(field),
                persist_state="session",
                help=help_text("layer class"),
                on_change=_custom,
            )
        st.caption(
            "Gate, up and down belong to dense layers and shared experts. Norms and biases stay in 16 bit. With 16-bit "
            "activations the weights are unpacked before they are multiplied, whatever they are stored in."
        )
    return recipe_of({field: st.session_state[PICKED.format(field)] for field in RECIPE_FIELDS})


def _custom() -> None:
    st.session_state[PRESET] = CUSTOM


def before_after(effect: RecipeEffect) -> None:
    """Memory, speed and rent of the verdict's fleet and of the recipe's."""
    columns = {"Verdict": _cells(effect.before), "Recipe": _cells(effect.after)}
    frame = pd.DataFrame({"": ROWS, **{name: [escape(cell) for cell in cells] for name, cells in columns.items()}})
    st.table(frame, hide_index=True, border="horizontal")


def _cells(side: ServedFleet) -> list[str]:
    state, speeds = side.state, ["infeasible"] * 5
    if state is not None:
        latencies = ["over capacity" if isinf(ms) else milliseconds(ms) for ms in (state.ttft_ms, state.tpot_ms)]
        speeds = [*latencies, significant(state.req_s_per_gpu), str(state.gpus), usd(state.usd_per_month)]
    sizes = [f"{significant(b / BYTES_PER_GB)} GB" for b in (side.weights_bytes, side.weights_bytes_per_gpu)]
    return [*sizes, str(side.config.gpus_count), f"{count(side.kv_room_tok)} tokens", *speeds]


def risk_list(risks: Sequence[RecipeRisk], known: Sensitivity) -> None:
    """Each risk with its evidence, what the user's checkpoint shows, and the sources."""
    for risk in risks:
        detail = risk_detail(risk, measured_db(risk.row.name, risk.stored))
        st.markdown(f"**{escape(risk_heading(risk))}.** {escape(detail)}")
        st.caption("; ".join(source_line(known.sources[key]) for key in risk.row.evidence))


def evidence_list(entries: Sequence[SensitivityRow | SensitivityFinding], known: Sensitivity) -> None:
    """Every row or finding with its sources."""
    for entry in entries:
        name = f"**{escape(entry.name)}.** " if isinstance(entry, SensitivityRow) else ""
        text = entry.note if isinstance(entry, SensitivityRow) else entry.text
        st.markdown(f"{name}{escape(text[:1].upper() + text[1:])}.")
        sources = "; ".join(source_line(known.sources[key]) for key in entry.evidence)
        st.caption(f"{sources} · {entry.confidence} confidence")
