"""Tables and cards of the *Serving stack* page: engines by axis, the evidence, modeled speeds, generated files."""

import pandas as pd
import streamlit as st

from calculators.catalog.serving import ChoiceId, ServingEngine, engine_flags, stack_file
from calculators.errors import DataError
from calculators.evaluate import Evaluation
from calculators.fleet.plan import FleetPlan
from calculators.serving.engine_choice import ENGINE_NAMES, AxisVerdict, EngineChoice
from calculators.serving.files import ServingFiles, serving_files
from calculators.units import milliseconds, percent, plural, significant
from pages.shared.state import escape
from pages.shared.widgets import source_line

RATING_BADGES = {"best": ":green-badge[ahead]", "weak": ":orange-badge[weaker]", "no": ":red-badge[not supported]"}


def axes_takeaway(choice: EngineChoice) -> str:
    """Sentence that names the axes on which one engine leads."""
    pulls = {
        name: [v.axis.name.lower() for v in choice.axes if v.speaks_for == engine]
        for engine, name in ENGINE_NAMES.items()
    }
    parts = [f"{name} on {' and '.join(names)}" for name, names in pulls.items() if names]
    return f"Axes with a clear leader: {'; '.join(parts)}." if parts else "No axis favors one engine."


def _cell(choice: EngineChoice, verdict: AxisVerdict, engine: ChoiceId) -> str:
    """What an engine offers on an axis, with its rating here; a dash where the engine does not support the hardware."""
    impossible = any(getattr(other.case, engine) == "no" for other in choice.axes)
    if impossible and getattr(verdict.case, engine) != "no":
        return "–"
    fact = getattr(verdict.axis.facts, engine)
    word = RATING_BADGES.get(getattr(verdict.case, engine), "")
    return f"{escape(fact or ('' if word else 'not compared'))} {word}".strip()


def axes_table(choice: EngineChoice) -> None:
    """Table of all axes with what this workload asks for, one column for each engine."""
    rows = [
        {
            "Axis: this workload": f"**{escape(v.axis.name)}:** {escape(v.here)}",
            **{name: _cell(choice, v, engine) for engine, name in ENGINE_NAMES.items()},  # type: ignore[arg-type]
        }
        for v in choice.axes
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=axes_takeaway(choice))


def axis_evidence(choice: EngineChoice) -> None:
    """Each axis with the reason for its rating, the measured gap and the sources."""
    known = stack_file()
    for verdict in choice.axes:
        case = verdict.case
        ahead = ENGINE_NAMES[verdict.speaks_for] if verdict.speaks_for else "no engine"
        gap = f" Measured gap: {escape(verdict.axis.gap)}." if verdict.axis.gap else ""
        st.markdown(
            f"**{escape(verdict.axis.name)}** ({escape(verdict.here)}) favors {ahead}: {escape(case.reason)}.{gap}"
        )
        more = [key for key in verdict.axis.facts.sources if key != case.source]
        st.caption(
            f"{source_line(known.sources[case.source])} · {case.confidence} confidence"
            + "".join(f"; {source_line(known.sources[key])}" for key in more)
        )
    for left in known.left_out:
        st.markdown(f"**{escape(left.engine)}** is not compared: {escape(left.reason)}.")
        st.caption(f"{source_line(known.sources[left.source])} · {left.confidence} confidence")


def modeled_speeds(choice: EngineChoice, plan: FleetPlan) -> None:
    """Table of the plan's replica on each engine, as modeled."""
    st.table(
        pd.DataFrame(
            [
                {
                    "Engine": ENGINE_NAMES[m.engine],
                    "TTFT (no queue)": milliseconds(m.ttft_ms),
                    "TPOT": milliseconds(m.tpot_ms),
                    "Throughput (output tok/s)": significant(m.tok_s),
                }
                for m in choice.modeled
            ]
        ),
        hide_index=True,
        border="horizontal",
    )
    st.caption(
        f"One replica of the plan at {plural(round(plan.capacity.batch), 'concurrent request')}, without speculative decoding, as "
        f"modeled. The model's median error is {percent(choice.error_frac)}, measured on older engine versions and partly on other "
        "GPUs; smaller gaps are inside model error. TTFT is the prefill of the mean prompt."
    )


def generated_files(engine: ServingEngine, plan: FleetPlan, result: Evaluation) -> None:
    """The plan as files for one engine, each to read and to download."""
    try:
        made = serving_files(engine, plan, result.scenario, result.demand, result.digest, result.scenario.as_of)
    except DataError as error:
        st.warning(f"No files for {ENGINE_NAMES[engine]}: {escape(str(error))}", icon=":material/error:")
        return
    record = engine_flags(engine)
    options = sum(len(command.options) for command in record.commands)
    st.caption(
        f"{ENGINE_NAMES[engine]} {record.version}: every flag below was checked against the {options} options of its own "
        f"parsers (recorded {record.sources[record.source].accessed}) and for conflicts. Nothing was run on a GPU."
    )
    for name, what, text, language, ending in _parts(made):
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


def _parts(made: ServingFiles) -> list[tuple[str, str, str, str, str]]:
    """Name, purpose, text, language and end of the file name of each file."""
    return [
        ("Launch command", "Starts one replica on one server.", made.command, "bash", "launch.sh"),
        ("Compose file", "Starts the replicas of one server.", made.compose, "yaml", "compose.yaml"),
        (
            "Kubernetes manifest",
            "Runs the whole fleet, including spare replicas.",
            made.manifest,
            "yaml",
            "kubernetes.yaml",
        ),
        (
            "Benchmark",
            "Sends this workload to one replica. Upload the result on the Candidates page to calibrate the speed model.",
            made.benchmark,
            "bash",
            "benchmark.sh",
        ),
    ]
