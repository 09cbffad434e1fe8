"""The options of a scenario without a fleet, judged again after changes of its inputs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from calculators.fleet.sizing import Sized, searched_configs
from calculators.fleet.staircase import Staircase
from calculators.options.build import size_candidates
from calculators.options.shortlist import (
    AllowedOptions,
    PricedProduct,
    allowed_options,
    assess_options,
    enumerate_options,
    priced_buys,
)
from calculators.scenario.change import Change
from calculators.scenario.evidence import Compliance
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Candidate, Scenario

Values = Mapping[str, Any]
"""By field, as of `Change`."""


def merged(values: Iterable[Values]) -> Values:
    """All values in one."""
    return {name: value for some in values for name, value in some.items()}


@dataclass(frozen=True, slots=True)
class ChangedOptions:
    """A scenario, and its options with changes of it."""

    inputs: Inputs
    buys: dict[tuple[tuple[Candidate, ...], Compliance], tuple[PricedProduct, ...]]
    """API options before compliance, by what they depend on of what is changed."""
    pair: tuple[str, str] | None = None
    """Names of the model and GPU that are sized; None: all."""
    judged: dict[str, AllowedOptions] = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: Inputs, buys: tuple[PricedProduct, ...]) -> "ChangedOptions":
        """Of a scenario whose API options before compliance are known."""
        return cls(inputs, {(inputs.scenario.candidates, inputs.scenario.compliance): buys})

    @property
    def scenario(self) -> Scenario:
        return self.inputs.scenario

    def after(self, values: Values) -> "ChangedOptions":
        """The search with these values in place."""
        scenario = Change(values).applied(self.scenario)
        return replace(self, inputs=Inputs(scenario, self.inputs.demand, self.inputs.catalog))

    def allowed(self, values: Values) -> AllowedOptions:
        """The allowed options with these values in place; computed once."""
        tried = self.after(values)
        key = f"{self.pair}{tried.scenario.model_dump_json()}"
        if key not in self.judged:
            self.judged[key] = tried._judged()
        return self.judged[key]

    def works(self, values: Values) -> bool:
        """Whether a fleet is allowed and carries the volume with these values in place."""
        return self.allowed(values).has_fleet

    def fleets(self, values: Values) -> list[Staircase]:
        """The fleets that carry the volume with these values in place, the cheapest first."""
        allowed = self.allowed(values)
        order = np.argsort(allowed.rents_usd, kind="stable").tolist()
        return [allowed.stairs[i] for i in order if np.isfinite(allowed.rents_usd[i])]

    def _judged(self) -> AllowedOptions:
        inputs = self.inputs if self.pair is None else self._narrowed(self.pair)
        every = enumerate_options(inputs, self._sized(inputs), self._buys())
        return allowed_options(every, assess_options(every, inputs), inputs)

    def _buys(self) -> tuple[PricedProduct, ...]:
        key = self.scenario.candidates, self.scenario.compliance
        if key not in self.buys:
            self.buys[key] = priced_buys(self.inputs)
        return self.buys[key]

    def _narrowed(self, pair: tuple[str, str]) -> Inputs:
        """The inputs with one candidate, and with one GPU where it is selected."""
        catalog, scenario = self.inputs.catalog, self.scenario
        candidates = tuple(c for c in scenario.candidates if catalog.model(c.model).name == pair[0])
        gpus = tuple(id for id in scenario.hardware.gpus if catalog.gpu(id).name == pair[1])
        if not scenario.hardware.gpus:
            gpus = tuple(gpu.id for gpu in catalog.gpus.values() if gpu.name == pair[1])
        values = {"candidates": candidates, "hardware.gpus": gpus or scenario.hardware.gpus}
        return self.after(values).inputs

    def _sized(self, inputs: Inputs) -> Sized | None:
        if self.pair is None:
            return None
        return size_candidates(inputs, [c for c in searched_configs(inputs) if (c.model.name, c.gpu.name) == self.pair])
