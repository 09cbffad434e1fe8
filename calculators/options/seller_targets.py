"""Whether an API seller keeps the latency targets that fleets are sized for, as far as public monitors tell.

A published median beyond the target is a miss: the 95th percentile can only be higher. One within it keeps the target,
unless the published 95th percentile does not. A TTFT counts where it was measured
on prompts like the workload's: one on much longer prompts proves no miss, one on much shorter ones keeps no target. What
nobody has published stays not known. The user's own measurement of today's API replaces the public figure of it; the
latency trigger judges that. Uptime is told beside it (seller_uptime).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from calculators.catalog.glossary import expanded
from calculators.catalog.seller_speeds import SellerSpeed
from calculators.options.seller_uptime import age_words, uptime_words
from calculators.scenario.inputs import Inputs
from calculators.units import count, listed, milliseconds, significant

LIKE_PROMPT_RATIO = 2.0
"""Prompts within this factor are alike: TTFT grows about in proportion to the prompt."""
MS_PER_S = 1000.0
TargetStatus = Literal["meets", "misses", "not_known"]
"""meets: the published figures are within every target; not_known: at least one target has no figure that tells."""


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """What public monitors say of a seller against the scenario's targets."""

    status: TargetStatus
    measured: str = ""
    """The published figures with source and day; empty where there are none."""
    missed: str = ""
    """Each target that is missed, with the figure, as words that follow 'it'."""
    uptime: str = ""
    """Its published and promised uptime as sentences; empty where neither is known."""


NOT_KNOWN = TargetCheck("not_known")


@dataclass(frozen=True, slots=True)
class _Judged:
    """One target against its figure."""

    misses: bool | None
    """None: not known."""
    words: str


def target_check(bought: Sequence[tuple[str, str]], inputs: Inputs, is_today: bool = False) -> TargetCheck:
    """The check of an API option by the provider and model that it buys. Of several models the latency is not known, of
    several sellers the uptime neither. `is_today`: the option is today's API, which the user may have measured."""
    sellers = {provider for provider, _ in bought}
    uptime = uptime_words(sellers.pop(), inputs, is_today) if len(sellers) == 1 else ""
    speed = inputs.catalog.seller_speeds.by_product.get(bought[0]) if len(bought) == 1 else None
    if speed is None:
        return TargetCheck("not_known", uptime=uptime)
    judged = _judged(speed, inputs, is_today)
    missed = listed([one.words for one in judged if one.misses])
    status: TargetStatus = "not_known"
    if missed:
        status = "misses"
    elif judged and all(one.misses is False for one in judged):
        status = "meets"
    return TargetCheck(status, _measured_words(speed, inputs), missed, uptime)


def _judged(speed: SellerSpeed, inputs: Inputs, is_today: bool) -> list[_Judged]:
    """The targets that are set, but for those that the user has measured at today's API."""
    targets, evidence = inputs.scenario.targets, inputs.scenario.evidence
    judged = []
    if targets.ttft_p95_ms is not None and not (is_today and evidence.api_ttft_p95_ms is not None):
        judged.append(_ttft(speed, targets.ttft_p95_ms, inputs.scenario.workload.input_tok))
    if targets.tpot_ms is not None and not (is_today and evidence.api_tpot_p95_ms is not None):
        judged.append(_tpot(speed, targets.tpot_ms))
    return judged


def _ttft(speed: SellerSpeed, target_ms: float, input_tok: float) -> _Judged:
    """The target is for the 95th percentile, which is published more rarely than the median."""
    if speed.ttft_s is None:
        return _Judged(None, "")
    ms, ratio = speed.ttft_s * MS_PER_S, (speed.prompt_tok or input_tok) / input_tok
    words = f"misses your TTFT target of {milliseconds(target_ms)}: the median alone is {milliseconds(ms)}"
    if ms > target_ms:
        return _Judged(True if ratio <= LIKE_PROMPT_RATIO else None, words)
    is_p95_beyond = speed.ttft_p95_s is not None and speed.ttft_p95_s * MS_PER_S > target_ms
    return _Judged(None if is_p95_beyond or ratio < 1 / LIKE_PROMPT_RATIO else False, words)


def _tpot(speed: SellerSpeed, target_ms: float) -> _Judged:
    if speed.tpot_ms is None or speed.output_tok_s is None:
        return _Judged(None, "")
    rate = f"{significant(speed.output_tok_s)} tokens/s"
    words = f"misses your TPOT target of {milliseconds(target_ms)}: the median is {milliseconds(speed.tpot_ms)}, {rate}"
    return _Judged(speed.tpot_ms > target_ms, words)


def _measured_words(speed: SellerSpeed, inputs: Inputs) -> str:
    figures = []
    if speed.ttft_s is not None:
        high = f" ({milliseconds(speed.ttft_p95_s * MS_PER_S)} at p95)" if speed.ttft_p95_s is not None else ""
        figures.append(f"{expanded('TTFT')} {milliseconds(speed.ttft_s * MS_PER_S)}{high}")
    if speed.output_tok_s is not None and speed.tpot_ms is not None:
        rate = f"{significant(speed.output_tok_s)} output tokens/s"
        figures.append(f"{rate}, {expanded('TPOT')} {milliseconds(speed.tpot_ms)}")
    prompts = f", on prompts of {count(speed.prompt_tok)} tokens" if speed.prompt_tok is not None else ""
    source = inputs.catalog.seller_speeds.sources[speed.source].title
    return (
        f"median {'; '.join(figures)}{prompts} ({source}, {speed.seen}{age_words(speed.seen, inputs.scenario.as_of)})"
    )
