"""Fitted coefficients of the throughput model."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.catalog.efficiency import Efficiency


def test_each_generation_and_engine_is_fitted_once(live_catalog: Catalog) -> None:
    known = live_catalog.efficiencies
    for names in ([e.generation for e in known.efficiencies], [e.engine for e in known.engines]):
        assert len(names) == len(set(names))
    assert {gpu.generation for gpu in live_catalog.offered_gpus.values()} <= {
        e.generation for e in known.efficiencies
    } | {"ampere"}


@pytest.mark.parametrize("figure", ["tpot_ms", "tok_s", "ttft_ms"])
def test_an_extrapolation_is_never_surer_than_a_fit(live_catalog: Catalog, figure: str) -> None:
    error = next(r for r in live_catalog.efficiencies.ranges if r.figure == figure)
    assert 1 < error.of({"vllm"}) <= error.of({"vllm", "few_runs"})


def test_each_format_has_its_own_share_of_its_peak(live_catalog: Catalog) -> None:
    fitted: Efficiency = live_catalog.efficiencies.efficiencies[0]
    assert fitted.format_compute_frac("bf16") == 1
    assert fitted.format_compute_frac("int8") == fitted.format_compute_frac("fp8") == fitted.fp8_compute_frac
    assert fitted.format_compute_frac("nvfp4") == fitted.format_compute_frac("mxfp4") == fitted.fp4_compute_frac
