"""Words on where the memory of each GPU goes: the takeaway of the bar, its notes, and the table of logged figures."""

from collections.abc import Sequence

from calculators.calibration.memory_reports import JudgedReport, MemoryErrors, memory_errors
from calculators.catalog.catalog import Catalog
from calculators.catalog.glossary import expanded
from calculators.performance.memory_sum import MemorySum
from calculators.performance.replica import ReplicaConfig
from calculators.units import count, percent

MEMORY_NAMES = {
    "weights": "Weights",
    "draft model": "Draft model",
    "KV cache": "KV cache",
    "activations": "Activations of the largest batch",
    "CUDA graphs": "CUDA graphs",
    "buffers": "Driver and communication buffers",
    "unused": "Unused",
}
"""Lines of the sum as on screen, in the order of the bar."""
FAMILY_NAMES = {"vllm": "vLLM", "sglang": "SGLang", "tensorrt-llm": "TensorRT-LLM", "deepspeed": "DeepSpeed"}


def memory_takeaway(told: MemorySum) -> str:
    """What the bar shows."""
    if told.kv_room_gib <= 0:
        return f"Where the GPU memory goes: {told.reason}"
    kept = told.visible_gib - told.weights_gib - told.kv_room_gib
    return (
        f"Where the GPU memory goes: of {told.visible_gib:.1f} GiB on each GPU, weights take {told.weights_gib:.1f} GiB, the "
        f"{expanded('KV cache')} gets {told.kv_room_gib:.1f} GiB, and {kept:.1f} GiB go to the batch, graphs, buffers and what the engine leaves free"
    )


def memory_note(config: ReplicaConfig, told: MemorySum, catalog: Catalog) -> str:
    """Engine, settings and how far the figures were off on logs."""
    entry, errors = catalog.engine_memory.of(config.engine, config.memory.version), catalog.engine_memory.errors
    version = f" from version {entry.since}" if entry.since != "0" else ""
    return (
        f"{FAMILY_NAMES[entry.engine]}{version} with its default settings, {percent(told.share_frac)} of the memory. On "
        f"{count(errors.reports_count)} logged starts of models that no rule was chosen on, KV capacity was off by "
        f"{percent(errors.room_error_median_frac)} at the median and {percent(errors.room_error_p90_frac)} at the 90th percentile"
    )


def window_note(told: MemorySum) -> str:
    """Whether one request of the model's whole window fits; what to set where it does not."""
    if told.verdict == "open":
        return (
            f"Whether a request of the model's whole window fits is within the error of {told.margin_gib:.1f} GiB. Compare this line "
            "with the one that vLLM prints when it starts:"
        )
    if told.fits:
        return "Compare this line with the one that vLLM prints when it starts:"
    if told.kv_room_gib <= 0:
        return "Nothing is left for the KV cache; vLLM would print:"
    return (
        f"A request of the model's whole window does not fit: set --max-model-len to at most {count(told.longest_tok)} tokens. "
        "vLLM would print:"
    )


def memory_accuracy_sentence(judged: Sequence[JudgedReport]) -> str:
    """Errors over all logged starts, in a sentence."""
    overall, unseen = memory_errors(judged), memory_errors([j for j in judged if j.report.is_held_out])
    return (
        f"Memory of {count(overall.reports_count)} logged starts, {count(unseen.reports_count)} of them of models that no rule was "
        f"chosen on: of these, weights are off by {percent(unseen.weights_median_frac)} at the median, KV capacity by "
        f"{percent(unseen.room_median_frac)}, at the 90th percentile by {percent(unseen.weights_p90_frac)} and "
        f"{percent(unseen.room_p90_frac)}. Of all starts, {count(overall.fits_right_count)} of {count(overall.fits_count)} are told "
        f"rightly to fit or not, and {count(overall.open_count)} are left open"
    )


def fits_words(errors: MemoryErrors) -> str:
    """Right answers of all on whether an engine starts."""
    left = f", {errors.open_count} open" if errors.open_count else ""
    return f"{errors.fits_right_count} of {errors.fits_count}{left}" if errors.fits_count or left else "not told"
