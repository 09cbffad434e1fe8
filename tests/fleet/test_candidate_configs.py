"""Which configurations a scenario searches."""

from dataclasses import replace

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.fleet import candidate_configs as searched
from calculators.fleet.candidate_configs import (
    allowed_splits,
    candidate_configs,
    precisions,
    replica_config,
    resized,
    searched_gpus,
)
from calculators.fleet.replica_layouts import Layout
from calculators.quantization.effect import _other_splits
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Techniques
from calculators.techniques.fleets import configs_with

LIVE = load_catalog()


def test_precisions_never_sell_a_checkpoint_as_something_finer(catalog: Catalog) -> None:
    every = scenario(hardware={"precisions": ["bf16", "fp8", "nvfp4", "mxfp4", "int4"]})
    assert precisions(catalog.model("llama-3.3-70b"), every) == ["bf16", "fp8", "nvfp4", "int4"]
    assert precisions(catalog.model("gpt-oss-120b"), every) == ["mxfp4"]


def test_models_that_are_not_acceptable_are_not_tried(catalog: Catalog) -> None:
    assert candidate_configs(scenario(candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}]), catalog) == []


def test_gaming_cards_are_tried_only_by_name(live_catalog: Catalog) -> None:
    hardware = scenario().hardware
    everything = searched_gpus(hardware.model_copy(update={"gpus": ()}), live_catalog)
    assert "rtx-4090" not in {gpu.id for gpu in everything}
    named = searched_gpus(hardware.model_copy(update={"gpus": ("rtx-4090",)}), live_catalog)
    assert [gpu.id for gpu in named] == ["rtx-4090"]


def test_whole_experts_on_each_gpu_where_they_divide_and_only_in_models_that_have_any() -> None:
    on = Techniques(expert_parallelism=True)
    gpu = LIVE.gpu("h100-sxm")
    assert replica_config(LIVE.model("gpt-oss-120b"), gpu, "mxfp4", 4, on).expert_ranks == 4
    assert replica_config(LIVE.model("gpt-oss-120b"), gpu, "mxfp4", 4, Techniques()).expert_ranks == 1
    assert replica_config(LIVE.model("llama-3.3-70b"), gpu, "fp8", 4, on).expert_ranks == 1


def test_without_parallelism_each_replica_is_one_gpu_and_without_quantization_only_the_released_format() -> None:
    asked = scenario(techniques={"parallelism": False, "quantization": False})
    assert {(s.tensor_parallel, s.precision) for s in candidate_configs(asked, LIVE)} == {(1, "bf16")}


def test_a_replica_spans_one_fast_domain_and_never_less_than_a_server(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One rule for the search, the comparison of techniques and the effect of a recipe: with replicas of 16 GPUs to try,
    all three try them where the links join 72, and none where they join 8."""
    monkeypatch.setattr(searched, "TENSOR_PARALLEL", (1, 2, 16))
    plain = catalog.gpu("h100-sxm")
    wide = plain.model_copy(update={"links": plain.links.model_copy(update={"domain_gpus": 72})})
    plan = evaluate(scenario(), replace(catalog)).build.plan  # type: ignore[union-attr]  # remembers nothing patched
    assert plan is not None
    for gpu, widest in ((plain, 2), (wide, 16)):
        inputs = Inputs.of(scenario(), replace(catalog, gpus={"h100-sxm": gpu}))
        other = replace(plan, capacity=replace(plan.capacity, config=replace(plan.config, gpu=gpu)))
        tried = {config.tensor_parallel for config in candidate_configs(inputs.scenario, inputs.catalog)}
        compared = {config.tensor_parallel for config in configs_with(other, Techniques(), ("fp8",), (1, 2, 16))}
        resplit = {other.config.tensor_parallel, *_other_splits(other.config, inputs.scenario)}
        assert max(tried) == max(compared) == max(resplit) == widest
    assert allowed_splits(wide, Techniques(parallelism=False)) == (1,)


def test_a_verdicts_own_layout_is_kept_where_the_number_of_gpus_is_its_own() -> None:
    wide = replica_config(LIVE.model("deepseek-v3"), LIVE.gpu("h200-sxm"), "fp8", Layout(1, 16), Techniques())
    assert wide.expert_ranks == 16
    assert resized(wide, "fp8", 16, Techniques()) == wide
    assert resized(wide, "fp8", 8, Techniques()).tensor_parallel == 8
