"""Ids of a scenario that the catalog does not hold."""

from dataclasses import replace

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError, UnknownId
from calculators.fleet.candidate_configs import candidate_configs
from calculators.options.scenario_check import (
    MODELS_NEVER_REFUSED,
    MOST_CONFIGS,
    check_ids,
    check_search,
    lost_prices,
)


def test_a_choice_that_nobody_sells_any_more_is_told(catalog: Catalog) -> None:
    listed = {"rent_usd_per_gpu_h": {}}
    assert lost_prices(scenario(hardware=listed), catalog) == []
    assert lost_prices(scenario(api={"model": "closd"}), catalog)[0].startswith("API model: no price for model 'closd'")
    gone = replace(catalog, rent_providers={"eights": catalog.rent_providers["eights"]})
    [words] = lost_prices(scenario(hardware={**listed, "gpus": ["h100-sxm", "l40s"]}), gone)
    assert words == f"GPUs (empty = all data-center GPUs): no price of {catalog.gpu('l40s').name} is left."
    gap = lost_prices(scenario(hardware={**listed, "max_rent_age_days": 1}), catalog)[-1]
    assert "maximum age: 1 day" in gap


def test_known_ids_pass(catalog: Catalog) -> None:
    check_ids(scenario(), catalog)


@pytest.mark.parametrize(
    ("changes", "kind", "field", "message"),
    [
        (
            {"candidates": [{"model": "llama-3.3-70"}]},
            UnknownId,
            "candidates",
            "Candidate open models: unknown model 'llama-3.3-70'; did you mean 'llama-3.3-70b'?",
        ),
        (
            {"hardware": {"gpus": ["h900"]}},
            UnknownId,
            "hardware.gpus",
            "GPUs (empty = all data-center GPUs): unknown GPU 'h900'",
        ),
        (
            {"hardware": {"rent_usd_per_gpu_h": {"zz": 1}}},
            UnknownId,
            "hardware.rent_usd_per_gpu_h",
            "Your negotiated GPU price (USD/GPU-hour): unknown GPU 'zz'",
        ),
        (
            {"hardware": {"rent_providers": ["nobody"]}},
            DataError,
            "hardware.rent_providers",
            "GPU cloud providers (empty = all): unknown provider 'nobody'. Known ones: eights",
        ),
        (
            {"compliance": {"requirements": ["nothing"]}},
            DataError,
            "compliance.requirements",
            "Compliance requirements: unknown requirement 'nothing'. Known ones: ",
        ),
        (
            {"api": {"model": "closd"}},
            DataError,
            "api.model",
            "API model: no price for model 'closd' of provider 'testhost'",
        ),
        (
            {
                "candidates": [
                    {"model": "llama-3.3-70b"},
                    {"model": "llama-3.3-70b-instruct", "gate": "not_acceptable"},
                ]
            },
            DataError,
            "candidates",
            "Candidate open models: 'llama-3.3-70b' is listed under two of its names; keep one.",
        ),
    ],
)
def test_an_unknown_id_is_refused_with_label_value_and_remedy(
    catalog: Catalog, changes: dict[str, object], kind: type[DataError], field: str, message: str
) -> None:
    with pytest.raises(kind) as error:
        check_ids(scenario(**changes), catalog)
    assert str(error.value).startswith(message)
    assert str(error.value).endswith((".", "?"))
    assert error.value.field == field


def test_every_model_of_a_mix_is_checked(catalog: Catalog) -> None:
    share = {"requests_frac": 1.0, "input_frac": 1.0, "output_frac": 1.0}
    asked = scenario(api={"mix": [{"provider": "testhost", "model": "closd", **share}]})
    with pytest.raises(DataError, match="API models in use: no price for model 'closd' of provider 'testhost'"):
        check_ids(asked, catalog)


def test_a_gpu_kept_for_measurements_is_refused_as_a_choice(catalog: Catalog) -> None:
    kept = catalog.gpus["l40s"].model_copy(update={"measured_only": True})
    known = replace(catalog, gpus={**catalog.gpus, "l40s": kept})
    with pytest.raises(DataError, match=f"{kept.name} is kept to compare with published measurements; pick another"):
        check_ids(scenario(hardware={"gpus": ["l40s"]}), known)


def test_a_search_too_large_is_refused_before_any_work_and_the_remedy_works(live_catalog: Catalog) -> None:
    models = [{"model": id, "gate": "assumed"} for id in list(live_catalog.models)[:100]]
    hardware = {"gpus": [], "rent_usd_per_gpu_h": {}, "precisions": ["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"]}
    openai = {"provider": "openai", "model": "gpt-5.4"}
    with pytest.raises(DataError, match=r"at most 20k are searched at once. Select at most (\d+) models") as refused:
        check_search(scenario(candidates=models, hardware=hardware, api=openai), live_catalog)
    kept = int(str(refused.value).split("at most ")[2].split()[0])
    check_search(scenario(candidates=models[: int(kept * 0.8)], hardware=hardware, api=openai), live_catalog)
    check_search(scenario(candidates=models, hardware={"gpus": [], "rent_usd_per_gpu_h": {}}, api=openai), live_catalog)


def test_a_few_models_are_never_too_many(live_catalog: Catalog) -> None:
    everything = {
        "gpus": list(live_catalog.offered_gpus),
        "precisions": ["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"],
    }
    models = [{"model": id, "gate": "assumed"} for id in list(live_catalog.models)[:MODELS_NEVER_REFUSED]]
    asked = scenario(
        candidates=models, hardware=everything | {"rent_usd_per_gpu_h": {}}, techniques={"expert_parallelism": True}
    )
    assert len(candidate_configs(asked, live_catalog)) <= MOST_CONFIGS


def test_typed_figures_of_an_unknown_gpu_say_whose_they_are(catalog: Catalog) -> None:
    own = {
        "source": "",
        "model": "llama-3.3-70b",
        "gpu": "h100-smx",
        "precision": "fp8",
        "input_tok": 1,
        "output_tok": 1,
    }
    asked = scenario(hardware={"own_measurements": [{**own, "concurrency_count": 1, "tpot_ms": 9}]})
    with pytest.raises(UnknownId, match="Your benchmarks: your typed figures: unknown GPU 'h100-smx'"):
        check_ids(asked, catalog)
