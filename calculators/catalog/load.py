"""Reading every data file into one validated Catalog, with a digest that names exactly this state of the data."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from calculators.catalog.base import Record, SourcedFile
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import Operators, Requirements
from calculators.catalog.efficiency import Efficiencies
from calculators.catalog.engine_memory import EngineMemories
from calculators.catalog.gpu_spelling import names_of_gpus
from calculators.catalog.hardware import Gpu
from calculators.catalog.launches import Launches
from calculators.catalog.model_spelling import names_of_models
from calculators.catalog.models import Model
from calculators.catalog.networks import Links
from calculators.catalog.outlook import OutlookRules
from calculators.catalog.presets import Presets
from calculators.catalog.price_library import library_model, own_model, price_library_version
from calculators.catalog.prices import ApiProvider, LibraryCorrections, Ownership, ProviderRules, RentProvider
from calculators.catalog.private_offers import PrivateOffers, with_private_offers
from calculators.catalog.seller_speeds import SellerSpeeds
from calculators.catalog.signal_rules import SignalRules
from calculators.catalog.speed_rules import SpeedRules
from calculators.catalog.techniques import TechniqueRules
from calculators.catalog.yaml_reader import AnyRecord, load_record
from calculators.errors import DataError

ROOT = Path(__file__).resolve().parent.parent.parent
DATA_FOLDERS = ("hardware_profiles", "model_profiles", "pricing_data", "technique_data", "serving_data")
PRIVATE_OFFERS = Path("pricing_data/private_offers.yaml")
"""Prices of the company that runs the app; the file is not part of the shipped data."""

FILES: Mapping[str, tuple[str, type[Record]]] = {
    "rules_file": ("pricing_data/provider_rules.yaml", ProviderRules),
    "corrections_file": ("pricing_data/library_corrections.yaml", LibraryCorrections),
    "ownership": ("pricing_data/ownership.yaml", Ownership),
    "outlook": ("pricing_data/outlook.yaml", OutlookRules),
    "presets_file": ("pricing_data/workload_presets.yaml", Presets),
    "efficiencies": ("hardware_profiles/efficiency.yaml", Efficiencies),
    "links": ("hardware_profiles/links.yaml", Links),
    "launches": ("hardware_profiles/launch.yaml", Launches),
    "speed_rules": ("hardware_profiles/speed_rules.yaml", SpeedRules),
    "engine_memory": ("hardware_profiles/engine_memory.yaml", EngineMemories),
    "operators_file": ("pricing_data/compliance/operators.yaml", Operators),
    "requirements_file": ("pricing_data/compliance/requirements.yaml", Requirements),
    "signal_rules": ("pricing_data/signals.yaml", SignalRules),
    "technique_rules": ("technique_data/assumptions.yaml", TechniqueRules),
    "seller_speeds": ("pricing_data/seller_speeds.yaml", SellerSpeeds),
}
"""Field of the catalog, path below the root, and record of every single data file; each is needed."""


@cache
def load_catalog(root: Path = ROOT) -> Catalog:
    """Read and check every data file below `root`. Raises DataError that lists what is wrong, file by file."""
    problems: list[str] = []
    gpus = _folder(root / "hardware_profiles/gpus", Gpu, "id", problems)
    models = _folder(root / "model_profiles", Model, "id", problems)
    api_providers = _folder(root / "pricing_data/api", ApiProvider, "provider", problems)
    rent_providers = _folder(root / "pricing_data/gpu_rents", RentProvider, "provider", problems)
    files: dict[str, Any] = {name: _file(root / path, record, problems) for name, (path, record) in FILES.items()}
    problems += _corrects_nothing(files["corrections_file"])
    problems += _wrong_successors(models) + _unjoined_gpus(files["links"], gpus)
    problems += _unknown_gpus(rent_providers.values(), gpus) + _unknown_sellers(models.values(), api_providers)
    gpu_names = names_of_gpus(gpus, problems)
    model_names = names_of_models(((m.id, (m.id, m.name, m.hf_id, *m.aliases)) for m in models.values()), problems)
    if problems:
        raise DataError("\n".join(problems))
    rules, presets = files["rules_file"], files.pop("presets_file")
    catalog = Catalog(
        gpus=gpus,
        models=models,
        api_providers=api_providers,
        rent_providers=rent_providers,
        rules={rule.provider: rule for rule in rules.rules},
        presets={preset.id: preset for preset in presets.presets},
        digest=_digest(root),
        gpu_names=gpu_names,
        model_names=model_names,
        **files,
    )
    return _with_offers_of_the_company(catalog, root / PRIVATE_OFFERS)


def _with_offers_of_the_company(catalog: Catalog, path: Path) -> Catalog:
    """The catalog with the company's own prices over it, where there is a file of them."""
    if not path.is_file():
        return catalog
    offers = load_sourced(path, PrivateOffers)
    try:
        return with_private_offers(catalog, offers)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from None


