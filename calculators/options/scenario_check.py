"""Whether everything that a scenario names is in the catalog."""

from calculators.api.bill import api_offer, api_rates
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.scenario.schema import Hardware, Scenario


def check_ids(scenario: Scenario, catalog: Catalog) -> None:
    """Every id in the scenario is known. Raises UnknownId or DataError, naming the field."""
    priced = api_rates(api_offer(scenario.api.provider, scenario.api.model, catalog), scenario.as_of)[0]
    if not (priced.input_usd_per_mtok > 0 and priced.output_usd_per_mtok > 0):
        raise DataError(f"api.model: '{scenario.api.model}' has no price for text tokens in and out; pick a text model")
    models = [catalog.model(candidate.model).id for candidate in scenario.candidates]
    for model in models:
        if models.count(model) > 1:
            raise DataError(f"candidates: '{model}' is listed under two of its names; keep one")
    _check_hardware(scenario.hardware, catalog)
    for requirement in scenario.compliance.requirements:
        if requirement not in catalog.requirements:
            raise DataError(
                f"compliance.requirements: unknown requirement '{requirement}'. Known ones: {', '.join(catalog.requirements)}"
            )


def _check_hardware(hardware: Hardware, catalog: Catalog) -> None:
    for gpu in (*hardware.gpus, *hardware.rent_usd_per_gpu_h):
        catalog.gpu(gpu)
    for own in hardware.own_measurements:
        try:
            catalog.model(own.model), catalog.gpu(own.gpu)
        except DataError as error:
            raise DataError(f"hardware.own_measurements: {own.source}: {error}") from None
    for provider in hardware.rent_providers:
        if provider not in catalog.rent_providers:
            raise DataError(
                f"hardware.rent_providers: unknown provider '{provider}'. Known ones: {', '.join(catalog.rent_providers)}"
            )
