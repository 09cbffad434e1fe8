"""All data files as one immutable, validated Catalog, with a digest that names exactly this state of the data."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo
from pydantic import BaseModel

from calculators.catalog.compliance_and_signals import Operator, Operators, Requirement, Requirements, SignalRules
from calculators.catalog.efficiency import Efficiencies, Efficiency, EngineFit, EngineId
from calculators.catalog.hardware_and_models import Gpu, Model, SourcedFile
from calculators.catalog.prices import (
    ApiModel,
    ApiProvider,
    Ownership,
    Preset,
    Presets,
    ProviderRule,
    ProviderRules,
    Rent,
    RentProvider,
)
from calculators.catalog.techniques import TechniqueRules
from calculators.catalog.yaml_reader import load_record
from calculators.errors import DataError, UnknownId

ROOT = Path(__file__).resolve().parent.parent.parent
STALE_DAYS = 180  # older prices are marked: rents moved by half within six months of 2026

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything known. Look things up with the methods: they accept aliases and complain helpfully."""

    gpus: Mapping[str, Gpu]
    models: Mapping[str, Model]
    api_providers: Mapping[str, ApiProvider]
    rent_providers: Mapping[str, RentProvider]
    rules: Mapping[str, ProviderRule]
    rules_file: ProviderRules
    ownership: Ownership
    presets: Mapping[str, Preset]
    efficiencies: Efficiencies
    operators_file: Operators
    requirements_file: Requirements
    signal_rules: SignalRules
    technique_rules: TechniqueRules
    digest: str
    gpu_by_alias: Mapping[str, str] = field(repr=False)
    model_by_alias: Mapping[str, str] = field(repr=False)

    @property
    def operators(self) -> Mapping[tuple[str, str], Operator]:
        """By kind of path and id."""
        return self.operators_file.by_path

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        return self.requirements_file.by_id

    def gpu(self, name: str) -> Gpu:
        return self.gpus[_resolve(name, self.gpu_by_alias, "GPU", "hardware_profiles/gpus")]

    def model(self, name: str) -> Model:
        return self.models[_resolve(name, self.model_by_alias, "model", "model_profiles")]

    def preset(self, name: str) -> Preset:
        return self.presets[
            _resolve(name, {key: key for key in self.presets}, "preset", "pricing_data/workload_presets.yaml")
        ]

    def rents(self, gpu_id: str) -> Iterable[tuple[RentProvider, Rent]]:
        """Every rent of a GPU that somebody can really sign, cheapest first."""
        found = [(p, r) for p in self.rent_providers.values() if not p.index for r in p.rents if r.gpu == gpu_id]
        return sorted(found, key=lambda pair: pair[1].usd_per_gpu_h)

    def efficiency(self, gpu: Gpu) -> Efficiency:
        """Coefficients of the GPU's generation, or of the stated fallback."""
        by_generation = {e.generation: e for e in self.efficiencies.efficiencies}
        return by_generation.get(gpu.generation) or by_generation["fallback"]

    def is_extrapolated(self, gpu: Gpu) -> bool:
        """True where few runs were measured on GPUs of this generation."""
        return self.efficiency(gpu).confidence == "low"

    def range_ratio(self, figure: str, gpu: Gpu) -> float:
        """The factor either way within which 80% of measured runs lie; wider on GPUs with few measured ones."""
        found = next(r for r in self.efficiencies.ranges if r.figure == figure)
        return found.extrapolated_ratio if self.is_extrapolated(gpu) else found.ok_ratio

    def engine(self, engine: EngineId) -> EngineFit:
        return next(e for e in self.efficiencies.engines if e.engine == engine)


def _resolve(name: str, aliases: Mapping[str, str], what: str, where: str) -> str:
    found = aliases.get(_key(name))
    if found is None:
        near = difflib.get_close_matches(_key(name), list(aliases), n=1, cutoff=0.5)
        hint = f"; did you mean '{aliases[near[0]]}'?" if near else "."
        raise UnknownId(f"unknown {what} {name[:60]!r}{hint} Known ones are the files in {where}.")
    return found


def _key(name: str) -> str:
    return name.strip().lower()


@cache
def load_catalog(root: Path = ROOT) -> Catalog:
    """Read and check every data file below `root`. Raises DataError that lists what is wrong, file by file."""
    problems: list[str] = []
    gpus = _folder(root / "hardware_profiles/gpus", Gpu, "id", problems)
    models = _folder(root / "model_profiles", Model, "id", problems)
    api_providers = _folder(root / "pricing_data/api", ApiProvider, "provider", problems)
    rent_providers = _folder(root / "pricing_data/gpu_rents", RentProvider, "provider", problems)
    rules = _file(root / "pricing_data/provider_rules.yaml", ProviderRules, problems)
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
    if problems or rules is None or ownership is None or presets is None or efficiencies is None:
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


def load_sourced(path: Path, record: type[R]) -> R:
    """A data file that is no part of the catalog, checked as those are. Raises DataError naming file, line and field."""
    problems: list[str] = []
    loaded = _file(path, record, problems)
    if problems or loaded is None:
        raise DataError("\n".join(problems))
    return loaded


def _file(path: Path, record: type[R], problems: list[str]) -> R | None:
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


def _folder(folder: Path, record: type[R], id_field: str, problems: list[str]) -> dict[str, R]:
    result: dict[str, R] = {}
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


def own_model(api_providers: Mapping[str, ApiProvider], provider_id: str, model_id: str) -> ApiModel | None:
    """The model in pricing_data/api, by exact id."""
    provider = api_providers.get(provider_id)
    return next((m for m in provider.models if m.id == model_id), None) if provider else None


@cache
def library_models(provider_id: str) -> Mapping[str, ModelInfo]:
    """The provider's models in the genai-prices snapshot, by exact id: its prefix matching can give an unknown name an
    older model's price, so nothing is ever looked up by a name that is not in the snapshot."""
    for provider in data_snapshot.get_snapshot().providers:
        if provider.id == provider_id:
            return {model.id: model for model in provider.models}
    return {}


def library_model(provider_id: str, model_id: str) -> ModelInfo | None:
    return library_models(provider_id).get(model_id)


def _aliases(named: Iterable[tuple[str, tuple[str, ...]]], problems: list[str]) -> dict[str, str]:
    result: dict[str, str] = {}
    for owner, names in named:
        for name in names:
            if result.setdefault(_key(name), owner) != owner:
                problems.append(
                    f"{owner}.yaml: aliases: '{name}' already names {result[_key(name)]}; an alias has one owner"
                )
    return result


def _digest(root: Path) -> str:
    """Twelve hex digits that change when any data file or the price library changes."""
    total = hashlib.sha256(price_library_version().encode())
    for folder in ("hardware_profiles", "model_profiles", "pricing_data", "technique_data", "serving_data"):
        for path in sorted((root / folder).rglob("*.yaml")):
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]


@cache
def price_library_version() -> str:
    return f"genai-prices {version('genai-prices')}"
