"""The replica picker and the key figures of the prefill and decode page."""

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.evaluate import Evaluation
from calculators.report.phase_text import latency_words, load_heading, range_words
from calculators.report.phase_view import (
    GPUS_PER_REPLICA,
    PhaseView,
    ReplicaChoice,
    cheapest_choice,
    weight_precisions,
)
from calculators.units import significant
from pages.shared.state import catalog


def pick_replica(result: Evaluation) -> ReplicaChoice:
    """The replica to look at, starting with that of the cheapest self-hosted option."""
    known, start = catalog(), cheapest_choice(result)
    models = [candidate.model for candidate in result.scenario.candidates]
    gpus = [gpu.id for gpu in known.gpus.values() if known.rents(gpu.id)]
    sizes = sorted({*GPUS_PER_REPLICA, *([start.gpus_count] if start else [])})
    with st.expander("Another model, GPU or precision", icon=":material/tune:"):
        model, gpu, weights, parallel = st.columns(4)
        model_id = model.selectbox(
            "Model",
            models,
            index=models.index(start.model.id) if start and start.model.id in models else 0,
            format_func=lambda id: known.model(id).name,
            key="view_phase_model",
            help=help_text("compared replica"),
        )
        gpu_id = gpu.selectbox(
            "GPU",
            gpus,
            index=gpus.index(start.gpu.id) if start and start.gpu.id in gpus else 0,
            format_func=lambda id: known.gpu(id).name,
            key="view_phase_gpu",
            help=help_text("compared replica"),
        )
        precisions = weight_precisions(known.model(model_id), result.scenario)
        precision = weights.selectbox(
            "Weight precision",
            precisions,
            index=precisions.index(start.precision) if start and start.precision in precisions else 0,
            format_func=str.upper,
            key="view_phase_precision",
            help=help_text("compared replica"),
        )
        gpus_count = parallel.selectbox(
            "GPUs per replica",
            sizes,
            index=sizes.index(start.gpus_count) if start else 0,
            key="view_phase_parallel",
            help=help_text("GPUs per replica"),
        )
    return ReplicaChoice(known.model(model_id), known.gpu(gpu_id), precision, gpus_count, start.like if start else None)


def capacity_metrics(view: PhaseView) -> None:
    """Latency at the highest load with its range, that load, and above them what limits it."""
    capacity = view.capacity
    st.markdown(f"**{load_heading(view)}**", help=help_text("binding constraint"))
    ttft, tpot, load = st.columns(3)
    for cell, term, value_ms, within in (
        (ttft, "TTFT", capacity.ttft_p95_ms if capacity else None, view.ttft_range),
        (tpot, "TPOT", capacity.tpot_ms if capacity else None, view.tpot_range),
    ):
        cell.metric(
            "TTFT p95" if term == "TTFT" else "TPOT",
            latency_words(value_ms),
            delta=range_words(value_ms, within),
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=help_text(term),
        )
    load.metric(
        "Requests/s",
        significant(capacity.req_s) if capacity else "none",
        border=True,
        height="stretch",
        help=help_text("requests per second per replica"),
    )
