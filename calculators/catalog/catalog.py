"""The Catalog: all data files as one immutable object, with look-ups by every usual spelling of a name."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from calculators.catalog.base import Source
from calculators.catalog.compliance_rules import Operator, Operators, Requirement, Requirements
from calculators.catalog.efficiency import Efficiencies, Efficiency, EngineFit, EngineId
from calculators.catalog.engine_memory import EngineMemories
from calculators.catalog.gpu_spelling import GpuNames
from calculators.catalog.hardware import Gpu
from calculators.catalog.launches import Launches
from calculators.catalog.model_spelling import ModelNames
from calculators.catalog.models import Model
from calculators.catalog.networks import Links
from calculators.catalog.outlook import OutlookRules
from calculators.catalog.presets import Preset
from calculators.catalog.prices import (
    ApiProvider,
    LibraryCorrection,
    LibraryCorrections,
    Ownership,
    ProviderRule,
    ProviderRules,
    Rent,
    RentProvider,
)
from calculators.catalog.seller_speeds import SellerSpeeds
from calculators.catalog.signal_rules import SignalRules
from calculators.catalog.speed_rules import SpeedRules
from calculators.catalog.techniques import TechniqueRules
from calculators.errors import UnknownId


@dataclass(frozen=True, slots=True)
class NewerModel:
    """A model that took the place of another of its family and size, and who says so."""

    model: Model
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All data files; equal only to itself, so that what follows from it can be remembered. The methods look entries up by id,
    name, alias or another spelling of one, and raise UnknownId, with the nearest name of the same family where there is one."""

    gpus: Mapping[str, Gpu]
    models: Mapping[str, Model]
    api_providers: Mapping[str, ApiProvider]
    rent_providers: Mapping[str, RentProvider]
    rules: Mapping[str, ProviderRule]
    rules_file: ProviderRules
    corrections_file: LibraryCorrections
    ownership: Ownership
    outlook: OutlookRules
    presets: Mapping[str, Preset]
    efficiencies: Efficiencies
    links: Links
    launches: Launches
    speed_rules: SpeedRules
    engine_memory: EngineMemories
    operators_file: Operators
    requirements_file: Requirements
    signal_rules: SignalRules
    technique_rules: TechniqueRules
    seller_speeds: SellerSpeeds
    digest: str
    gpu_names: GpuNames = field(repr=False)
    model_names: ModelNames = field(repr=False)
    own_prices: tuple[object, ...] = ()
    """Prices that a user typed, already laid over the data."""
    own_purchase: object = None
    """What a user knows of a purchase, already laid over the data."""

    @property
    def operators(self) -> Mapping[tuple[str, str], Operator]:
        """By kind of path and id."""
        return self.operators_file.by_path

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        return self.requirements_file.by_id

    @property
    def offered_gpus(self) -> Mapping[str, Gpu]:
        """Every GPU that a fleet can be of, by id."""
        return {id: gpu for id, gpu in self.gpus.items() if not gpu.measured_only}

    def library_correction(self, provider: str, model: str) -> LibraryCorrection | None:
        """The right price of a model that genai-prices has wrong; None where the library stands."""
        every = self.corrections_file.prices
        return next((one for one in every if (one.provider, one.model) == (provider, model)), None)

    def gpu(self, name: str) -> Gpu:
        id = name if name in self.gpus else self.gpu_names.find(name)
        return self.gpus[id or _unknown(name, "GPU", self.gpu_names.nearest(name), "hardware_profiles/gpus")]

    def model(self, name: str) -> Model:
        id = name if name in self.models else self.model_names.find(name)
        return self.models[id or _unknown(name, "model", self.model_names.nearest(name), "model_profiles")]

    def newer_model(self, model: Model) -> NewerModel | None:
        """The newest model that has taken a model's place; None where none is known."""
        newer = None
        while model.superseded_by is not None:
            source = model.sources[model.superseded_by.source]
            model = self.models[model.superseded_by.model]
            newer = NewerModel(model, source)
        return newer

    def open_model(self, provider: str, model: str) -> Model | None:
        """The open model that a provider sells under this id; None where it is closed, or not listed."""
        return _by_host(self).get((provider, model))

    def preset(self, name: str) -> Preset:
        key = alias_key(name)
        near = difflib.get_close_matches(key, list(self.presets), n=1, cutoff=0.5)
        where = "pricing_data/workload_presets.yaml"
        return self.presets[key if key in self.presets else _unknown(name, "preset", next(iter(near), None), where)]

    def rents(self, gpu_id: str) -> Iterable[tuple[RentProvider, Rent]]:
        """Every bookable row for a GPU, history included (market indices left out), cheapest first."""
        offers = [(p, r) for p in self.rent_providers.values() if not p.index for r in p.rents if r.gpu == gpu_id]
        return sorted(offers, key=lambda pair: pair[1].usd_per_gpu_h)

    def efficiency(self, gpu: Gpu) -> Efficiency:
        """Coefficients of the GPU's generation, or of the stated fallback."""
        by_generation = {e.generation: e for e in self.efficiencies.efficiencies}
        return by_generation.get(gpu.generation) or by_generation["fallback"]

    def is_extrapolated(self, gpu: Gpu) -> bool:
        """True where few runs were measured on GPUs of this generation."""
        return self.efficiency(gpu).confidence == "low"

    def engine(self, engine: EngineId) -> EngineFit:
        return next(e for e in self.efficiencies.engines if e.engine == engine)


@lru_cache(maxsize=16)
def _by_host(catalog: Catalog) -> Mapping[tuple[str, str], Model]:
    """The open model that each provider sells under each id."""
    return {(h.provider, h.model): model for model in reversed([*catalog.models.values()]) for h in model.hosted}


def _unknown(name: str, what: str, near: str | None, where: str) -> NoReturn:
    hint = f"; did you mean '{near}'?" if near else "."
    raise UnknownId(f"unknown {what} {name[:60]!r}{hint} Known ones are the files in {where}.")


def alias_key(name: str) -> str:
    """The key under which a name is looked up: any case, without space around it."""
    return name.strip().lower()
