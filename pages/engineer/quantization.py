"""Which layers bear compression and which poison quality; a recipe of one's own on this fleet; and, for a checkpoint of
one's own, what is lost in each layer."""

from dataclasses import fields, replace
from math import isinf

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.models import Shape
from calculators.catalog.quantization import Sensitivity, SensitivityFinding, SensitivityRow, sensitivity
from calculators.fleet.plan import FleetPlan
from calculators.performance.quantization_recipe import (
    ACTIVATION_FORMATS,
    CLASSES,
    KV_FORMATS,
    PRESETS,
    WEIGHT_FORMATS,
    Recipe,
    by_class,
    field_of,
    has,
    served,
)
from calculators.quantization.effect import RecipeEffect, ServedFleet, recipe_effect, worth_sentence
from calculators.quantization.evidence import (
    CACHE_FORMATS,
    Risk,
    cautious,
    chosen,
    released_doubts,
    risk_sentence,
    risks,
)
from calculators.quantization.evidence import WEIGHT_FORMATS as MAP_FORMATS
from calculators.scenario.inputs import Inputs
from calculators.units import BYTES_PER_GB, count, milliseconds, significant, usd
from pages.shared.checkpoint_upload import checkpoint, measured_db
from pages.shared.quantization_figures import sensitivity_chart, sensitivity_takeaway
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import source_line

state = st.session_state
AS_SERVED, CAUTIOUS, OWN = "As the verdict has it", "Fewest bits the map bears", "Own mix"
KEY = "view_recipe_{}"
PRESET = KEY.format("preset")
WORD = {OWN: "Your own mix", CAUTIOUS: "The mix of fewest bits"}
NO_FINER = "as the others"
LABELS = {
    "lm_head": "Output head (lm_head)",
    "attention_output": "Attention output",
    "other_attention": "Linear attention, indexers",
    "edge_blocks": "First and last block at least",
    "keys": "Cached keys",
    "values": "Cached values",
}
PROXY = "The map is published evidence of other models, and weight error a proxy: an evaluation on your hardest task must gate."


@st.cache_resource
def known() -> Sensitivity:
    return sensitivity()


# --- the recipe --------------------------------------------------------------------------------------------------


def start(name: str, plan: FleetPlan) -> Recipe | None:
    """The recipe of a preset; None: the reader's own."""
    presets = {**PRESETS, CAUTIOUS: cautious(known())}
    presets[AS_SERVED] = served(plan.config.precision, plan.config.kv_element_bytes)
    return presets.get(name)


def shown_fields(shape: Shape) -> list[str]:
    """What this model has at all."""
    counts = by_class(shape)
    kept = {field_of(kind) for kind in CLASSES if counts[kind]} | {"edge_blocks", "activations", "keys", "values"}
    return [f.name for f in fields(Recipe) if f.name in kept]


def options(field: str) -> tuple[str, ...]:
    more = {"activations": ACTIVATION_FORMATS, "keys": KV_FORMATS, "values": KV_FORMATS}
    return (NO_FINER, *WEIGHT_FORMATS) if field == "edge_blocks" else more.get(field, WEIGHT_FORMATS)


def pick_preset(plan: FleetPlan) -> str:
    """And put its formats where the pickers of single classes find them."""
    has_experts = plan.config.model.shape.mlp.experts is not None
    names = [AS_SERVED, *(n for n in PRESETS if has_experts or "experts" not in n), CAUTIOUS, OWN]
    if state.get(PRESET) not in names:  # the first visit, or the verdict went from a model with experts to one without
        state[PRESET] = AS_SERVED
    left, _ = st.columns([1, 1])
    name = left.selectbox("Recipe", names, key=PRESET, persist_state="session", help=help_text("quantization recipe"))
    recipe = start(name, plan)
    for field in (f.name for f in fields(Recipe)):
        key = KEY.format(field)
        if recipe is not None or key not in state:
            state[key] = getattr(recipe or Recipe(), field) or NO_FINER
    return str(name)


def pick_classes(shape: Shape) -> Recipe:
    with st.expander("Pick a format for each class"):
        shown = shown_fields(shape)
        places = [
            place for _ in range(0, len(shown), 4) for place in st.columns(4)
        ]  # in rows: a telephone keeps the order
        for place, field in zip(places, shown, strict=False):
            place.selectbox(
                LABELS.get(field, field.capitalize()),
                options(field),
                format_func=lambda name: name if name == NO_FINER else name.upper(),
                key=KEY.format(field),
                persist_state="session",
                help=help_text("layer class"),
                on_change=_own,
            )
        st.caption(
            "Gate, up and down: of dense layers and shared experts. Norms and biases stay in 16 bit. Activations in 16 bit: "
            "weights are unpacked before they are multiplied, whatever they are stored in."
        )
    values = {f.name: state[KEY.format(f.name)] for f in fields(Recipe)}
    return Recipe(**{name: None if value == NO_FINER else value for name, value in values.items()})


def _own() -> None:
    state[PRESET] = OWN


# --- what it does ------------------------------------------------------------------------------------------------


def before_after(found: RecipeEffect) -> pd.DataFrame:
    def cells(side: ServedFleet) -> list[str]:
        s = side.state
        speeds = ["no fleet"] * 5
        if s is not None:
            latencies = ["overloaded" if isinf(ms) else milliseconds(ms) for ms in (s.ttft_ms, s.tpot_ms)]
            speeds = [*latencies, significant(s.req_s_per_gpu), str(s.gpus), usd(s.usd_per_month)]
        sizes = [f"{significant(b / BYTES_PER_GB)} GB" for b in (side.weights_bytes, side.weights_bytes_per_gpu)]
        return [*sizes, str(side.config.gpus_count), f"{count(side.kv_room_tok)} tokens", *speeds]

    names = ["Weights", "Weights on each GPU", "GPUs a replica", "Cache room of a replica"]
    names += ["TTFT, 95th percentile", "TPOT", "Requests/s a GPU", "GPUs", "Rent a month"]
    return pd.DataFrame(
        {
            "": names,
            "Verdict": [escape(cell) for cell in cells(found.before)],
            "Recipe": [escape(cell) for cell in cells(found.after)],
        }
    )


