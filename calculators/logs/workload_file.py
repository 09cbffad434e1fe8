"""What a workload file carries of a reading, so that the page shows the same after loading it as after reading the log."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from calculators.logs.load_series import LoadSeries
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare
from calculators.scenario.usage_block import UsageBlock, sentences_of

ASSUMED = "Assumed: "


def usage_block(reading: UsageReading, api_texts: Sequence[str] = ()) -> UsageBlock:
    """The four lists, load over time, split, lengths and peaks of a reading, in six significant figures. `api_texts`: what is
    said of its models and its bill."""
    assumed = [text.removeprefix(ASSUMED) for text in api_texts if text.startswith(ASSUMED)]
    told = {
        "read": reading.read,
        "inferred": (*reading.inferred, *(text for text in api_texts if not text.startswith(ASSUMED))),
        "assumed": (*reading.assumed, *assumed),
        "missing": reading.missing,
    }
    summary = reading.summary
    lengths = {} if summary is None else {"input_lengths": summary.input_tok, "output_lengths": summary.output_tok}
    return UsageBlock.model_validate(
        {
            **{name: sentences_of(texts) for name, texts in told.items()},
            "series": None if reading.series is None else _series(reading.series),
            "models": _split(reading.models),
            "groups": {group: _split(shares) for group, shares in reading.groups.items()},
            **{name: _short(asdict(statistics)) for name, statistics in lengths.items()},
            "peaks": [] if summary is None else [_short(asdict(peak)) for peak in summary.peaks],
        }
    )


def _series(series: LoadSeries) -> dict[str, Any]:
    names = ("requests", "tokens", "spend_usd")
    amounts = {
        name: values and [_figure(one) or 0 for one in values] for name in names for values in (getattr(series, name),)
    }
    return {"start": series.start, "step_s": series.step_s, **amounts}


def _split(shares: Sequence[UsageShare]) -> list[dict[str, Any]]:
    return [_short(asdict(share)) for share in shares]


def _short(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The values with numbers in six significant figures; what is no number of a file is not known."""
    return {name: _figure(value) if isinstance(value, int | float) else value for name, value in plain.items()}


def _figure(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.6g}")
    return round(value) if value == round(value) else short
