"""Whether the catalog holds everything that a scenario names."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import TypeVar

from calculators.api.rates import api_offer, has_text_price, hosted_offers
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.fleet.candidate_configs import candidate_configs, searched_gpus
from calculators.fleet.machine_offers import machine_offers
from calculators.fleet.rent_gap import rent_gap
from calculators.scenario.gates import answers_all
from calculators.scenario.schema import Api, Hardware, ModelTraffic, Scenario, StepDown, label
from calculators.units import count, printable

_Entry = TypeVar("_Entry")
MOST_CONFIGS = 20_000
"""Configurations of replicas that are searched at once: about three seconds of one processor."""
MODELS_NEVER_REFUSED = 20
"""So few models, counted twice with separate pools, are always below `MOST_CONFIGS`, whatever GPUs and precisions."""


def check_ids(scenario: Scenario, catalog: Catalog) -> None:
    """Raises UnknownId or DataError for the first id that the catalog does not hold, with its label and a remedy."""
    _check_api(scenario, catalog)
    models = [_known("candidates", catalog.model, candidate.model).id for candidate in scenario.candidates]
    for model in models:
        if models.count(model) > 1:
            raise _refused("candidates", f"'{model}' is listed under two of its names; keep one.")
    _check_hardware(scenario.hardware, catalog)
    _check_listed("compliance.requirements", scenario.compliance.requirements, "requirement", catalog.requirements)


def check_search(scenario: Scenario, catalog: Catalog) -> None:
    """Raises DataError, before any work, for a search that would take long: too many configurations of replicas."""
    models = sum(answers_all(candidate.gate) for candidate in scenario.candidates)
    pools = 2 if scenario.techniques.disaggregation else 1
    if models * pools <= MODELS_NEVER_REFUSED:
        return
    configs = len(candidate_configs(scenario, catalog))
    most = MOST_CONFIGS // pools
    if configs > most:
        apart = " with separate prefill and decode pools" if pools > 1 else ""
        raise _refused(
            "candidates",
            f"with your GPUs and precisions they make {count(configs)} configurations{apart}; at most {count(most)} are "
            f"searched at once. Select at most {models * most // configs} models, or fewer GPUs or precisions.",
        )


def lost_prices(scenario: Scenario, catalog: Catalog) -> list[str]:
    """What a scenario chooses and the price tables no longer sell on its day, as sentences: its API models, its candidates at
    any host, its GPUs."""
    try:
        check_ids(scenario, catalog)
    except DataError as error:
        return [str(error)]
    day, lost = scenario.as_of, list[str]()
    accepted = [catalog.model(c.model) for c in scenario.candidates if c.gate != "not_acceptable"]
    for model in accepted:
        if model.hosted and not hosted_offers(model, day, catalog):
            lost.append(f"{label('candidates')}: no host sells {model.name} any more.")
    for name in scenario.hardware.gpus:
        if not machine_offers(catalog.gpu(name), scenario, catalog):
            lost.append(f"{label('hardware.gpus')}: no price of {catalog.gpu(name).name} is left.")
    if accepted and not any(
        machine_offers(gpu, scenario, catalog) for gpu in searched_gpus(scenario.hardware, catalog)
    ):
        gap = rent_gap(scenario, catalog)
        lost.append(gap.words if gap else f"{label('hardware.gpus')}: no GPU price is listed any more.")
    return lost


def _check_api(scenario: Scenario, catalog: Catalog) -> None:
    _check_model("api.model", scenario.api, scenario.as_of, catalog)
    for part in scenario.api.mix:
        _check_model("api.mix", part, scenario.as_of, catalog)
    for one in scenario.api.step_downs:
        _check_model("api.step_downs", one, scenario.as_of, catalog)


def _check_model(field: str, sold: Api | ModelTraffic | StepDown, day: date, catalog: Catalog) -> None:
    offer = _known(field, lambda model: api_offer(sold.provider, model, catalog), sold.model)
    if not has_text_price(offer, day):
        model = printable(sold.model, 60)
        raise _refused(field, f"'{model}' has no price for text tokens in and out; pick a text model.")


def _check_hardware(hardware: Hardware, catalog: Catalog) -> None:
    for field, names in (
        ("hardware.gpus", hardware.gpus),
        ("hardware.rent_usd_per_gpu_h", hardware.rent_usd_per_gpu_h),
        ("hardware.existing_gpus", [one.gpu for one in hardware.existing_gpus]),
    ):
        for name in names:
            gpu = _known(field, catalog.gpu, name)
            if gpu.measured_only:
                raise _refused(field, f"{gpu.name} is kept to compare with published measurements; pick another GPU.")
    _check_held(hardware, catalog)
    for own in hardware.own_measurements:
        _known("hardware.own_measurements", catalog.model, own.model, f"{own.name}: ")
        _known("hardware.own_measurements", catalog.gpu, own.gpu, f"{own.name}: ")
    _check_listed("hardware.rent_providers", hardware.rent_providers, "provider", catalog.rent_providers)


def _check_held(hardware: Hardware, catalog: Catalog) -> None:
    """GPUs of one kind have one price and one end: raises DataError for a second entry under another name."""
    names: dict[str, str] = {}
    for one in hardware.existing_gpus:
        gpu = catalog.gpu(one.gpu)
        if gpu.id in names:
            both = f"'{printable(names[gpu.id], 60)}' and '{printable(one.gpu, 60)}' are both {gpu.name}"
            remedy = "keep one entry with all of them, at their mean cost and until the first of them ends"
            raise _refused("hardware.existing_gpus", f"{both}; {remedy}.")
        names[gpu.id] = one.gpu


def _known(field: str, look_up: Callable[[str], _Entry], name: str, place: str = "") -> _Entry:
    """The entry of a name. Raises UnknownId or DataError with the label of the field; `place`: words before the problem."""
    try:
        return look_up(name)
    except DataError as error:
        raise type(error)(f"{label(field)}: {place}{str(error).rstrip('.')}.", field) from None


def _check_listed(field: str, names: Sequence[str], what: str, known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise _refused(field, f"unknown {what} '{printable(name, 60)}'. Known ones: {', '.join(known)}.")


def _refused(field: str, problem: str) -> DataError:
    return DataError(f"{label(field)}: {problem}", field)
