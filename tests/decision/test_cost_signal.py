"""The cost signal: by hand, its month, and that it follows the API price."""

from hypothesis import given
from hypothesis import strategies as st
from signals_by_name import quickly, signal

from calculators.decision.signal_result import RANK


def test_cost_does_not_fire_where_buying_is_cheaper() -> None:
    found = signal("cost")
    assert (found.status, found.month) == ("not_firing", None)
    assert "/month more than the cheapest API option" in found.value


def test_cost_fires_when_the_pessimistic_case_saves_too() -> None:
    """Two hundred million requests on a model nobody sells: the API costs $1.1M."""
    found = signal(
        "cost", workload={"requests_per_month": 200e6}, candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}]
    )
    assert (found.status, found.month, found.when) == ("firing", 0, "Now.")
    assert "payback within 1 month" in found.value


def test_growth_gives_the_month_in_which_cost_fires() -> None:
    """Without growth never; at 10% a month the first month whose volume makes the pessimistic case save."""
    model = {"candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}]}
    still = signal("cost", **model)
    growing = signal("cost", **model, workload={"growth_per_month_frac": 0.1})
    assert still.month is None
    assert growing.month is not None
    there = {"requests_per_month": 2e6 * 1.1**growing.month}
    before = {"requests_per_month": 2e6 * 1.1 ** (growing.month - 1)}
    assert signal("cost", **model, workload=there).status == "firing"
    assert signal("cost", **model, workload=before).status != "firing"
    assert growing.month_earliest is not None
    assert growing.month_earliest <= growing.month


def test_cost_does_not_fire_where_nothing_can_be_built_or_bought() -> None:
    assert signal("cost", targets={"tpot_ms": 0.1}).status == "not_firing"
    assert "rules out every API option" in signal("cost", compliance={"requirements": ["air-gap"]}).why


@quickly
@given(st.floats(1e5, 1e9), st.floats(1.0, 3.0))
def test_a_dearer_api_never_makes_the_cost_signal_weaker(volume: float, ratio: float) -> None:
    """The own discount makes the API dearer or cheaper with everything else the same."""
    discounts = (0.5, 0.5 / ratio)
    weak, strong = (
        signal("cost", workload={"requests_per_month": volume}, api={"discount_frac": d, "hosted_sellers": ["nobody"]})
        for d in discounts
    )
    assert RANK[strong.status] >= RANK[weak.status]
