"""The Catalog: all data files as one immutable object, with look-ups that accept aliases."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calculators.catalog.compliance_rules import Operator, Operators, Requirement, Requirements
from calculators.catalog.efficiency import Efficiencies, Efficiency, EngineFit, EngineId
from calculators.catalog.engine_memory import EngineMemories
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
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
from calculators.catalog.techniques import TechniqueRules
from calculators.errors import UnknownId


@dataclass(frozen=True, slots=True)
class Catalog:
    """All data files. The methods look entries up by id, name or alias, and raise UnknownId with the nearest known name."""

    gpus: Mapping[str, Gpu]
    models: Mapping[str, Model]
    api_providers: Mapping[str, ApiProvider]
    rent_providers: Mapping[str, RentProvider]
    rules: Mapping[str, ProviderRule]
    rules_file: ProviderRules
    corrections_file: LibraryCorrections
    ownership: Ownership
    presets: Mapping[str, Preset]
    efficiencies: Efficiencies
    engine_memory: EngineMemories
    operators_file: Operators
    requirements_file: Requirements
    signal_rules: SignalRules
    technique_rules: TechniqueRules
    seller_speeds: SellerSpeeds
    digest: str
    gpu_by_alias: Mapping[str, str] = field(repr=False)
    model_by_alias: Mapping[str, str] = field(repr=False)
    own_prices: tuple[object, ...] = ()
    """Prices that a user typed, already laid over the data."""

    @property
    def operators(self) -> Mapping[tuple[str, str], Operator]:
        """By kind of path and id."""
        return self.operators_file.by_path

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        return self.requirements_file.by_id

    def library_correction(self, provider: str, model: str) -> LibraryCorrection | None:
        """The right price of a model that genai-prices has wrong; None where the library stands."""
        every = self.corrections_file.prices
        return next((one for one in every if (one.provider, one.model) == (provider, model)), None)

    def gpu(self, name: str) -> Gpu:
        return self.gpus[_resolve(name, self.gpu_by_alias, "GPU", "hardware_profiles/gpus")]

    def model(self, name: str) -> Model:
        return self.models[_resolve(name, self.model_by_alias, "model", "model_profiles")]

    def open_model(self, provider: str, model: str) -> Model | None:
        """The open model that a provider sells under this id; None where it is closed, or not listed."""
        pair = provider, model
        return next((m for m in self.models.values() if any((h.provider, h.model) == pair for h in m.hosted)), None)

    def preset(self, name: str) -> Preset:
        return self.presets[
            _resolve(name, {key: key for key in self.presets}, "preset", "pricing_data/workload_presets.yaml")
        ]

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

    def range_ratio(self, figure: str, gpu: Gpu) -> float:
        """The factor either way within which 80% of measured runs lie; wider on GPUs with few measured ones."""
        error_range = next(r for r in self.efficiencies.ranges if r.figure == figure)
        return error_range.extrapolated_ratio if self.is_extrapolated(gpu) else error_range.ok_ratio

    def engine(self, engine: EngineId) -> EngineFit:
        return next(e for e in self.efficiencies.engines if e.engine == engine)


def _resolve(name: str, aliases: Mapping[str, str], what: str, where: str) -> str:
    id = aliases.get(alias_key(name))
    if id is None:
        near = difflib.get_close_matches(alias_key(name), list(aliases), n=1, cutoff=0.5)
        hint = f"; did you mean '{aliases[near[0]]}'?" if near else "."
        raise UnknownId(f"unknown {what} {name[:60]!r}{hint} Known ones are the files in {where}.")
    return id


def alias_key(name: str) -> str:
    """The key under which a name is looked up: any case, without space around it."""
    return name.strip().lower()
