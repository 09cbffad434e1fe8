"""Where the winner's side changes, by hand and put back in."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, NO_GPT_STEP, scenario

from calculators.catalog.load import ROOT, load_catalog
from calculators.decision.choice import KIND_OF_WINNER
from calculators.decision.switching_values import SwitchingValue, first_change, side_of
from calculators.decision.varied_inputs import VariedInput
from calculators.evaluate import Evaluation, evaluate, sensitivity_of
from calculators.options.cost_curves import SIDES
from calculators.options.option import STAYS
from calculators.options.what_if import NO_MOVES, PriceMoves
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario

REAL, FIXED = load_catalog(), load_catalog(FIXED_ROOT)
TODAY = date(2026, 11, 29)
STAY, MOVE = SIDES.index("api_today"), SIDES.index("hosted_open")
PRICES = {"today_price": "today_price_ratio", "price": "hosted_price_ratio", "rent": "rent_ratio"}


def _varied(at: float, back_at: float = np.inf) -> VariedInput:
    """An input of 10 beyond which moving wins from `at` to `back_at`."""
    return VariedInput(
        field="volume",
        now=10.0,
        bounds=(1.0, 1e12),
        sides=lambda values: np.where((values > at) & (values < back_at), MOVE, STAY),
        changed=lambda value: (scenario(), NO_MOVES),
    )


def test_the_change_is_narrowed_down_to_the_value() -> None:
    varied = _varied(123.4)
    change = first_change(varied, STAY, varied.values(rising=True))
    assert change == (pytest.approx(123.4, rel=1e-4), MOVE)
    assert first_change(varied, STAY, varied.values(rising=False)) is None


def test_a_stretch_narrower_than_a_step_is_passed_over() -> None:
    """A crossing 0.2% wide, as a machine more makes one, is nothing to act on."""
    varied = _varied(123.4, 123.4 * 1.002)
    assert first_change(varied, STAY, varied.values(rising=True)) is None


def test_what_nobody_would_meet_is_not_told() -> None:
    varied = _varied(10.0 * 5_000)
    assert first_change(varied, STAY, varied.values(rising=True)) is None


def _read(**changes: object) -> Evaluation:
    return evaluate(scenario_of(**changes), REAL)


def scenario_of(**changes: object) -> Scenario:
    """gpt-5.4 against gpt-oss 120B, at 60,000 requests a month."""
    workload = {
        "requests_per_month": 60_000,
        "input_tok": 1_200,
        "output_tok": 220,
        "input_p95_tok": 3_000,
        "output_p95_tok": 484,
        "cached_frac": 0.4,
        "cacheable_frac": 0.6,
        "self_hit_frac": 0.4,
    }
    workload |= changes.pop("workload", {})  # type: ignore[arg-type]
    return scenario(
        as_of=TODAY,
        workload=workload,
        api={"provider": "openai", "model": "gpt-5.4"} | NO_GPT_STEP | changes.pop("api", {}),  # type: ignore[operator]
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
        **{"candidates": [{"model": "gpt-oss-120b", "gate": "accepted"}], **changes},
    )


def _value(evaluation: Evaluation, field: str, rising: bool) -> SwitchingValue:
    values = sensitivity_of(evaluation, REAL).values
    return next(
        v for v in values if v.field == field and v.value_at is not None and (v.value_at > v.value_now) is rising
    )


def test_the_volume_of_staying_and_moving_is_told() -> None:
    """Both are straight lines: staying is s v, moving F + m v, so that they tie at F / (s - m)."""
    evaluation = _read()
    assert evaluation.verdict.winner.kind in STAYS
    stay = min((o for o in evaluation.options if o.kind in STAYS), key=lambda o: o.usd_per_month)
    move = min((o for o in evaluation.options if o.kind == "hosted_open"), key=lambda o: o.usd_per_month)
    assert stay.bill is not None
    assert move.bill is not None
    fixed = move.usd_per_month - move.bill.usd_per_month
    tie = fixed / (stay.bill.usd_per_request - move.bill.usd_per_request)
    told = _value(evaluation, "volume", rising=True)
    assert told.value_at == pytest.approx(tie, rel=1e-4)
    assert (told.becomes, told.verified) == ("hosted_open", True)


def test_the_price_of_todays_api_moves_its_discounted_form_too() -> None:
    """Cached and batched, gpt-5-mini already undercuts the open model: it must rise, by the ratio of the two costs."""
    changes = {"requests_per_month": 2_500_000, "deferrable_frac": 0.8, "cached_frac": 0.0, "cacheable_frac": 0.5}
    evaluation = _read(workload=changes, api={"model": "gpt-5-mini"})
    stay = min((o for o in evaluation.options if o.kind in STAYS), key=lambda o: o.usd_per_month)
    move = min((o for o in evaluation.options if o.kind == "hosted_open"), key=lambda o: o.usd_per_month)
    assert stay.kind == "api_optimised"
    assert stay.usd_per_month < move.usd_per_month
    told = _value(evaluation, "today_price", rising=True)
    assert told.value_at == pytest.approx(move.usd_per_month / stay.usd_per_month, rel=1e-4)
    assert told.becomes == "hosted_open"


def _put_back(asked: Scenario, value: SwitchingValue, ratio: float) -> int:
    """The side that wins with an input at `ratio` times its switching value, from the whole evaluation where the scenario
    has the input, from scaled options where it is a price."""
    from calculators.options.what_if import ranked_again
    from calculators.scenario.inputs import Inputs

    assert value.value_at is not None
    at = value.value_at * ratio
    paths = {
        "volume": ("workload", "requests_per_month"),
        "peak": ("workload", "peak_ratio"),
        "staffing": ("operations", "self_host_fte"),
        "easy_frac": ("workload", "easy_frac"),
        "speed": ("hardware", "throughput_factor"),
    }
    if value.field not in paths:
        moves = PriceMoves(**{PRICES.get(value.field, "server_ratio"): at})
        return side_of(ranked_again(Inputs.of(asked, REAL), moves))
    section, name = paths[value.field]
    part = getattr(asked, section).model_copy(update={name: at})
    again = evaluate(asked.model_copy(update={section: part}), REAL)
    return SIDES.index(again.verdict.winner.kind) if again.allowed else -1


def _holds(asked: Scenario) -> None:
    evaluation = evaluate(asked, REAL)
    now = SIDES.index(evaluation.verdict.winner.kind)
    for value in sensitivity_of(evaluation, REAL).values:
        if value.value_at is None:
            continue
        assert value.verified, value
        rising = value.value_at > value.value_now
        before, beyond = (
            _put_back(asked, value, 1 + step) for step in ((-0.002, 0.002) if rising else (0.002, -0.002))
        )
        assert before == now, value
        assert beyond != now, value
        assert value.becomes == ("cannot_tell" if beyond < 0 else KIND_OF_WINNER[SIDES[beyond]])


@pytest.mark.parametrize("name", ["azure-conversation", "near-the-crossover", "steady-extraction", "peaky-at-scale"])
def test_every_value_of_the_shipped_scenarios_put_back_in_changes_the_side(name: str) -> None:
    _holds(read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY))


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    st.floats(4, 9),
    st.sampled_from([1.0, 1.5, 4.0, 12.0]),
    st.sampled_from([0.0, 0.0, 0.1, -0.1]),
    st.sampled_from(["gpt-5.4", "gpt-5-mini"]),
    st.booleans(),
)
def test_every_value_of_random_scenarios_put_back_in_changes_the_side(
    magnitude: float, peak_ratio: float, growth: float, model: str, include_owned: bool
) -> None:
    asked = scenario_of(
        workload={"requests_per_month": 10**magnitude, "peak_ratio": peak_ratio, "growth_per_month_frac": growth},
        api={"model": model},
    )
    _holds(asked.model_copy(update={"hardware": asked.hardware.model_copy(update={"include_owned": include_owned})}))


def test_with_a_bill_every_value_put_back_in_changes_the_side_too() -> None:
    """The bill goes along with the volume."""
    asked = scenario_of(workload={"requests_per_month": 4_000_000}, api={"paid_usd_per_month": 9_000.0})
    evaluation = evaluate(asked, REAL)
    assert evaluation.today.usd_per_month == pytest.approx(9_000)
    told = [v for v in sensitivity_of(evaluation, REAL).values if v.value_at is not None]
    assert told
    assert all(value.verified for value in told)


def test_the_nearest_are_told_first_and_inputs_without_one_have_an_entry() -> None:
    values = sensitivity_of(_read(), REAL).values
    assert [v.distance for v in values] == sorted(v.distance for v in values)
    assert any(v.value_at is None for v in values)
    assert {"volume", "price", "today_price", "rent", "peak", "staffing", "speed"} == {v.field for v in values}


def test_an_assumed_volume_near_a_change_is_found_within_a_factor_of_two() -> None:
    told = _value(_read(), "volume", rising=True).value_at
    assert told is not None
    near = _read(workload={"requests_per_month": told * 0.7, "requests_basis": "assumed"})
    assert near.verdict.kind == "cannot_tell"
    far = _read(workload={"requests_per_month": told * 0.4, "requests_basis": "assumed"})
    assert far.verdict.kind != "cannot_tell"
    nearly_equal = _read(workload={"requests_per_month": told * 1.95, "requests_basis": "assumed"})  # at half of it
    assert nearly_equal.verdict.kind != "cannot_tell"


@pytest.mark.parametrize("easy_frac", [None, 0.0, 0.6])
def test_the_share_of_easy_requests_at_which_routing_pays(easy_frac: float | None) -> None:
    """11,000 a month at `closed` and 660 at gpt-oss 120B, whose staffing and move cost 2,000 + 20,000 / 52: worth it from
    2,384.6 / 10,340 of the requests, by ranking again."""
    asked = scenario(candidates=[{"model": "gpt-oss-120b", "gate": "easy_only"}], workload={"easy_frac": easy_frac})
    [value] = [one for one in sensitivity_of(evaluate(asked, FIXED), FIXED).values if one.field == "easy_frac"]
    assert value.value_now == (easy_frac or 0.0)
    assert value.value_at == pytest.approx((2_000 + 20_000 / 52) / 10_340, rel=1e-4)
    assert value.becomes == ("stay" if easy_frac else "routed_api")
    assert value.verified


def test_the_share_of_easy_requests_is_no_input_without_a_small_model() -> None:
    values = sensitivity_of(evaluate(scenario(workload={"easy_frac": 0.5}), FIXED), FIXED).values
    assert "easy_frac" not in {one.field for one in values}


@pytest.mark.parametrize("model", ["gpt-oss-20b", "llama-3.1-8b"])
@pytest.mark.parametrize(("requests_per_month", "growth"), [(3e5, 0.0), (5e7, 0.0), (3e6, 0.1)])
def test_with_easy_requests_every_value_put_back_in_changes_the_side(
    model: str, requests_per_month: float, growth: float
) -> None:
    workload = {"requests_per_month": requests_per_month, "growth_per_month_frac": growth, "easy_frac": 0.4}
    asked = scenario_of(workload=workload, candidates=[{"model": model, "gate": "easy_only"}])
    values = sensitivity_of(evaluate(asked, REAL), REAL).values
    assert "easy_frac" in {value.field for value in values}
    _holds(asked)
