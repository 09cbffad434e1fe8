"""Scenario, demand and catalog as one."""

from dataclasses import FrozenInstanceError

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.scenario.demand import demand_of
from calculators.scenario.inputs import Inputs


def test_the_demand_is_that_of_the_scenario(catalog: Catalog) -> None:
    asked = scenario(workload={"peak_ratio": 3})
    inputs = Inputs.of(asked, catalog)
    assert inputs.scenario is asked
    assert inputs.catalog is catalog
    assert inputs.demand.peak_req_s == demand_of(asked.workload).peak_req_s


def test_inputs_stay_as_they_were_made(catalog: Catalog) -> None:
    with pytest.raises(FrozenInstanceError):
        Inputs.of(scenario(), catalog).scenario = scenario()  # type: ignore[misc]


def test_the_model_in_use_needs_no_evaluation_whatever_the_candidates_say(catalog: Catalog) -> None:
    """The catalog says under which id each provider sells an open model."""
    candidates = [{"model": "llama-3.3-70b", "gate": "assumed"}, {"model": "gpt-oss-120b", "gate": "assumed"}]
    inputs = Inputs.of(scenario(api={"model": "llama-3.3-70b"}, candidates=candidates), catalog)
    assert inputs.gate_of(catalog.model("llama-3.3-70b")) is None
    assert inputs.gate_of(catalog.model("gpt-oss-120b")) == "assumed"
    closed = Inputs.of(scenario(api={"model": "closed"}, candidates=candidates), catalog)
    assert closed.gate_of(catalog.model("llama-3.3-70b")) == "assumed"
