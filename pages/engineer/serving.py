"""vLLM or SGLang for this workload, why, and the plan as files to start either with."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.serving import ChoiceId, ServingEngine, engine_flags, stack_file
from calculators.errors import DataError
from calculators.scenario.inputs import Inputs
from calculators.serving.engine_choice import ENGINE_NAMES, AxisVerdict, EngineChoice, choose_engine
from calculators.serving.files import ServingFiles, serving_files
from calculators.units import milliseconds, percent, significant
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import source_line

WORDS = {"best": ":green-badge[ahead]", "weak": ":orange-badge[weaker]", "no": ":red-badge[not possible]"}
AB_WORDS = {"not run": "not run yet", "vllm": "vLLM was faster", "sglang": "SGLang was faster"}


def takeaway(stack: EngineChoice) -> str:
    """Which axes put an engine ahead, in a sentence."""
    pulls = {
        name: [v.axis.name.lower() for v in stack.axes if v.speaks_for == engine]
        for engine, name in ENGINE_NAMES.items()
    }
    parts = [f"{' and '.join(names)} for {name}" for name, names in pulls.items() if names]
    return f"What speaks for one engine alone: {'; '.join(parts)}" if parts else "Nothing speaks for one engine alone"


def cell(stack: EngineChoice, verdict: AxisVerdict, engine: ChoiceId) -> str:
    """What an engine brings to an axis, and whether that puts it ahead here; nothing where it does not run at all."""
    impossible = any(getattr(other.case, engine) == "no" for other in stack.axes)
    if impossible and getattr(verdict.case, engine) != "no":
        return "–"
    fact = getattr(verdict.axis.facts, engine)
    word = WORDS.get(getattr(verdict.case, engine), "")
    return f"{escape(fact or ('' if word else 'not compared'))} {word}".strip()


def axes_table(stack: EngineChoice) -> None:
    """Axes down, engines across."""
    rows = [
        {
            "Axis": f"**{escape(v.axis.name)}**",
            "Here": escape(v.here),
            **{name: cell(stack, v, engine) for engine, name in ENGINE_NAMES.items()},  # type: ignore[arg-type]
        }
        for v in stack.axes
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=takeaway(stack))


def reasons(stack: EngineChoice) -> None:
    """Every axis with its reason, what was measured, and the source."""
    known = stack_file()
    for verdict in stack.axes:
        case = verdict.case
        ahead = ENGINE_NAMES[verdict.speaks_for] if verdict.speaks_for else "no engine alone"
        gap = f" Measured gap: {escape(verdict.axis.gap)}." if verdict.axis.gap else ""
        st.markdown(
            f"**{escape(verdict.axis.name)}** ({escape(verdict.here)}) speaks for {ahead}: {escape(case.reason)}.{gap}"
        )
        more = [key for key in verdict.axis.facts.sources if key != case.source]
        st.caption(
            f"{source_line(known.sources[case.source])} · {case.confidence} confidence"
            + "".join(f"; {source_line(known.sources[key])}" for key in more)
        )
    for left in known.left_out:
        st.markdown(f"**{escape(left.engine)}** is left out: {escape(left.reason)}.")
        st.caption(f"{source_line(known.sources[left.source])} · {left.confidence} confidence")


def gaps(stack: EngineChoice) -> None:
    """The plan's replica on each engine."""
    st.table(
        pd.DataFrame(
            [
                {
                    "Engine": ENGINE_NAMES[m.engine],
                    "First token": milliseconds(m.ttft_ms),
                    "Time per token": milliseconds(m.tpot_ms),
                    "Output tokens/s": significant(m.tok_s),
                }
                for m in stack.modelled
            ]
        ),
        hide_index=True,
        border="horizontal",
    )
    st.caption(
        f"The plan's replica with {result.build.plan.capacity.batch:.0f} requests at once, without speculation, through the speed model."  # type: ignore[union-attr]
        f" It is typically off by {percent(stack.error_frac)}, and its fits are of older versions of the engines on other GPUs as well: "
        "a smaller gap says nothing. First token: the mean prompt's prefill, with no queue."
    )


def shown_files(engine: ServingEngine) -> None:
    """Everything to start the plan with on one engine, to read and to keep."""
    try:
        made = serving_files(engine, plan, result.scenario, result.demand, result.digest, result.scenario.as_of)
    except DataError as error:
        st.warning(f"No files for {ENGINE_NAMES[engine]}: {escape(str(error))}", icon=":material/error:")
        return
    record = engine_flags(engine)
    options = sum(len(command.options) for command in record.commands)
    st.caption(
        f"{ENGINE_NAMES[engine]} {record.version}: every flag below is one of the {options} options that its own parsers have, "
        f"with a value that they take; none contradicts another. Recorded {record.sources[record.source].accessed}. Nothing was run on a GPU."
    )
    for name, what, text, language, ending in parts(made):
        with st.expander(name, expanded=name == "Launch command"):
            st.caption(what)
            st.code(text, language=language, height=360 if text.count("\n") > 20 else "content")
            st.download_button(
                f"Download: {name}",
                text,
                f"{made.stem}-{ending}",
                "text/plain",
                key=f"serving_{engine}_{ending}",
                icon=":material/download:",
                on_click="ignore",
            )


def parts(made: ServingFiles) -> list[tuple[str, str, str, str, str]]:
    """Name, what it is for, text, language and how its file name ends."""
    return [
        ("Launch command", "One replica on one machine.", made.command, "bash", "launch.sh"),
        ("Compose file", "The replicas of one machine.", made.compose, "yaml", "compose.yaml"),
        ("Kubernetes manifest", "The whole fleet, spares included.", made.manifest, "yaml", "kubernetes.yaml"),
        (
            "Benchmark",
            "This workload against one replica; its results belong on the Candidates page.",
            made.benchmark,
            "bash",
            "benchmark.sh",
        ),
    ]


result = evaluation()
plan = result.build.plan if result.build else None
if plan is None:
    st.subheader("No fleet of your own qualifies, so there is nothing to serve")
    st.markdown(escape(result.verdict.reason))
    st.stop()

headline = st.container()
left, right = st.columns(2, gap="large")
schema = left.slider(
    "Requests that must follow a schema",
    0.0,
    1.0,
    0.0,
    0.05,
    format="percent",
    key="serving_schema",
    persist_state="session",
    help=help_text("structured output"),
)
tested = right.segmented_control(
    "A/B on your own traffic",
    list(AB_WORDS),
    default="not run",
    format_func=AB_WORDS.__getitem__,
    key="serving_ab",
    persist_state="session",
    required=True,
    help=help_text("A/B test"),
)
found = choose_engine(plan, Inputs(result.scenario, result.demand, catalog()), schema, tested or "not run")
with headline:
    st.subheader(escape(found.sentence))
    st.caption(
        escape(
            f"For {plan.label}: {plan.config.label}, {plan.replicas_words}. The speed model is typically off by "
            f"{percent(found.error_frac)}{', so this gap says nothing' if abs(found.gap_frac) <= found.error_frac else ''}."
        )
    )
    st.markdown(f"**{escape(takeaway(found))}.**")
    axes_table(found)

with st.expander("Why, axis by axis, and from where"):
    reasons(found)
with st.expander("The same replica on each engine, through the speed model"):
    gaps(found)

st.subheader("The plan as files")
engines: list[ServingEngine] = ["sglang", "vllm"] if found.engine == "sglang" else ["vllm", "sglang"]
for tab, engine in zip(st.tabs([ENGINE_NAMES[engine] for engine in engines]), engines, strict=True):
    with tab:
        shown_files(engine)
