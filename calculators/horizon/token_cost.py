"""What a million tokens costs at each option, the number in which others publish: input, output and blended, at this load and when
every replica is busy all month."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.options.option import Option
from calculators.performance.replica import replica_arrays
from calculators.performance.step_time import prefill_s, step_s
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.units import SECONDS_PER_MONTH, TOK_PER_MTOK


@dataclass(frozen=True, slots=True)
class TokenCost:
    """Cost of a million tokens at one option, everything counted, in USD."""

    blended_usd_per_mtok: float
    """Whole cost over input and output tokens together."""
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    full_usd_per_mtok: float
    """Blended, of a fleet whose replicas are busy all month at the load that meets the targets; of an API the bill alone."""


def token_costs(options: Sequence[Option], inputs: Inputs) -> list[TokenCost]:
    """Of each option at today's load. An API's cost is split as its bill is, a fleet's by the GPU time that prompts and answers
    take."""
    shares = _input_shares([option for option in options if option.plan is not None], inputs)
    by_time = iter(shares)
    return [_token_cost(o, next(by_time) if o.plan is not None else _billed_share(o), inputs) for o in options]


def _token_cost(option: Option, input_share_frac: float, inputs: Inputs) -> TokenCost:
    demand = inputs.demand
    in_mtok = demand.requests_per_month * demand.input_tok / TOK_PER_MTOK
    out_mtok = demand.requests_per_month * demand.output_tok / TOK_PER_MTOK
    usd = option.usd_per_month
    return TokenCost(
        blended_usd_per_mtok=usd / (in_mtok + out_mtok),
        input_usd_per_mtok=usd * input_share_frac / in_mtok,
        output_usd_per_mtok=usd * (1 - input_share_frac) / out_mtok,
        full_usd_per_mtok=_full_usd_per_request(option) / (demand.input_tok + demand.output_tok) * TOK_PER_MTOK,
    )


def _full_usd_per_request(option: Option) -> float:
    if option.plan is None:
        assert option.bill is not None
        return option.bill.usd_per_request
    plan = option.plan
    busy_req = min(plan.replicas * plan.capacity.req_s, (plan.prefill_replicas or np.inf) * plan.capacity.prefill_req_s)
    return option.usd_per_month / (busy_req * SECONDS_PER_MONTH)


def _billed_share(option: Option) -> float:
    """Share of an API's bill that input tokens make."""
    assert option.bill is not None
    bill = option.bill
    read = bill.input_usd_per_month + bill.cache_read_usd_per_month + bill.cache_write_usd_per_month
    return read / (read + bill.output_usd_per_month) if read + bill.output_usd_per_month else 0.5


def _input_shares(options: Sequence[Option], inputs: Inputs) -> Array:
    """Share (n,) of a replica's time that a request's prompt takes: prefill over prefill and its part of the decode steps."""
    plans = [option.plan for option in options if option.plan is not None]
    if not plans:
        return np.zeros(0)
    demand, m = inputs.demand, replica_arrays([plan.config for plan in plans], inputs.catalog)
    batch = np.array([[max(plan.capacity.batch, 1.0)] for plan in plans])
    prompt, none = np.array([[demand.input_tok]]), np.zeros((1, 1))
    fresh = np.maximum(prompt * (1 - inputs.scenario.own_hit_frac), 1.0)
    context = prompt + demand.output_tok / 2
    first_s = prefill_s(m, none, context, fresh, prompt)
    rest_s = demand.output_tok * step_s(m, batch, context, none, none) / batch
    return np.asarray(first_s / (first_s + rest_s))[:, 0]
