"""Reading every data file into one validated Catalog, with a digest that names exactly this state of the data."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from calculators.catalog.base import SourcedFile
from calculators.catalog.catalog import Catalog, alias_key
from calculators.catalog.compliance_rules import Operators, Requirements
from calculators.catalog.efficiency import Efficiencies
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.catalog.presets import Presets
from calculators.catalog.price_library import library_model, own_model, price_library_version
from calculators.catalog.prices import ApiProvider, LibraryCorrections, Ownership, ProviderRules, RentProvider
from calculators.catalog.signal_rules import SignalRules
from calculators.catalog.techniques import TechniqueRules
from calculators.catalog.yaml_reader import AnyRecord, load_record
from calculators.errors import DataError

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def load_catalog(root: Path = ROOT) -> Catalog:
    """Read and check every data file below `root`. Raises DataError that lists what is wrong, file by file."""
    problems: list[str] = []
    gpus = _folder(root / "hardware_profiles/gpus", Gpu, "id", problems)
    models = _folder(root / "model_profiles", Model, "id", problems)
    api_providers = _folder(root / "pricing_data/api", ApiProvider, "provider", problems)
    rent_providers = _folder(root / "pricing_data/gpu_rents", RentProvider, "provider", problems)
    rules = _file(root / "pricing_data/provider_rules.yaml", ProviderRules, problems)
    corrections = _corrections(root, problems)
    ownership = _file(root / "pricing_data/ownership.yaml", Ownership, problems)
    presets = _file(root / "pricing_data/workload_presets.yaml", Presets, problems)
    efficiencies = _file(root / "hardware_profiles/efficiency.yaml", Efficiencies, problems)
    operators = _file(root / "pricing_data/compliance/operators.yaml", Operators, problems)
    requirements = _file(root / "pricing_data/compliance/requirements.yaml", Requirements, problems)
    signal_rules = _file(root / "pricing_data/signals.yaml", SignalRules, problems)
    technique_rules = _file(root / "technique_data/assumptions.yaml", TechniqueRules, problems)
    problems += _unknown_gpus(rent_providers.values(), gpus) + _unknown_sellers(models.values(), api_providers)
    gpu_by_alias = _aliases(((g.id, (g.id, g.name, *g.aliases)) for g in gpus.values()), problems)
    model_by_alias = _aliases(((m.id, (m.id, m.name, m.hf_id, *m.aliases)) for m in models.values()), problems)
    if problems or rules is None or ownership is None or presets is None or efficiencies is None or corrections is None:
        raise DataError("\n".join(problems))
    if operators is None or requirements is None or signal_rules is None or technique_rules is None:  # told above
        raise DataError("\n".join(problems))
    return Catalog(
        gpus=gpus,
        models=models,
        api_providers=api_providers,
        rent_providers=rent_providers,
        rules={rule.provider: rule for rule in rules.rules},
        rules_file=rules,
        corrections_file=corrections,
        ownership=ownership,
        presets={preset.id: preset for preset in presets.presets},
        efficiencies=efficiencies,
        operators_file=operators,
        requirements_file=requirements,
        signal_rules=signal_rules,
        technique_rules=technique_rules,
        digest=_digest(root),
        gpu_by_alias=gpu_by_alias,
        model_by_alias=model_by_alias,
    )


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


def _unknown_sellers(models: Iterable[Model], api_providers: Mapping[str, ApiProvider]) -> list[str]:
    return [
        f"{model.id}.yaml: hosted: {hosted.provider} does not sell '{hosted.model}' in genai-prices or pricing_data/api"
        for model in models
        for hosted in model.hosted
        if library_model(hosted.provider, hosted.model) is None
        and own_model(api_providers, hosted.provider, hosted.model) is None
    ]


def _corrections(root: Path, problems: list[str]) -> LibraryCorrections | None:
    loaded = _file(root / "pricing_data/library_corrections.yaml", LibraryCorrections, problems)
    problems += [
        f"library_corrections.yaml: genai-prices has no '{one.model}' of {one.provider}; remove the entry"
        for one in (loaded.prices if loaded else ())
        if library_model(one.provider, one.model) is None
    ]
    return loaded


def _aliases(named: Iterable[tuple[str, tuple[str, ...]]], problems: list[str]) -> dict[str, str]:
    result: dict[str, str] = {}
    for owner, names in named:
        for name in names:
            if result.setdefault(alias_key(name), owner) != owner:
                problems.append(
                    f"{owner}.yaml: aliases: '{name}' already names {result[alias_key(name)]}; an alias has one owner"
                )
    return result


def _digest(root: Path) -> str:
    """Twelve hex digits that change when any data file or the price library changes."""
    total = hashlib.sha256(price_library_version().encode())
    for folder in ("hardware_profiles", "model_profiles", "pricing_data", "technique_data", "serving_data"):
        for path in sorted((root / folder).rglob("*.yaml")):
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]
