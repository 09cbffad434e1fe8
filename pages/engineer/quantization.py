"""Which layers tolerate which format; a recipe on the verdict's fleet; and what the user's checkpoint loses in each layer."""

import streamlit as st

from calculators.catalog.quantization import Sensitivity, sensitivity
from calculators.fleet.plan import FleetPlan
from calculators.quantization.effect import RecipeEffect, recipe_effect, verdict_effect
from calculators.quantization.evidence import CACHE_FORMATS, CACHE_TAKEAWAY, MAP_FORMATS, sensitivity_takeaway
from calculators.quantization.recipe_choices import AS_SERVED, CUSTOM, map_rows, start_recipes
from calculators.quantization.recipe_risk import RecipeRisk, recipe_cells, recipe_risks, released_risks
from calculators.quantization.recipe_text import risk_sentence, served_sentence, unpacked_text, worth_sentence
from calculators.quantization.scan_text import PROXY
from calculators.scenario.inputs import Inputs
from pages.shared.components.checkpoint import checkpoint
from pages.shared.components.quantization import before_after, evidence_list, pick_classes, pick_recipe, risk_list
from pages.shared.figures.quantization import Cells, sensitivity_chart
from pages.shared.state import catalog, escape, evaluation


@st.cache_resource
def known() -> Sensitivity:
    return sensitivity()


def tried(plan: FleetPlan) -> tuple[Cells, Cells, list[RecipeRisk], RecipeEffect]:
    """The recipe's cells of the map, those that the model was released in, the recipe's risks, and what it does to the
    fleet; with the headline."""
    headline, model = st.container(), plan.config.model
    name = pick_recipe(start_recipes(plan, known()))
    recipe = pick_classes(model.shape)
    risks = recipe_risks(recipe, model, known())
    inputs = Inputs(result.scenario, result.demand, catalog())
    if name == AS_SERVED:
        effect = verdict_effect(plan, inputs)
        sentence = served_sentence(plan, result.verdict.winner)
    else:
        effect = recipe_effect(plan, recipe, inputs)
        sentence = worth_sentence(effect, "Your recipe" if name == CUSTOM else name)
    headline.subheader(escape(sentence))
    excused = released_risks(recipe, model, known())
    warning = risk_sentence(risks, excused)
    headline.markdown(f"**{escape(warning)}** The map is published evidence on other models. {escape(PROXY)}")
    cells = {(row.name, stored) for row, stored in recipe_cells(recipe, model.shape, known())}
    return cells, {(risk.row.name, risk.stored) for risk in excused}, risks, effect


result = evaluation()
plan = result.build.plan if result.build else None
cells: Cells = ()
released: Cells = ()
risks: list[RecipeRisk] = []
effect = None
if plan is None:
    st.subheader("8 bit is safe for nearly every layer; 4 bit only for some")
    why = result.no_fleet.words if result.no_fleet is not None else ""
    st.caption(escape(f"No self-hosted option qualifies, so there is no fleet to try a recipe on. {why}"))
else:
    cells, released, risks, effect = tried(plan)

left, right = st.columns([3, 2], gap="large")
with left:
    st.markdown("**Weight sensitivity by layer**")
    rows = map_rows(plan.config.model.shape if plan else None, known())
    takeaway = sensitivity_takeaway(rows)
    st.plotly_chart(sensitivity_chart(rows, MAP_FORMATS, cells, released), alt=takeaway, key="weights_map")
    st.caption(takeaway)
with right:
    if effect is not None and plan is not None:
        st.markdown(f"**{escape(f'{plan.config.model.name} on {plan.config.gpu.name}')}**")
        before_after(effect)
        if unpacked := unpacked_text(effect, plan):
            st.caption(escape(unpacked))
    st.markdown("**KV-cache sensitivity**")
    st.plotly_chart(sensitivity_chart(known().caches, CACHE_FORMATS, cells), alt=CACHE_TAKEAWAY, key="caches_map")
    st.caption(CACHE_TAKEAWAY)
st.caption(
    "Outlined and bold: your recipe; rows without an outline stay in 16 bit. ok: tolerated. caution: evaluate. avoid: unless "
    "the model was trained or calibrated for it. Two words: studies disagree. Star: no direct evidence, inferred from the "
    "nearest row or format. As released: the map's warning does not apply, because the model's maker chose that format."
)
avoid = [risk for risk in risks if risk.worst == "avoid"]
evaluate = [risk for risk in risks if risk.worst != "avoid"]
if avoid:
    st.markdown("**Formats of this recipe to avoid**")
    risk_list(avoid, known())
if evaluate:
    with st.expander(f"Formats of this recipe to evaluate: {len(evaluate)}", expanded=not avoid and len(evaluate) < 3):
        risk_list(evaluate, known())
with st.expander("Evidence, row by row"):
    evidence_list((*known().weights, *known().caches), known())
with st.expander("Whole-model results, and where studies disagree"):
    evidence_list((*known().whole_model, *known().conflicts), known())

checkpoint(known(), cells)
st.caption(PROXY)
