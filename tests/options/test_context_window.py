"""Which models and sellers the context window rules out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import NO_GPT_STEP, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.options.buy import hosted_options
from calculators.options.context_window import held_frac, is_too_short, option_too_short_words, partly_held_words
from calculators.scenario.inputs import Inputs

LIVE = load_catalog()
LONG = {"input_tok": 20_000, "output_tok": 500, "input_p95_tok": 60_000, "output_p95_tok": 1_100, "peak_ratio": 2}

WORKLOAD = scenario(workload=LONG).workload


def _run(model: str, api: tuple[str, str] = ("openai", "gpt-5.4"), **workload: Any) -> Evaluation:
    asked = scenario(
        workload=LONG | {"requests_per_month": 3_000_000} | workload,
        api={"provider": api[0], "model": api[1], **NO_GPT_STEP},
        candidates=[{"model": model, "gate": "accepted"}],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    return evaluate(asked, LIVE)


def test_a_model_whose_window_is_below_the_p95_request_is_neither_bought_nor_served() -> None:
    """60,000 + 1,100 tokens against the 8,192 of Llama 3 8B, which was the cheapest by far."""
    result = _run("llama-3-8b")
    assert {option.model for option in result.options} == {"gpt-5.4"}
    assert result.verdict.kind == "stay"
    reasons = {row.why for row in result.feasibility}
    assert reasons == {"its context window of 8,192 tokens is below the p95 request of 61,100 tokens"}
    assert {row.constraint for row in result.feasibility} == {"context"}
    assert "(prompt plus output): Llama 3 8B (8,192 tokens)." in " ".join(result.caveats)
    assert "No candidate open model holds your requests (Llama 3 8B: its context window" in result.verdict.reason
    assert "still to be evaluated, to Candidate open models on the Candidates page." in result.verdict.reason


def test_the_remedy_works_a_model_with_a_longer_window_is_an_option() -> None:
    result = _run("llama-3.1-8b")
    assert any(option.kind == "hosted_open" for option in result.options)
    assert result.build is not None


def test_a_window_just_long_enough_is_long_enough() -> None:
    """8,192 tokens hold 7,192 + 1,000, and not one more."""
    fits = {"input_tok": 4_000, "input_p95_tok": 7_192, "output_p95_tok": 1_000}
    assert any(option.model == "Llama 3 8B" for option in _run("llama-3-8b", **fits).options)
    assert not any(
        option.model == "Llama 3 8B" for option in _run("llama-3-8b", **fits | {"output_p95_tok": 1_001}).options
    )


def test_a_seller_with_a_smaller_window_than_the_model_is_no_option() -> None:
    """Novita sells Llama 3.3 70B with 12,288 of its 131,072 tokens: the model stays, that seller goes."""
    result = _run("llama-3.3-70b")
    hosted = next(option for option in result.options if option.kind == "hosted_open")
    assert hosted.bill is not None
    assert (hosted.bill.offer.context_tok or 0) >= 61_100
    assert "Llama 3.3 70B Instruct on Novita (12,288 tokens)" in " ".join(result.caveats)


def test_a_seller_cannot_stretch_the_window_of_the_model() -> None:
    """A seller that lists more tokens than the model has: the smaller counts."""
    for model in ("qwen3-32b", "llama-3-8b", "mixtral-8x22b"):
        inputs = Inputs.of(_run(model).scenario, LIVE)
        most = LIVE.model(model).published.window_tok
        assert {o.bill.offer.context_tok for o in hosted_options(inputs) if o.bill} <= set(range(most + 1))


def test_todays_api_is_no_option_where_its_known_window_is_too_small() -> None:
    result = _run("llama-3.3-70b", api=("openai", "gpt-4"))
    assert not result.today_allowed
    assert result.today_barred == "its context window is too small"
    assert result.verdict.winner.model != "gpt-4"
    assert "gpt-4 on OpenAI (8,192 tokens)" in " ".join(result.caveats)


def test_without_any_window_that_holds_the_verdict_says_so() -> None:
    result = _run("llama-3-8b", api=("openai", "gpt-4"))
    assert result.verdict.kind == "cannot_tell"
    assert "no API has a context window that holds your requests" in result.verdict.sentence


def test_an_unknown_window_stays_unknown() -> None:
    result = _run("llama-3-8b", api=("mistral", "mistral-medium-latest"), input_p95_tok=5_000_000)
    assert result.today.bill is not None
    assert result.today.bill.offer.context_tok is None
    assert result.today_allowed
    assert option_too_short_words(result.today, result.scenario.workload) == ""


@pytest.mark.parametrize("model", ["llama-3-8b", "qwen3-32b", "llama-3.3-70b"])
def test_no_option_has_a_window_below_the_requests(model: str) -> None:
    result = _run(model)
    assert all(not is_too_short(option, 61_100) for option in result.allowed)
    plans = [option.plan for option in result.options if option.plan]
    assert all(plan.config.model.published.window_tok >= 61_100 for plan in plans)


def test_a_window_that_holds_the_p95_but_not_the_longest_requests_says_which_share_it_cuts() -> None:
    """Prompts of 20,000 tokens on average and 60,000 at the 95th percentile: some are above 65,536."""
    result = _run("mixtral-8x22b", api=("openai", "gpt-5.4"))
    workload = result.scenario.workload
    assert 0.95 <= held_frac(65_536, workload) < 1
    words = partly_held_words(65_536, workload)
    assert words.startswith("refuses or cuts the longest ")
    assert words.endswith(" of requests (window of 65,536 tokens)")
    told = " ".join(result.caveats)
    assert f"Mixtral 8x22B {words}" in told
    assert any(words in row.why for row in result.feasibility)


def test_a_window_that_holds_everything_or_is_not_known_says_nothing() -> None:
    workload = _run("llama-3.1-8b").scenario.workload
    assert held_frac(None, workload) == 1.0
    assert partly_held_words(None, workload) == partly_held_words(10_000_000, workload) == ""


@given(st.integers(1, 300_000), st.integers(0, 300_000))
def test_a_longer_window_never_holds_fewer_requests(window_tok: int, more_tok: int) -> None:
    assert held_frac(window_tok + more_tok, WORKLOAD) >= held_frac(window_tok, WORKLOAD)
