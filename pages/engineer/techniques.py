"""Six techniques on this very fleet: which phase each speeds up, what it does here, and what it forces."""

from math import isinf

import pandas as pd
import streamlit as st

from calculators.techniques import Effect, State, Techniques, effects, techniques
from calculators.units import milliseconds, significant, usd
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import source_line


@st.cache_resource
def known() -> Techniques:
    return techniques()


def change(before: State | None, after: State | None, field: str, words: object) -> str:
    """Without and with it, in one cell."""
    cells = [
        "not possible"
        if state is None
        else "overloaded"
        if isinf(getattr(state, field))
        else words(getattr(state, field))  # type: ignore[operator]
        for state in (before, after)
    ]
    return cells[0] if cells[0] == cells[1] else f"{cells[0]} → {cells[1]}"


def gain_usd(effect: Effect) -> float:
    if effect.without is None or effect.with_it is None:
        return 0.0
    return effect.without.usd_per_month - effect.with_it.usd_per_month


result = evaluation()
plan = result.build.plan if result.build else None
if plan is None:
    st.subheader("No fleet of your own qualifies, so there is nothing to speed up")
    st.markdown(escape(result.verdict.reason))
    st.stop()

headline = st.container()
st.caption("Speculation depends on how well a draft guesses your text:")
left, right, _ = st.columns(3)
acceptance = left.slider("Drafted tokens accepted", 0.3, 0.95, 0.7, 0.05, key="technique_acceptance", format="percent")
drafts = right.slider("Drafted tokens a pass", 1, 8, 3, key="technique_drafts")
found = effects(plan, result.scenario, result.demand, catalog(), acceptance, drafts)
by_id = {t.id: t for t in known().techniques}
candidates = [e for e in found if e.id != "batching"]
best = max(candidates, key=gain_usd)
sentence = (
    f"Beside batching, {by_id[best.id].name[0].lower()}{by_id[best.id].name[1:]} is worth most here: {usd(gain_usd(best))} of rent a month."
    if gain_usd(best) > 0.5
    else "Beside batching, no technique changes the rent of this fleet: it is as small as whole machines allow."
)
headline.subheader(escape(sentence))
headline.caption(
    escape(
        f"On {result.build.label if result.build else ''}, with the load of its peak on each replica. Each technique alone, without → with it."
    )
)
headline.table(
    pd.DataFrame(
        [
            {
                "Technique": escape(by_id[e.id].name),
                "Phase": " and ".join(by_id[e.id].phases),
                "TTFT": escape(change(e.without, e.with_it, "ttft_ms", milliseconds)),
                "TPOT": escape(change(e.without, e.with_it, "tpot_ms", milliseconds)),
                "Requests/s a GPU": escape(change(e.without, e.with_it, "req_s_per_gpu", significant)),
                "GPUs": escape(change(e.without, e.with_it, "gpus", str)),
                "Rent a month": escape(change(e.without, e.with_it, "usd_per_month", usd)),
            }
            for e in found
        ]
    ),
    hide_index=True,
    border="horizontal",
)
headline.caption(
    "TTFT is the 95th percentile under load, but of batching's one request alone, and of disaggregation the mean. Effects do not "
    "multiply: batching uses the idle arithmetic that speculation needs, and cached prompts need no prefill pool."
)
st.subheader("What was compared, and what each one forces")
here = {e.id: e.words for e in found}
for technique in known().techniques:
    with st.expander(escape(technique.name), expanded=technique.id == best.id):
        for label, words in (
            ("Here", here[technique.id].rstrip(".")),
            ("How", technique.mechanism),
            ("Needs", technique.requires),
            ("Forces", technique.forces),
            ("Not when", technique.avoid),
            ("Published, elsewhere", technique.published),
        ):
            st.markdown(f"**{label}.** {escape(words[:1].upper() + words[1:])}.")
        st.caption(f"{source_line(known().sources[technique.source])} · {technique.confidence} confidence")
