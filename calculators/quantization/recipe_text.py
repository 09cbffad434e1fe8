"""What a recipe risks, and what it does to the fleet, in words."""

from collections.abc import Sequence

from calculators.catalog.quantization import Tolerance
from calculators.fleet.plan import FleetPlan
from calculators.options.option import Option
from calculators.performance.quantization_recipe import has_native_arithmetic
from calculators.quantization.effect import RecipeEffect
from calculators.quantization.recipe_risk import RecipeRisk
from calculators.units import capital, listed, percent, plural, significant, usd


def risk_sentence(risks: Sequence[RecipeRisk], released: Sequence[RecipeRisk] = ()) -> str:
    """The cells of a recipe to avoid and to evaluate; `released`: cells excused because the model was released in them."""
    excused = ""
    if released:
        excused = f" The map's warnings do not apply to {_names(released)}: the model was released that way."
    if not risks:
        return f"Nothing to avoid or evaluate; cells with a star have no direct evidence.{excused}"
    parts = [
        text
        for tolerance, verb in (("avoid", "avoid"), ("caution", "evaluate"))
        if (text := _part(risks, tolerance, verb))
    ]
    return f"{' '.join(parts)}{excused}"


def _part(risks: Sequence[RecipeRisk], tolerance: str, verb: str) -> str:
    """2 choices to avoid: lm_head, down in NVFP4."""
    chosen = [risk for risk in risks if risk.worst == tolerance]
    return f"{plural(len(chosen), 'choice')} to {verb}: {_names(chosen)}." if chosen else ""


def _names(risks: Sequence[RecipeRisk]) -> str:
    groups = {
        stored: [risk.row.name for risk in risks if risk.stored == stored] for stored in (r.stored for r in risks)
    }
    return "; ".join(f"{listed(names)} in {stored.upper()}" for stored, names in groups.items())


def risk_heading(risk: RecipeRisk) -> str:
    """The cell and its tolerance, as 'up in MXFP4: caution or avoid (studies disagree)'."""
    words: dict[Tolerance, str] = {"tolerates": "ok", "caution": "evaluate", "avoid": "avoid", "none": "not applicable"}
    said = " or ".join(words[tolerance] for tolerance in risk.cell)
    return f"{risk.row.name} in {risk.stored.upper()}: {said}{' (studies disagree)' if risk.is_conflict else ''}"


def risk_detail(risk: RecipeRisk, measured_db: float | None) -> str:
    """The evidence of a cell and its confidence; `measured_db`: the worst signal-to-noise ratio of the user's checkpoint."""
    note, confidence = risk.row.note, risk.row.confidence.capitalize()
    inferred = ", inferred from the nearest row or format" if risk.is_carried_over else ""
    own = "" if measured_db is None else f" Your checkpoint keeps {significant(measured_db, 2)} dB at worst."
    return f"{capital(note)}. {confidence} confidence{inferred}.{own}"


def served_sentence(plan: FleetPlan, winner: Option | None) -> str:
    """What the verdict's fleet serves, or would serve where the verdict is not to self-host."""
    model, precision = plan.config.model.name, plan.config.precision.upper()
    rent = f"GPU rent {usd(plan.rent_usd_per_month)}/month"
    if winner is not None and winner.is_build:
        return f"The verdict serves {model} in {precision}; {rent}"
    return f"If you self-hosted: {model} in {precision}; {rent}"


def worth_sentence(effect: RecipeEffect, name: str) -> str:
    """What a recipe called `name` does to the rent, or why it has no fleet."""
    after = effect.after.state
    if after is None:
        fits = effect.after.kv_room_tok > 0
        why = "no server of this provider meets the targets" if fits else "its weights do not fit this GPU"
        return f"{name} is infeasible here: {why}."
    saved = effect.saves_usd_per_month
    if saved is None:
        return f"{name} makes self-hosting feasible at {usd(after.usd_per_month)}/month."
    if abs(saved) < 0.5:
        return f"{name} does not change the rent: {usd(after.usd_per_month)}/month{_load(effect)}."
    return f"{name} {'saves' if saved > 0 else 'adds'} {usd(abs(saved))}/month of rent."


def _load(effect: RecipeEffect) -> str:
    """How much more each GPU could carry, which whole servers hide."""
    if effect.before.state is None or effect.after.state is None:
        return ""
    gain = effect.after.state.req_s_per_gpu / effect.before.state.req_s_per_gpu - 1
    return f", and each GPU carries {percent(abs(gain))} {'more' if gain > 0 else 'less'}" if abs(gain) >= 0.01 else ""


def unpacked_text(effect: RecipeEffect, plan: FleetPlan) -> str:
    """Which formats save memory but no compute on this GPU; empty if none."""
    if not effect.unpacked:
        return ""
    slow = ", ".join(stored.upper() for stored in effect.unpacked)
    text = (
        f"{slow}: saves memory and bandwidth, but is multiplied in 16 bit, because this GPU does not compute in it or the "
        "activations have another format."
    )
    precision = plan.config.precision
    if precision in effect.unpacked and has_native_arithmetic(plan.config.gpu, precision):
        text += f" The verdict assumes {precision.upper()} activations, and so this GPU's higher rate."
    return text
