"""The scan of a checkpoint in words, and as the table of the command line."""

from collections.abc import Sequence
from math import inf

from calculators.quantization.checkpoint_scan import CheckpointSurvey, TensorLoss
from calculators.quantization.rounding import ROUNDINGS
from calculators.units import count, percent, plural, printable, significant

PROXY = "Weight error is a proxy: it ignores activations. Gate the release on your own evals."


def survey_text(about: CheckpointSurvey) -> str:
    """What the scan skips; empty if nothing is quantized already."""
    if not about.quantized_count:
        return ""
    skipped = f"{plural(about.quantized_count, 'matrix', 'matrices')} ({', '.join(about.quantized_dtypes)})"
    return f"Skipped because already quantized: {skipped}. Measured: {count(about.measured_count)}."


def worst_first(losses: Sequence[TensorLoss]) -> list[TensorLoss]:
    """Losses by their lowest ratio over all formats."""
    return sorted(losses, key=lambda loss: min(loss.sqnr_db.values()))


def scan_takeaway(losses: Sequence[TensorLoss]) -> str:
    """Which tensor loses most. `losses` holds at least one."""
    weakest = worst_first(losses)[0]
    least_db = min(weakest.sqnr_db.values())
    if least_db == inf:
        return "No tensor loses anything: every format holds these values exactly."
    if least_db == -inf:
        return f"{weakest.name} loses everything in its worst format."
    return f"{weakest.name} loses most: {significant(least_db)} dB remain in its worst format (6 dB are one bit)."


def damage_text(losses: Sequence[TensorLoss]) -> str:
    """Tensors with weights that are not finite; empty if there are none."""
    damaged = [loss for loss in losses if loss.not_finite_count]
    if not damaged:
        return ""
    return (
        f"{plural(len(damaged), 'tensor')} with infinite or undefined weights, counted as zero, first {damaged[0].name}: the "
        "checkpoint is damaged; download it again."
    )


def scan_table(losses: Sequence[TensorLoss]) -> str:
    """A line per tensor, worst first: class, share of outliers, and the ratio in dB per format."""
    head = f"{'tensor':56} {'class':18} {'outliers':>9} " + " ".join(f"{name:>6}" for name in ROUNDINGS)
    lines = [
        f"{printable(loss.name)[-56:]:56} {loss.kind:18} {percent(loss.outlier_frac):>9} "
        + " ".join(
            f"{significant(db) if abs(db) < inf else '-' if db < 0 else 'exact':>6}" for db in loss.sqnr_db.values()
        )
        for loss in worst_first(losses)
    ]
    foot = f"Signal-to-quantization-noise ratio in dB without outliers, worst first; 6 dB are one bit. {PROXY}"
    return "\n".join([head, *lines, foot])