def load_sourced(path: Path, record: type[AnyRecord]) -> AnyRecord:
    """A data file that is no part of the catalog, checked as those are. Raises DataError naming file, line and field."""
    problems: list[str] = []
    loaded = _file(path, record, problems)
    if problems or loaded is None:
        raise DataError("\n".join(problems))
    return loaded


def _file(path: Path, record: type[AnyRecord], problems: list[str]) -> AnyRecord | None:
    if not path.is_file():
        problems.append(f"{path.name}: the file is missing; restore it from the repository")
        return None
    try:
        loaded = load_record(path, record)
    except DataError as error:
        problems.append(str(error))
        return None
    if isinstance(loaded, SourcedFile):
        problems += _dangling_sources(loaded, path.name)
    return loaded


def _folder(folder: Path, record: type[AnyRecord], id_field: str, problems: list[str]) -> dict[str, AnyRecord]:
    result: dict[str, AnyRecord] = {}
    for path in sorted(folder.glob("*.yaml")):
        loaded = _file(path, record, problems)
        if loaded is None:
            continue
        if getattr(loaded, id_field) != path.stem:
            problems.append(
                f"{path.name}: {id_field} is '{getattr(loaded, id_field)}'; it must equal the file name, '{path.stem}'"
            )
        result[path.stem] = loaded
    if not result:
        problems.append(f"{folder.name}: no readable data files")
    return result


def _dangling_sources(file: SourcedFile, name: str) -> list[str]:
    """Names used as `source` that the file's `sources` does not hold, and future access dates."""
    known = set(file.sources)
    used = set(_values_of(file.model_dump(exclude={"sources"}), "source"))
    late = [key for key, source in file.sources.items() if source.accessed > date.today()]
    return [f"{name}: source '{key}' is not in this file's sources; add it there" for key in sorted(used - known)] + [
        f"{name}: source '{key}' was accessed in the future; correct the date" for key in late
    ]


def _values_of(tree: Any, key: str) -> Iterable[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _values_of(value, key)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _values_of(value, key)


def _unknown_gpus(providers: Iterable[RentProvider], gpus: Mapping[str, Gpu]) -> list[str]:
    return [
        f"{provider.provider}.yaml: rents: GPU '{rent.gpu}' has no profile; add hardware_profiles/gpus/{rent.gpu}.yaml"
        for provider in providers
        for rent in provider.rents
        if rent.gpu not in gpus
    ]


def _unjoined_gpus(links: Links | None, gpus: Mapping[str, Gpu]) -> list[str]:
    named = [gpu for network in links.networks for gpu in network.gpus] if links else []
    return [
        f"links.yaml: networks: GPU '{gpu}' has no profile; add hardware_profiles/gpus/{gpu}.yaml"
        for gpu in named
        if gpu not in gpus
    ]


def _unknown_sellers(models: Iterable[Model], api_providers: Mapping[str, ApiProvider]) -> list[str]:
    return [
        f"{model.id}.yaml: hosted: {hosted.provider} does not sell '{hosted.model}' in genai-prices or pricing_data/api"
        for model in models
        for hosted in model.hosted
        if library_model(hosted.provider, hosted.model) is None
        and own_model(api_providers, hosted.provider, hosted.model) is None
    ]


def _wrong_successors(models: Mapping[str, Model]) -> list[str]:
    """Successors without a profile, and those that lead back to a model that they supersede."""
    named = {model.id: model.superseded_by.model for model in models.values() if model.superseded_by}
    unknown = [
        f"{id}.yaml: superseded_by: model '{newer}' has no profile; add model_profiles/{newer}.yaml"
        for id, newer in named.items()
        if newer not in models
    ]
    return unknown + [
        f"{id}.yaml: superseded_by: '{newer}' leads back to {id}; remove one of them"
        for id, newer in named.items()
        if id in _chain(newer, named)
    ]


def _chain(id: str, named: Mapping[str, str]) -> list[str]:
    """A model and those that took its place one after the other, each once."""
    chain = [id]
    while (newer := named.get(chain[-1])) is not None and newer not in chain:
        chain.append(newer)
    return chain


def _corrects_nothing(corrections: LibraryCorrections | None) -> list[str]:
    return [
        f"library_corrections.yaml: genai-prices has no '{one.model}' of {one.provider}; remove the entry"
        for one in (corrections.prices if corrections else ())
        if library_model(one.provider, one.model) is None
    ]


def _digest(root: Path) -> str:
    """Twelve hex digits that change when any data file or the price library changes."""
    total = hashlib.sha256(price_library_version().encode())
    for folder in DATA_FOLDERS:
        for path in sorted((root / folder).rglob("*.yaml")):
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]
