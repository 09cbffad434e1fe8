"""Options that stay with today's seller and take a cheaper model of the same maker: the newest of the same size, or a smaller
one. Each has to pass the user's evaluation first."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from calculators.api.bill import (
    ApiBill,
    negotiated_discount_frac,
    paid_ratios,
    summed_bill,
    todays_list_bill,
    todays_parts,
)
from calculators.api.rates import api_offer
from calculators.api.step_downs import step_downs, superseded_by
from calculators.fleet.operating_costs import resale_lines
from calculators.options.buy import api_option, optimized_bill, regional_ratio
from calculators.options.option import Option
from calculators.scenario.gates import answers_all
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Gate, StepDown


def step_down_options(inputs: Inputs, may_serve: Callable[[Gate], bool] = answers_all) -> list[Option]:
    """Each cheaper model of today's maker at today's seller whose quality `may_serve`, as an option. Where several models
    answer, one option in which each of them that has one moves to its cheapest."""
    parts = todays_parts(inputs)
    if len(parts) == 1:
        return [_option([bill], [(bill, gate)], inputs) for bill, gate in _cheaper_bills(inputs, may_serve)]
    bills, stepped = [], []
    for part in parts:
        cheaper = min(_cheaper_bills(part, may_serve), key=lambda one: one[0].usd_per_month, default=None)
        bills.append(cheaper[0] if cheaper else _bill(part.scenario.api.model, part))
        stepped += [cheaper] if cheaper else []
    return [_option(bills, stepped, inputs)] if stepped else []


def compared_step_downs(inputs: Inputs) -> list[StepDown]:
    """Every model that a model in use may step down to, those that the user ruled out included."""
    parts = todays_parts(inputs)
    gates = {
        (part.scenario.api.provider, model): gate for part in parts for model, gate in step_down_gates(part).items()
    }
    return [StepDown(provider=provider, model=model, gate=gate) for (provider, model), gate in gates.items()]


def step_down_gates(inputs: Inputs) -> dict[str, Gate]:
    """The models that the only API model in use may step down to, with what the user's evaluation says of each: those that
    the user names, the newest model of the same size and the next smaller one, as far as they are cheaper."""
    api, day = inputs.scenario.api, inputs.scenario.as_of
    said: dict[str, Gate] = {one.model: one.gate for one in api.step_downs if one.provider == api.provider}
    listed = step_downs(api.provider, api.model, day, inputs.catalog)
    newer = superseded_by(api.provider, api.model, day, inputs.catalog)
    today_usd = todays_list_bill(inputs).usd_per_month
    cheaper = [model for model in listed if _list_usd(model, inputs) < today_usd]
    smaller = [model for model in cheaper if model != newer][:1]
    compared: dict[str, Gate] = {model: "assumed" for model in cheaper if model == newer or model in smaller}
    return compared | said


def _cheaper_bills(inputs: Inputs, may_serve: Callable[[Gate], bool]) -> Iterator[tuple[ApiBill, Gate]]:
    """The bill of each model whose quality `may_serve`, for the only API model in use."""
    return ((_bill(model, inputs), gate) for model, gate in step_down_gates(inputs).items() if may_serve(gate))


def _list_usd(model: str, inputs: Inputs) -> float:
    return todays_list_bill(_with_model(model, inputs)).usd_per_month


def _bill(model: str, inputs: Inputs) -> ApiBill:
    """The bill of a model of today's seller, on the terms that the user pays there today."""
    provider, then = inputs.scenario.api.provider, _with_model(model, inputs)
    paid = paid_ratios(inputs).get(provider) if inputs.paid_ratios is None else inputs.paid_ratios.get(provider)
    pays = 1 - negotiated_discount_frac(then) if paid is None else paid
    offer = api_offer(provider, model, inputs.catalog)
    return optimized_bill(offer, inputs, 1 - regional_ratio(provider, inputs) * pays)


def _with_model(model: str, inputs: Inputs) -> Inputs:
    api = inputs.scenario.api.model_copy(update={"model": model})
    return replace(inputs, scenario=inputs.scenario.model_copy(update={"api": api}))


def _option(bills: list[ApiBill], stepped: list[tuple[ApiBill, Gate]], inputs: Inputs) -> Option:
    """An option that buys by these bills; `stepped`: those of other models than today's."""
    bill = summed_bill(bills, inputs.demand.requests_per_month)
    move = resale_lines(inputs.scenario.operations, inputs.catalog.ownership)
    is_paid = inputs.scenario.api.paid_usd_per_month is not None
    is_regional = any(regional_ratio(one.offer.provider, inputs) != 1 for one, _ in stepped)
    label = f"{bill.label}, regional endpoint" if is_regional else bill.label
    option = api_option("step_down", label, bill, move, is_paid)
    names = tuple(dict.fromkeys(one.offer.short_model for one, _ in stepped))
    gate: Gate = "assumed" if "assumed" in {gate for _, gate in stepped} else stepped[0][1]
    return replace(option, gate=gate, stepped_to=names)
