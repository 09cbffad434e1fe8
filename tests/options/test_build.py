"""Options that self-host: the cheapest fleet of each model, its lines and words."""

from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.fleet.operating_costs import fixed_line, self_host_lines
from calculators.fleet.staircase import rents_matrix, staircases
from calculators.options.build import build_options, rent_note, self_host_line, size_candidates
from calculators.options.option import Option
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.inputs import Inputs


def _built(catalog: Catalog, **changes: Any) -> tuple[list[Option], Inputs]:
    inputs = Inputs.of(scenario(**changes), catalog)
    stairs, _ = staircases(size_candidates(inputs)[0], inputs)
    rents = rents_matrix(stairs, np.array([inputs.demand.requests_per_month]))[:, 0] if stairs else np.zeros(0)
    lines = self_host_lines(inputs.scenario.operations, inputs.demand, catalog.ownership)
    return build_options(stairs, rents, SpeedBounds((), ()), lines, inputs), inputs


def test_the_hand_check_of_the_issue(catalog: Catalog) -> None:
    """Two replicas of two H100 at $2.50: four GPUs x 730 hours."""
    [option], _ = _built(catalog)
    assert option.label == "Llama 3.3 70B Instruct self-hosted on 4× NVIDIA H100 80 GB SXM at your negotiated price"
    rent, *others = option.lines
    assert (rent.kind, rent.name, rent.basis) == ("gpu_rental", "GPU rental", "your input")
    assert rent.usd_per_month == 4 * 2.5 * 730
    assert [line.kind for line in others] == ["staffing", "platform", "migration", "network_egress"]
    assert (option.kind, option.operator, option.gate) == ("self_host", "your-quote", "accepted")


def test_rented_and_purchased_fleets_are_options_apart(catalog: Catalog) -> None:
    options, _ = _built(catalog, hardware={"rent_usd_per_gpu_h": {}, "include_owned": True})
    by_kind = {option.kind: option for option in options}
    assert by_kind["self_host"].lines[0].basis == "list price, high confidence, one listing"
    assert "rented from Eights" in by_kind["self_host"].label
    assert by_kind["own_hardware"].lines[0].kind == "owned_servers"
    assert by_kind["own_hardware"].lines[0].basis == "rule of thumb"
    assert by_kind["own_hardware"].label.endswith("on purchased servers")


def test_without_a_fleet_within_the_limit_there_is_no_option(catalog: Catalog) -> None:
    assert _built(catalog, hardware={"max_gpus": 1})[0] == []


def test_without_speed_bounds_the_pessimistic_case_is_infeasible(catalog: Catalog) -> None:
    [option], _ = _built(catalog)
    assert np.isinf(option.high_usd_per_month)


def test_two_regions_are_said_in_label_and_note(catalog: Catalog) -> None:
    [option], _ = _built(catalog, operations={"regions": 2})
    assert option.plan is not None
    assert option.label.endswith("in 2 regions")
    assert rent_note(option.plan) == "2 × single GPU in each of 2 regions at $2.50/GPU-hour, 730 hours/month"


def test_only_egress_grows_with_volume(catalog: Catalog) -> None:
    _, inputs = _built(catalog)
    lines = (fixed_line("staffing", 100.0, "x"), fixed_line("network_egress", 20.0, "x"))
    line = self_host_line(lines, inputs.demand)
    assert line.fixed_usd_per_month == 100
    assert line.usd_per_request * inputs.demand.requests_per_month == pytest.approx(20)


@pytest.mark.parametrize(
    ("gpu", "whole", "name"), [("gb200", 72, "NVIDIA GB200 NVL72"), ("h100-sxm", 8, "NVIDIA H100 80 GB SXM")]
)
def test_a_purchased_fleet_is_whole_servers_or_racks(gpu: str, whole: int, name: str) -> None:
    """A few GPUs would do; the smallest that is sold is paid for."""
    hardware = {"gpus": [gpu], "rent_usd_per_gpu_h": {}, "include_owned": True}
    options, _ = _built(load_catalog(), hardware=hardware, candidates=[{"model": "qwen3.5-27b", "gate": "accepted"}])
    [owned] = [option for option in options if option.kind == "own_hardware"]
    assert owned.plan is not None
    assert owned.plan.gpus == whole > owned.plan.needed_gpus
    assert owned.label == f"Qwen3.5 27B self-hosted on {whole}× {name} on purchased servers"
    assert owned.lines[0].usd_per_month == pytest.approx(whole * 730 * owned.plan.offer.usd_per_gpu_h)


def test_a_rent_names_its_term_in_line_and_basis() -> None:
    hardware = {"gpus": [], "rent_usd_per_gpu_h": {}, "commitments": ["3y"], "include_marketplaces": True}
    options, _ = _built(load_catalog(), hardware=hardware, candidates=[{"model": "qwen3.5-27b", "gate": "accepted"}])
    rent = options[0].lines[0]
    assert "/GPU-hour (3-year commitment), 730 hours/month" in rent.note
    assert rent.basis.startswith("list price (3-year commitment), ")
    assert options[0].label.endswith("(3-year commitment)")
