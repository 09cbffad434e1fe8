"""The options again after changes, of everything or of one model and GPU."""

from dataclasses import replace

from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.options.changed_options import ChangedOptions, merged
from calculators.options.shortlist import priced_buys
from calculators.scenario.inputs import Inputs


def test_a_change_is_judged_once_and_leaves_the_scenario_as_it_is(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(hardware={"max_gpus": 1}), catalog)
    options = ChangedOptions.of(inputs, priced_buys(inputs))
    assert not options.works({})
    assert options.works({"hardware.max_gpus": 64})
    assert options.allowed({"hardware.max_gpus": 64}) is options.allowed({"hardware.max_gpus": 64})
    assert options.scenario.hardware.max_gpus == 1
    assert options.after({"hardware.max_gpus": 64}).works({})


def test_one_model_and_gpu_alone_have_the_fleets_that_they_have_among_others(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(), catalog)
    options = ChangedOptions.of(inputs, priced_buys(inputs))
    config = options.fleets({})[0].capacity.config
    alone = replace(options, pair=(config.model.name, config.gpu.name)).fleets({})
    assert {(one.capacity.config.model.id, one.capacity.config.gpu.id) for one in alone} == {
        (config.model.id, config.gpu.id)
    }
    assert not replace(options, pair=(config.model.name, "no such GPU")).fleets({})


def test_values_of_one_field_are_those_that_come_last() -> None:
    assert merged([{"a": 1, "b": 2}, {"b": 3}]) == {"a": 1, "b": 3}
