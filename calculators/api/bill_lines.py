"""From the list price to the bill, line by line: caching, the batch API, the negotiated discount, and what they leave."""

from dataclasses import dataclass, replace

from calculators.api.bill import Usage, negotiated_discount_frac, todays_bill, todays_list_bill, todays_parts
from calculators.api.model_names import global_model
from calculators.catalog.short_names import short_model_name
from calculators.scenario.inputs import Inputs
from calculators.scenario.mix import traffic_name
from calculators.scenario.schema import Api
from calculators.units import listed, percent

NO_LINE_FRAC = 0.005
"""Differences below this share of the bill make no line of their own."""
LEAST_LINE_FRAC = 1e-6


@dataclass(frozen=True, slots=True)
class BillLine:
    """One step from the list price to what is paid."""

    name: str
    usd_per_month: float
    note: str = ""


def paid_words(api: Api) -> str:
    """What today's API spend rests on, in a few words."""
    if api.paid_usd_per_month is None:
        return "estimated"
    return "your bill" if api.paid_source == "typed" else "from your file"


def bill_lines(inputs: Inputs) -> tuple[BillLine, ...]:
    """The steps from the list price of today's traffic to the bill; without a bill, to its estimate."""
    api, workload = inputs.scenario.api, inputs.scenario.workload
    flat_usd, plain_usd = _usd(inputs, Usage(ignores_tiers=True)), _usd(inputs, Usage())
    regional_usd, regional_frac = _regional_usd(inputs)
    cached_usd = _with_caches_usd(inputs)
    used_usd = todays_list_bill(inputs).usd_per_month
    discount_usd = -sum(todays_list_bill(p).usd_per_month * negotiated_discount_frac(p) for p in todays_parts(inputs))
    expected_usd = used_usd + discount_usd
    lines = [
        *_list_lines(inputs, flat_usd - regional_usd),
        BillLine("Regional endpoint", regional_usd, f"{percent(regional_frac)} above the price of the global endpoint"),
        BillLine("Long-context prices", plain_usd - flat_usd, "requests above a length tier pay more for every token"),
        BillLine(
            "Prompt caching",
            cached_usd - plain_usd,
            f"{percent(workload.cached_frac)} of input tokens read from the cache",
        ),
        BillLine("Batch API", used_usd - cached_usd, f"{percent(workload.batch_frac)} of requests"),
        BillLine("Negotiated discount", discount_usd, percent(api.discount_frac)),
    ]
    if api.paid_usd_per_month is None:
        total = BillLine("API bill, estimated", expected_usd, "list price as used; no bill was entered")
    else:
        rest = api.paid_usd_per_month - expected_usd
        lines.append(
            BillLine(
                "Not explained",
                rest,
                "service tiers, contract prices, or use that the workload does not show; carried into every option of the same seller",
            )
        )
        total = BillLine("API bill", api.paid_usd_per_month, _source(api.paid_source))
    told = [line for line in lines if abs(line.usd_per_month) >= NO_LINE_FRAC * total.usd_per_month]
    small_usd = total.usd_per_month - sum(line.usd_per_month for line in told)
    small = BillLine("Smaller differences", small_usd, f"each below {percent(NO_LINE_FRAC)} of the bill")
    return (*told, *([small] if abs(small_usd) >= LEAST_LINE_FRAC * total.usd_per_month else []), total)


def _list_lines(inputs: Inputs, flat_usd: float) -> list[BillLine]:
    """List price of the models that are listed, and of the names that are not."""
    assumed = [part for part in inputs.scenario.api.mix if part.basis == "assumed"]
    if not assumed:
        return [BillLine("List price", flat_usd, "every token at full price")]
    parts = zip(inputs.scenario.api.mix, todays_parts(inputs), strict=True)
    unknown_usd = sum(_usd(part, Usage(ignores_tiers=True)) for model, part in parts if model.basis == "assumed")
    names = listed([f"{traffic_name(part)} as {short_model_name(part.model)}" for part in assumed])
    return [
        BillLine("List price", flat_usd - unknown_usd, "every token at full price"),
        BillLine("Models without a listed price", unknown_usd, f"assumed: {names}"),
    ]


def _regional_usd(inputs: Inputs) -> tuple[float, float]:
    """What models of a regional endpoint cost above those of the global one, and that as a share of the global price."""
    extra_usd = global_usd = 0.0
    for part in todays_parts(inputs):
        api, used = part.scenario.api, Usage(ignores_tiers=True)
        if (model := global_model(api.provider, api.model)) is not None:
            elsewhere = part.scenario.model_copy(update={"api": api.model_copy(update={"model": model, "mix": ()})})
            usd_there = todays_bill(replace(part, scenario=elsewhere), used).usd_per_month
            extra_usd += todays_bill(part, used).usd_per_month - usd_there
            global_usd += usd_there
    return extra_usd, extra_usd / global_usd if global_usd else 0.0


def _source(paid_source: str) -> str:
    name = paid_source.removeprefix("log:")
    return "as you entered it" if paid_source == "typed" else f"spend in {name}, at its monthly rate"


def _with_caches_usd(inputs: Inputs) -> float:
    parts = todays_parts(inputs)
    used = [Usage(p.scenario.workload.cached_frac, p.scenario.workload.cache_write_frac) for p in parts]
    return sum(todays_bill(part, usage).usd_per_month for part, usage in zip(parts, used, strict=True))


def _usd(inputs: Inputs, usage: Usage) -> float:
    """List price of today's traffic, used in one way by all models."""
    return sum(todays_bill(part, usage).usd_per_month for part in todays_parts(inputs))
