"""The words of a doubt about the traffic."""

from collections.abc import Sequence

from calculators.decision.choice import KIND_OF_WINNER
from calculators.decision.switching_text import becomes_words
from calculators.decision.verdict_context import TrafficDoubt
from calculators.options.option import Option
from calculators.scenario.schema import Workload
from calculators.scenario.traffic_range import TOLD_RATIO, chance_ratios, is_guess
from calculators.scenario.traffic_range_text import in_brackets, traffic_range_words
from calculators.units import capital, listed, plural, significant


def doubt_sentences(doubt: TrafficDoubt, workload: Workload, options: Sequence[Option]) -> str:
    """Why the traffic keeps the decision from being sure, in a sentence for each reason; empty where it does not."""
    reasons = [_few(doubt.few_requests, workload)] if doubt.few_requests is not None else []
    reasons += [_changed(doubt, workload, options)] if doubt.changed_by else []
    return " ".join(f"{capital(reason)}." for reason in reasons)


def _few(requests: int, workload: Workload) -> str:
    volume, lengths = chance_ratios(workload)
    moved = (["the volume"] if volume > TOLD_RATIO else []) + (["the mean lengths"] if lengths > TOLD_RATIO else [])
    verb = "is" if requests == 1 else "are"
    off = significant(max(volume, lengths), 2)
    return f"{plural(requests, 'request')} {verb} too few: by chance {listed(moved)} may be off by a factor of {off}"


def _changed(doubt: TrafficDoubt, workload: Workload, options: Sequence[Option]) -> str:
    becomes = becomes_words(KIND_OF_WINNER[doubt.becomes] if doubt.becomes else "cannot_tell", options)
    words = traffic_range_words(workload)
    volume = ", ".join(filter(None, (words.volume, "a typical value" if is_guess(workload) else "")))
    names = {
        "volume": f"requests per month{in_brackets(volume)}",
        "lengths": f"mean token lengths{in_brackets(words.lengths)}",
        "peak": f"peak-to-average ratio{in_brackets(words.peak)}",
    }
    several = "ranges" if len(doubt.changed_by) > 1 else "range"
    told = listed([names[figure] for figure in doubt.changed_by])
    return f"within the {several} of {told}, the decision becomes: {becomes}"
