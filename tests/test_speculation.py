"""Golden numbers of the formula, and what must hold on any GPU."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog import load_catalog
from calculators.machine import Setup, machine
from calculators.speculation import loss_from_batch, speedup_ratio, tokens_per_pass

CATALOG = load_catalog()
DENSE = machine([Setup(CATALOG.model("llama-3.3-70b"), CATALOG.gpu("h100-sxm"), "fp8", 2)], CATALOG)
MOE = machine([Setup(CATALOG.model("gpt-oss-120b"), CATALOG.gpu("h100-sxm"), "mxfp4", 1)], CATALOG)


@pytest.mark.parametrize(("acceptance", "drafts", "tokens"), [(0.6, 3, 2.18), (0.7, 3, 2.53), (0.8, 5, 3.69)])
def test_tokens_a_pass_by_the_published_formula(acceptance: float, drafts: int, tokens: float) -> None:
    assert tokens_per_pass(acceptance, drafts) == pytest.approx(tokens, abs=0.005)


def test_all_accepted_yields_one_more_than_drafted_and_none_yields_one() -> None:
    assert tokens_per_pass(1.0, 4) == 5
    assert tokens_per_pass(0.0, 4) == 1


def test_alone_it_helps_and_with_many_at_once_on_a_dense_model_it_is_a_loss() -> None:
    gain = speedup_ratio(DENSE, np.array([1.0, 256.0]), np.array([500.0]), 5, 0.6, 0.05)[0]
    assert gain[0] > 1.3
    assert gain[1] < 1
    assert 1 < float(loss_from_batch(DENSE, 500, 5, 0.6, 0.05)[0]) < 256


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from([DENSE, MOE]), st.floats(0, 0.95), st.integers(1, 7), st.floats(10, 20_000))
def test_better_acceptance_never_hurts(m: object, acceptance: float, drafts: int, context: float) -> None:
    batch, at = np.array([1.0, 16.0, 128.0]), np.array([context])
    worse = speedup_ratio(m, batch, at, drafts, acceptance, 0.05)
    better = speedup_ratio(m, batch, at, drafts, acceptance + 0.04, 0.05)
    assert np.all(better >= worse)


def test_drafts_that_are_never_accepted_only_cost() -> None:
    assert np.all(speedup_ratio(MOE, np.array([1.0, 64.0]), np.array([1_000.0]), 4, 0.0, 0.1) < 1)
