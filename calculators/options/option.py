"""One option to serve the workload, with every line of its monthly cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calculators.api.bill import ApiBill
from calculators.catalog.short_names import short_model_name
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.plan import FleetPlan
from calculators.options.seller_targets import NOT_KNOWN, TargetCheck
from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend
from calculators.scenario.demand import Array
from calculators.scenario.schema import Gate

OptionKind = Literal[
    "api_today",
    "api_optimised",
    "resold_api",
    "step_down",
    "hosted_open",
    "routed_api",
    "self_host",
    "own_hardware",
    "hybrid",
]
STAYS: tuple[OptionKind, ...] = ("api_today", "api_optimised", "resold_api")
"""Kinds that keep today's model."""
MOVES: tuple[OptionKind, ...] = ("step_down", "hosted_open", "routed_api")
"""Kinds that buy another model by the token, for all requests or for the easy ones."""
IN_USE: tuple[OptionKind, ...] = ("api_today", "api_optimised")
"""Kinds that keep today's seller, which the user may have measured."""
CLOSE_FRAC = 0.10
"""Two costs nearer than this are called equal: list prices, traffic and staffing are not known better."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option to serve the workload, with every line of its monthly cost."""

    kind: OptionKind
    label: str
    lines: tuple[CostLine, ...]
    model: str
    operator: str = ""
    """Who would see the prompts: the id of the API provider or GPU cloud, or `OWN`; of several providers the largest."""
    products: tuple[tuple[str, str], ...] = ()
    """Provider and model of each, where several API models answer."""
    gate: Gate | None = None
    """Whether the user's evaluation accepts the model, or this is assumed; None for the model in use today, whoever
    serves it."""
    bill: ApiBill | None = None
    plan: FleetPlan | None = None
    low_usd_per_month: float = 0.0
    """With the ranges of the lines and of the traffic, as `high_usd_per_month`."""
    high_usd_per_month: float = 0.0
    also_operator: str = ""
    """The provider that a hybrid's overflow goes to."""
    horizon_usd_per_month: float | None = None
    """Mean cost over the months of the horizon at the stated growth; None without growth."""
    also_model: str = ""
    """The model that answers a hybrid's overflow."""
    also_gate: Gate | None = None
    """Of the model that answers a hybrid's overflow."""
    easy_model: str = ""
    """The small model that answers the easy requests only, where they are routed to one."""
    easy_frac: float = 0.0
    """Its share of requests."""
    stepped_to: tuple[str, ...] = ()
    """Of a step-down: the models that replace those in use."""
    target_check: TargetCheck = NOT_KNOWN
    """What public monitors say of an API option against the latency targets. Fleets are sized for them."""
    committed: CommittedSpend = NOTHING_COMMITTED
    """What its API bill must reach at today's provider; what it leaves unused is one of the `lines`."""

    @property
    def usd_per_month(self) -> float:
        """Sum of all cost lines."""
        return sum(line.usd_per_month for line in self.lines)

    @property
    def own_low_usd_per_month(self) -> float:
        """The low case of all lines, at today's traffic."""
        return sum(line.low_usd_per_month for line in self.lines)

    @property
    def own_high_usd_per_month(self) -> float:
        """The high case of all lines, at today's traffic."""
        return sum(line.high_usd_per_month for line in self.lines)

    @property
    def decisive_usd_per_month(self) -> float:
        """The cost by which options are compared: the mean over the horizon where volume grows or shrinks, else today's."""
        return self.usd_per_month if self.horizon_usd_per_month is None else self.horizon_usd_per_month

    @property
    def fixed_usd_per_month(self) -> float:
        """Cost of an API option besides its bill, and what the bill leaves of a commitment: staffing and migration."""
        assert self.bill is not None
        bill_usd = self.bill.usd_per_month
        return self.usd_per_month - bill_usd - float(self.committed.unused_usd(bill_usd))

    def usd_at_bill(self, bill_usd: float | Array) -> Array:
        """Monthly cost of an API option at other API bills. Same shape as the argument."""
        return self.fixed_usd_per_month + np.asarray(bill_usd) + self.committed.unused_usd(bill_usd)

    def usd_per_month_at(self, requests_per_month: float) -> float:
        """Monthly cost of an API option at another volume: the bill scales, staffing and migration do not."""
        assert self.bill is not None
        return float(self.usd_at_bill(self.bill.usd_per_request * requests_per_month))

    @property
    def bought(self) -> tuple[tuple[str, str], ...]:
        """Provider and model of everything that an API option buys."""
        return self.products or ((self.operator, self.model),)

    @property
    def operators(self) -> tuple[str, ...]:
        """Everyone who would see the prompts, each once."""
        every = (self.operator, self.also_operator, *(operator for operator, _ in self.products))
        return tuple(dict.fromkeys(operator for operator in every if operator))

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that answer, each once."""
        return tuple(dict.fromkeys(name for name in (*self._own_models, self.also_model, self.easy_model) if name))

    @property
    def assumed_models(self) -> tuple[str, ...]:
        """Those of `models` that have not passed the user's evals yet."""
        gates = [*((name, self.gate) for name in self._own_models), (self.also_model, self.also_gate)]
        return tuple(dict.fromkeys(short_model_name(name) for name, gate in gates if gate == "assumed"))

    @property
    def _own_models(self) -> tuple[str, ...]:
        return self.stepped_to or (self.model,)

    @property
    def is_build(self) -> bool:
        """Whether a self-hosted fleet carries all of the traffic."""
        return self.kind in ("self_host", "own_hardware")

    @property
    def is_buy(self) -> bool:
        """Whether an API serves all of the traffic."""
        return not self.is_build and self.kind != "hybrid"


def best_buy(options: Sequence[Option]) -> Option:
    """The cheapest API option. Raises ValueError where there is none."""
    return min((o for o in options if o.is_buy), key=lambda option: option.usd_per_month)


def best_build(options: Sequence[Option]) -> Option | None:
    """The cheapest self-hosted option that carries everything; None where there is none."""
    return min((o for o in options if o.is_build), key=lambda option: option.usd_per_month, default=None)


def best_self_hosted(options: Sequence[Option]) -> Option | None:
    """The cheapest option on a fleet, hybrids included; None where there is none."""
    return min((o for o in options if not o.is_buy), key=lambda option: option.usd_per_month, default=None)


def self_hosting_words(option: Option) -> str:
    """What an option on a fleet does, as the subject of a sentence."""
    return "self-hosting the base load" if option.kind == "hybrid" else "self-hosting"


def with_range(option: Option) -> Option:
    """The option with the low and high case of its cost summed from its lines."""
    return replace(
        option,
        low_usd_per_month=option.own_low_usd_per_month,
        high_usd_per_month=option.own_high_usd_per_month,
    )


@dataclass(frozen=True, slots=True)
class LinearCost:
    """A monthly cost that is linear in volume, or the greater of two that are."""

    usd_per_request: float
    fixed_usd_per_month: float
    least: "LinearCost | None" = None
    """What it costs at least at each volume."""

    @property
    def lines(self) -> tuple["LinearCost", ...]:
        """The straight lines that it consists of."""
        return (self,) if self.least is None else (self, self.least)

    def usd_per_month(self, requests_per_month: Array) -> Array:
        """Cost at each volume. Same shape as the argument."""
        usd = self.fixed_usd_per_month + self.usd_per_request * requests_per_month
        return usd if self.least is None else np.maximum(usd, self.least.usd_per_month(requests_per_month))
