"""The words of switching values: the input, its value today, the value at which the decision changes, and what it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calculators.decision.choice import VerdictKind
from calculators.decision.switching_values import SwitchingValue
from calculators.decision.varied_inputs import Field
from calculators.options.option import Option
from calculators.scenario.schema import label
from calculators.units import change, count, listed, moved_to, percent, significant, usd

BECOMES: Mapping[VerdictKind, str] = {
    "stay": "stay on today's API",
    "optimise_api": "stay on today's API and use its discounts",
    "resold_api": "keep the model and change the contract",
    "step_down": "move to a cheaper model of the same maker",
    "hosted_open": "move to a hosted open model",
    "routed_api": "send easy requests to a small model",
    "self_host": "self-host on rented GPUs",
    "own_hardware": "buy servers and self-host",
    "hybrid": "self-host the base load, API for the overflow",
    "cannot_tell": "no option serves this",
}
INPUT_NAMES: Mapping[Field, str] = {
    "volume": label("workload.requests_per_month"),
    "today_price": "Price of today's API, in all its forms and sizes",
    "price": "Price of hosted open models, all sellers",
    "rent": "GPU rental price",
    "server_price": "Cost of purchased servers",
    "speed": label("hardware.throughput_factor"),
    "peak": label("workload.peak_ratio"),
    "staffing": label("operations.self_host_fte"),
    "easy_frac": label("workload.easy_frac"),
}


@dataclass(frozen=True, slots=True)
class SwitchingRow:
    """A switching value in words."""

    what: str
    now: str
    flips_at: str
    becomes: str


def switching_rows(
    values: Sequence[SwitchingValue], options: Sequence[Option], is_easy_known: bool = True
) -> tuple[SwitchingRow, ...]:
    """The switching values in words, those without one left out. `options`: today's API first; `is_easy_known`: whether the share
    of easy requests is."""
    rows = [_row(value, options) for value in values if value.value_at is not None]
    unknown = "" if is_easy_known else INPUT_NAMES["easy_frac"]
    return tuple(
        replace(row, now="not known", flips_at=row.flips_at.removeprefix("grows to ")) if row.what == unknown else row
        for row in rows
    )


def unswitched_sentence(values: Sequence[SwitchingValue]) -> str:
    """The inputs that cannot change the decision, in one sentence; empty where every input can."""
    names = [INPUT_NAMES[value.field] for value in values if value.value_at is None]
    if not names:
        return ""
    lowered = [name if name[:2].isupper() else name[0].lower() + name[1:] for name in names]
    return f"No value within reach changes the decision for: {listed(lowered)}."


def _row(value: SwitchingValue, options: Sequence[Option]) -> SwitchingRow:
    assert value.value_at is not None
    assert value.becomes is not None
    is_change = value.value_now and value.field != "easy_frac"
    relative = f" ({change(value.value_at / value.value_now)})" if is_change else ""
    seller, now = _today(value.field, options)
    if now is None:
        said, at = _plain(value.field, value.value_now), _plain(value.field, value.value_at)
    else:
        unit = "/GPU-hour" if value.field in ("rent", "server_price") else "/month"
        said, at = f"{usd(now * value.value_now)}{unit}{seller}", f"{usd(now * value.value_at)}{unit}"
    moves = f"{moved_to(value.value_now, value.value_at, at)}{relative}"
    doubt = "" if value.verified else ", not verified"
    return SwitchingRow(INPUT_NAMES[value.field], said, f"{moves}{doubt}", becomes_words(value.becomes, options))


def becomes_words(kind: VerdictKind, options: Sequence[Option]) -> str:
    """A side of the decision in words; where today's model is itself an open one, its other sellers are no move."""
    hosted = min((o for o in options if o.kind == "hosted_open"), key=lambda o: o.usd_per_month, default=None)
    if kind == "hosted_open" and hosted is not None and hosted.gate is None:
        return "keep the model and change the provider"
    return BECOMES[kind]


def _plain(field: Field, value: float) -> str:
    if field == "easy_frac":
        return percent(value)
    return count(value) if field == "volume" else significant(value)


def _today(field: Field, options: Sequence[Option]) -> tuple[str, float | None]:
    """Whose price a ratio is of, as the end of an amount, and the price today; None for inputs that are no price."""
    match field:
        case "today_price":
            return f" for {options[0].label}", _bill_usd(options[0])
        case "price":
            hosted = min((o for o in options if o.kind == "hosted_open"), key=lambda o: o.usd_per_month, default=None)
            return (f" for {hosted.label}", _bill_usd(hosted)) if hosted is not None else ("", None)
        case "rent" | "server_price":
            owned = field == "server_price"
            plans = [o.plan for o in options if o.plan is not None and o.plan.offer.is_owned is owned]
            return "", plans[0].offer.usd_per_gpu_h if plans else None
    return "", None


def _bill_usd(option: Option) -> float:
    return option.bill.usd_per_month if option.bill is not None else option.usd_per_month
