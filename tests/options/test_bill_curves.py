"""Cost of the API options over inputs that vary, those that route easy requests included."""

from typing import Any

import numpy as np
import pytest
from support import FIXED_ROOT, merged, scenario

from calculators.catalog.load import load_catalog
from calculators.options.cost_curves import OptionCurves
from calculators.options.ranking import curves_of, ranking, without_undercut
from calculators.options.speed_range import SpeedBounds
from calculators.options.what_if import PriceMoves, allowed_again
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)
MODELS = [{"model": "llama-3.3-70b", "gate": "accepted"}, {"model": "gpt-oss-120b", "gate": "easy_only"}]
COMMITTED = {"committed_usd_per_month": 9_000, "committed_months": 12}


def _curves(easy_frac: float, **changes: Any) -> OptionCurves:
    asked = scenario(**merged({"candidates": MODELS, "workload": {"easy_frac": easy_frac}}, changes))
    inputs = Inputs.of(asked, CATALOG)
    return curves_of(allowed_again(inputs), inputs)


def test_those_that_route_come_last_and_the_small_models_after_what_answers_everything() -> None:
    api = _curves(0.4).api
    assert [option.kind for option in api.buys] == ["api_today", "hosted_open", "routed_api", "routed_api"]
    assert [option.gate for option in api.sold] == [None, "accepted", "easy_only"]
    assert [(api.sold[hard].kind, api.sold[easy]) for hard, easy in api.routes] == [
        ("hosted_open", api.small[0]),
        ("api_today", api.small[0]),
    ]
    assert not _curves(0.4, candidates=MODELS[:1]).api.routes


@pytest.mark.parametrize("api", [{}, COMMITTED])
@pytest.mark.parametrize("requests_per_month", [2e6, 4e7])
def test_at_todays_values_the_curves_are_the_options(api: dict[str, Any], requests_per_month: float) -> None:
    for share in (0.0, 0.3, 1.0):
        curves = _curves(share, api=api, workload={"requests_per_month": requests_per_month, "peak_ratio": 8})
        usd = curves.costs(curves.points(1)).buys_usd[:, 0]
        assert usd == pytest.approx([option.usd_per_month for option in curves.buys])


@pytest.mark.parametrize("api", [{}, COMMITTED])
def test_another_share_or_price_on_the_curves_is_that_scenario_ranked_again(api: dict[str, Any]) -> None:
    curves = _curves(0.4, api=api)
    shares = np.array([0.1, 0.9])
    usd = curves.costs(curves.points(2, easy_frac=shares)).buys_usd
    for place, share in enumerate(shares.tolist()):
        assert usd[:, place] == pytest.approx([option.usd_per_month for option in _curves(share, api=api).buys])
    inputs = curves.inputs
    moved = curves_of(allowed_again(inputs, PriceMoves(today_price_ratio=0.5, hosted_price_ratio=3.0)), inputs)
    at = curves.points(1, today_price_ratio=np.array([0.5]), hosted_price_ratio=np.array([3.0]))
    now, then = (
        dict(zip([(one.kind, one.label) for one in each.buys], costs, strict=True))
        for each, costs in (
            (moved, [option.usd_per_month for option in moved.buys]),
            (curves, curves.costs(at).buys_usd[:, 0]),
        )
    )
    assert then == pytest.approx(now)


@pytest.mark.parametrize("api", [{}, COMMITTED])
@pytest.mark.parametrize("waits", [0.0, 0.4])
def test_the_hybrid_of_the_curves_is_the_one_that_is_ranked(api: dict[str, Any], waits: float) -> None:
    """Dear tokens and a high peak, so that a hybrid pays at some of the shares."""
    shown = 0
    for share in (0.0, 0.2, 0.5, 0.8):
        asked = scenario(
            candidates=MODELS,
            api=api | {"hosted_sellers": ["testhost"], "own_prices": []},
            workload={"requests_per_month": 1e8, "peak_ratio": 8, "easy_frac": share, "deferrable_frac": waits},
            hardware={"rent_usd_per_gpu_h": {"h100-sxm": 0.4}, "max_gpus": 2_000},
        )
        inputs = Inputs.of(asked, CATALOG)
        allowed = without_undercut(allowed_again(inputs))
        curves = curves_of(allowed, inputs)
        ranked = [o for o in ranking(allowed, SpeedBounds((), ()), curves).options if o.kind == "hybrid"]
        least = curves.costs(curves.points(1)).hybrids_usd.min()
        assert [least] == pytest.approx([o.usd_per_month for o in ranked] or [np.inf])
        shown += bool(ranked and ranked[0].easy_frac)
    assert shown or waits
