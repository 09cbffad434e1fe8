"""Options that take a cheaper model of the same maker."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.options.step_down import compared_step_downs, step_down_gates, step_down_options
from calculators.scenario.inputs import Inputs

LIVE: dict[str, Any] = {
    "as_of": date(2026, 11, 30),
    "candidates": [{"model": "gpt-oss-120b", "gate": "not_acceptable"}],
    "hardware": {"rent_usd_per_gpu_h": {}},
    "workload": {"requests_per_month": 5e6},
}


def _inputs(catalog: Catalog, **api: Any) -> Inputs:
    return Inputs.of(scenario(**LIVE, api={"provider": "openai", "model": "gpt-5.4", **api}), catalog)


def _labels(catalog: Catalog, **api: Any) -> list[str]:
    return [option.label for option in step_down_options(_inputs(catalog, **api))]


def test_the_newest_of_the_same_size_and_the_next_smaller_one_are_compared(live_catalog: Catalog) -> None:
    assert _labels(live_catalog) == ["gpt-6.1-sol on OpenAI", "gpt-6.1-terra on OpenAI"]


def test_a_newer_model_that_costs_more_is_no_step_down(live_catalog: Catalog) -> None:
    assert _labels(live_catalog, provider="google", model="gemini-2.5-pro") == ["gemini-3.8-flash on Google"]


def test_a_step_down_costs_its_bill_and_the_move_and_is_assumed_to_pass(live_catalog: Catalog) -> None:
    option = step_down_options(_inputs(live_catalog))[1]
    assert (option.kind, option.gate, option.operator) == ("step_down", "assumed", "openai")
    assert [line.kind for line in option.lines] == ["api", "migration"]
    assert option.assumed_models == option.models == ("gpt-6.1-terra",)


def test_a_model_that_failed_the_evals_is_left_out_and_no_smaller_one_takes_its_place(live_catalog: Catalog) -> None:
    failed = [{"provider": "openai", "model": "gpt-6.1-terra", "gate": "not_acceptable"}]
    assert _labels(live_catalog, step_downs=failed) == ["gpt-6.1-sol on OpenAI"]
    assert [one.gate for one in compared_step_downs(_inputs(live_catalog, step_downs=failed))] == [
        "assumed",
        "not_acceptable",
    ]


def test_a_model_that_the_user_names_is_compared_whatever_its_size_and_price(live_catalog: Catalog) -> None:
    named = [{"provider": "openai", "model": "gpt-6-luna", "gate": "accepted"}]
    [*_, luna] = step_down_options(_inputs(live_catalog, step_downs=named))
    assert (luna.label, luna.gate, luna.assumed_models) == ("gpt-6-luna on OpenAI", "accepted", ())
    dear = [{"provider": "openai", "model": "gpt-6-astra", "gate": "assumed"}]
    assert "gpt-6-astra on OpenAI" in _labels(live_catalog, step_downs=dear)


def test_the_terms_of_today_hold_for_its_step_downs(live_catalog: Catalog) -> None:
    plain, cheaper = (step_down_options(_inputs(live_catalog, discount_frac=f))[0] for f in (0.0, 0.25))
    assert plain.bill is not None
    assert cheaper.bill is not None
    assert cheaper.bill.usd_per_month == pytest.approx(0.75 * plain.bill.usd_per_month)
    paid = step_down_options(_inputs(live_catalog, paid_usd_per_month=1_000.0))[0]
    assert paid.bill is not None
    assert paid.bill.usd_per_month < 1_000
    assert "in proportion to your bill" in paid.lines[0].basis


def test_several_models_in_use_step_down_together(live_catalog: Catalog) -> None:
    half = {"requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    mix = [
        {"provider": "openai", "model": "gpt-5.4", **half},
        {"provider": "anthropic", "model": "claude-haiku-5-5", **half},
    ]
    [option] = step_down_options(_inputs(live_catalog, mix=mix))
    assert option.stepped_to == ("gpt-6.1-terra",)
    assert {model for _, model in option.products} == {"gpt-6.1-terra", "claude-haiku-5-5"}


def test_the_verdict_says_that_it_must_pass_the_evals(live_catalog: Catalog) -> None:
    used = scenario(**LIVE, api={"provider": "anthropic", "model": "claude-sonnet-5-5"})
    result = evaluate(used, live_catalog)
    assert result.verdict.kind == "step_down"
    assert "Move to a cheaper model of the same maker: claude-haiku-5-5 on Anthropic costs" in result.verdict.sentence
    assert "if it passes your evals" in result.verdict.sentence


def test_a_model_in_use_that_has_a_successor_is_marked(live_catalog: Catalog) -> None:
    told = " ".join(evaluate(_inputs(live_catalog).scenario, live_catalog).caveats)
    assert "gpt-5.4 on OpenAI has been superseded: gpt-6.1-sol is the newest model of its size there." in told


@given(
    st.floats(1, 1e9),
    st.floats(10, 100_000),
    st.floats(1, 10_000),
    st.sampled_from(
        [
            ("openai", "gpt-5.4"),
            ("anthropic", "claude-opus-5"),
            ("google", "gemini-2.5-pro"),
            ("mistral", "mistral-medium-3-5"),
        ]
    ),
)
def test_unnamed_step_downs_are_cheaper_than_today_by_the_token(
    requests: float, input_tok: float, output_tok: float, used: tuple[str, str]
) -> None:
    workload = {
        "requests_per_month": requests,
        "input_tok": input_tok,
        "output_tok": output_tok,
        "input_p95_tok": input_tok,
        "output_p95_tok": output_tok,
    }
    api = {"provider": used[0], "model": used[1]}
    inputs = Inputs.of(scenario(**{**LIVE, "workload": workload}, api=api), load_catalog())
    assert len(step_down_gates(inputs)) <= 2
    for option in step_down_options(inputs):
        assert option.bill is not None
        assert option.operator == used[0]
        assert option.model != used[1]


def test_where_data_must_stay_in_a_region_its_endpoint_and_its_price_are_meant(live_catalog: Catalog) -> None:
    """OpenAI's endpoints in the EU cost a tenth more."""
    plain = step_down_options(_inputs(live_catalog))[0]
    asked = scenario(
        **LIVE, api={"provider": "openai", "model": "gpt-5.4"}, compliance={"requirements": ["residency-eu"]}
    )
    regional = step_down_options(Inputs.of(asked, live_catalog))[0]
    assert regional.label == "gpt-6.1-sol on OpenAI, regional endpoint"
    assert plain.bill is not None
    assert regional.bill is not None
    assert regional.bill.usd_per_month == pytest.approx(1.1 * plain.bill.usd_per_month)