def unpacked_words(found: RecipeEffect, plan: FleetPlan) -> str:
    """Which formats save bytes only, and where that is not what the verdict takes for granted."""
    slow = ", ".join(stored.upper() for stored in found.unpacked)
    words = f"{slow}: fewer bytes to keep and to read, but multiplied in 16 bit: this GPU has no such arithmetic, or the activations are in another format."
    precision = plan.config.precision
    if precision in found.unpacked and has(plan.config.gpu, precision):
        words += f" The verdict takes {precision.upper()} activations for granted, and so this GPU's higher rate."
    return words


def risky(found: list[Risk]) -> None:
    """Worst first, each with what is known of it, and what the reader's own checkpoint says."""
    for risk in found:
        said = " or ".join(risk.cell) + (": studies disagree" if risk.is_conflict else "")
        carried = ", carried over from the nearest row" if risk.is_carried_over else ""
        own_db = measured_db(risk.row.name, risk.stored)
        own = "" if own_db is None else f" Your checkpoint keeps {own_db:.0f} dB there at worst."
        what = escape(f"{risk.row.name[:1].upper()}{risk.row.name[1:]} in {risk.stored.upper()}: {said}")
        why = escape(
            f"{risk.row.note[:1].upper()}{risk.row.note[1:]}. {risk.row.confidence.capitalize()} confidence{carried}.{own}"
        )
        sources = "; ".join(source_line(known().sources[key]) for key in risk.row.evidence)
        st.markdown(f"**{what}.** {why}")
        st.caption(sources)


def evidence(entries: tuple[SensitivityRow | SensitivityFinding, ...]) -> None:
    """Every row or finding with where it comes from."""
    for entry in entries:
        name = f"**{escape(entry.name)}.** " if isinstance(entry, SensitivityRow) else ""
        text = entry.note if isinstance(entry, SensitivityRow) else entry.text
        sources = "; ".join(source_line(known().sources[key]) for key in entry.evidence)
        st.markdown(f"{name}{escape(text[:1].upper() + text[1:])}.")
        st.caption(f"{sources} · {entry.confidence} confidence")


# --- the page ----------------------------------------------------------------------------------------------------

result = evaluation()
plan = result.build.plan if result.build else None
recipe, cells, found, did = None, set(), [], None
headline = st.container()
if plan is None:
    headline.subheader("Eight bits are safe nearly everywhere; four bits only for some layers")
    headline.caption("No fleet of your own qualifies, so there is none to try a recipe on.")
else:
    model = plan.config.model
    name = pick_preset(plan)
    recipe = pick_classes(model.shape)
    cells = {(row.name, stored) for row, stored in chosen(recipe, model.shape, known())}
    found = risks(recipe, model, known())
    did = recipe_effect(plan, recipe, Inputs(result.scenario, result.demand, catalog()))
    if name == AS_SERVED:  # its router apart, which the verdict counts with the layers
        did = replace(did, after=did.before)
    as_it_is = f"The verdict serves {model.name} in {plan.config.precision.upper()}, {usd(plan.rent_usd_per_month)} of rent a month."
    headline.subheader(escape(as_it_is if name == AS_SERVED else worth_sentence(did, WORD.get(name, name))))
    released = released_doubts(recipe, model, known())
    headline.markdown(f"**{escape(risk_sentence(found, released))}** {escape(PROXY)}")

counts = by_class(plan.config.model.shape) if plan else dict.fromkeys(CLASSES, 1.0)
rows = [row for row in known().weights if counts.get(row.name, 1.0)]
takeaway = sensitivity_takeaway(known())
left, right = st.columns([3, 2], gap="large")
with left:
    st.markdown("**What weights bear**")
    st.plotly_chart(sensitivity_chart(rows, MAP_FORMATS, cells), alt=takeaway, key="weights_map")
with right:
    if did is not None and plan is not None:
        st.markdown(escape(f"{plan.config.model.name} on {plan.config.gpu.name}:"))
        st.table(before_after(did), hide_index=True, border="horizontal")
        if did.unpacked and name != AS_SERVED:
            st.caption(escape(unpacked_words(did, plan)))
    caches = "Keys of the cache bear less than values; below eight bits long reasoning suffers first."
    st.markdown("**What the cache bears**")
    st.plotly_chart(sensitivity_chart(known().caches, CACHE_FORMATS, cells), alt=caches, key="caches_map")
    st.caption(caches)
st.caption(
    "Outlined and bold: your recipe; rows without an outline stay in 16 bit. ok: tolerates; caution: evaluate; poison: unless "
    "trained or calibrated for it; two words: studies disagree; a star: no evidence of its own, carried over from the nearest."
)
poison = [risk for risk in found if risk.worst == "poison"]
rest = found[len(poison) :]
if poison:
    st.markdown("**Poison cells of this recipe**")
    risky(poison)
if rest:
    with st.expander(f"Cells of this recipe to evaluate: {len(rest)}", expanded=not poison and len(rest) < 3):
        risky(rest)
with st.expander("The evidence, row by row"):
    evidence((*known().weights, *known().caches))
with st.expander("Whole models, and where studies disagree"):
    evidence((*known().conflicts, *known().whole_model))

checkpoint(known(), cells)
st.caption("Weight error is a proxy: it does not know what the activations do, and an evaluation must gate.")
