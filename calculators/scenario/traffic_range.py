"""How far the figures of the traffic may be off: by chance, by the rhythm that a short log does not show, or as a guess.

Ranges are factors on a figure, low and high. Independent ones are joined by the root of the sum of their squared logarithms.
A figure that the user typed has none.
"""

from math import exp, hypot, inf, log, sqrt

from calculators.scenario.demand import lengths
from calculators.scenario.schema import Workload

Factors = tuple[float, float]
"""Factors on a figure: the least, at most 1, and the greatest, at least 1."""
EXACT: Factors = (1.0, 1.0)
STANDARD_ERRORS = 1.96
"""95% of samples lie within."""
GUESS_RATIO = 2.0
"""A volume that nobody measured may be wrong by this factor."""
MAX_LOG = 700.0
TOLD_RATIO = 1.005
"""A smaller error of the mean lengths is not told."""
MAX_CHANCE_FRAC = 0.2
"""Figures that chance moves by more are no ground for high confidence: about 100 requests, more where lengths vary."""


def joint_ratio(*ratios: float) -> float:
    """The factor, at least 1, of several independent ones, in either direction; infinite where one is."""
    distance = hypot(*(log(ratio) if ratio > 0 else inf for ratio in ratios))
    return exp(distance) if distance < MAX_LOG else inf


def chance_ratio(sample_count: float, variance_ratio: float = 1.0) -> float:
    """The factor by which a count, or a mean over so many requests, may be off by chance. `variance_ratio`: of a count, the
    variance over the mean in equal windows, 1 for independent requests; of a mean, the squared coefficient of variation."""
    return exp(STANDARD_ERRORS * sqrt(variance_ratio / max(sample_count, 1.0)))


def is_guess(workload: Workload) -> bool:
    """Whether nobody measured or typed the volume, and no log has it."""
    return workload.requests_basis == "assumed" and not workload.source.startswith("log:")


def volume_ratios(workload: Workload) -> Factors:
    """Of requests per month."""
    if workload.requests_range_per_month is None and is_guess(workload):
        return 1 / GUESS_RATIO, GUESS_RATIO
    low, high = workload.requests_range
    return low / workload.requests_per_month, high / workload.requests_per_month


def lengths_ratio(workload: Workload) -> float:
    """Of the mean token lengths, by chance: of the side, input or output, whose lengths vary more."""
    if workload.sample_requests is None or workload.lengths_basis == "typed":
        return 1.0
    groups = lengths(workload)
    variances = [
        (groups.share_frac * (tok / mean_tok - 1) ** 2).sum()
        for tok, mean_tok in ((groups.input_tok, workload.input_tok), (groups.output_tok, workload.output_tok))
    ]
    return chance_ratio(workload.sample_requests, float(max(variances)))


def token_ratios(workload: Workload) -> Factors:
    """Of tokens per month, which are what an API bills and a fleet carries: volume and lengths together."""
    (low, high), length = volume_ratios(workload), lengths_ratio(workload)
    return 1 / joint_ratio(low, length), joint_ratio(high, length)


def peak_ratios(workload: Workload) -> Factors:
    """Of the peak-to-average ratio."""
    low, high = workload.peak_range
    return low / workload.peak_ratio, high / workload.peak_ratio


def has_range(workload: Workload) -> bool:
    """Whether any figure of the traffic may be off."""
    return any(ratios != EXACT for ratios in (token_ratios(workload), peak_ratios(workload)))


def chance_ratios(workload: Workload) -> tuple[float, float]:
    """The factors by which chance alone may move the volume and the mean lengths of the log; 1 where it has no say."""
    count = workload.sample_requests
    is_counted = workload.requests_basis != "typed" and workload.requests_range_per_month is not None
    return chance_ratio(count) if count is not None and is_counted else 1.0, lengths_ratio(workload)


def too_few_requests(workload: Workload) -> int | None:
    """The requests of the log, where chance may move the volume or the mean lengths by more than `MAX_CHANCE_FRAC`; else
    None."""
    return workload.sample_requests if log(max(chance_ratios(workload))) > MAX_CHANCE_FRAC else None
