"""Each API model's traffic decided alone."""

from dataclasses import replace

import pytest
from support import scenario

from calculators.api.bill import paid_ratios
from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate, evaluations_by_model
from calculators.options.buy import optimized_bill
from calculators.report.by_model import ModelChoice, by_model_sentence, choices_by_model
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog()
BOTH = [
    {"provider": "openai", "model": "gpt-5.4", "requests_frac": 0.5, "input_frac": 0.9, "output_frac": 0.9},
    {"provider": "openai", "model": "gpt-5.4-nano", "requests_frac": 0.5, "input_frac": 0.1, "output_frac": 0.1},
]


def whole() -> Evaluation:
    return evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4", "mix": BOTH}), CATALOG)


def test_one_model_has_no_parts() -> None:
    alone = evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4"}), CATALOG)
    assert evaluations_by_model(alone, CATALOG) == ()


def test_todays_parts_add_up_to_todays_spend() -> None:
    result = whole()
    choices = choices_by_model(result, evaluations_by_model(result, CATALOG))
    assert sum(choice.today_usd_per_month for choice in choices) == result.today.usd_per_month
    assert [choice.model for choice in choices] == ["gpt-5.4 on OpenAI", "gpt-5.4-nano on OpenAI"]
    assert all(choice.saving_usd_per_month >= 0 for choice in choices)


def _choice(usd: float, moves: bool) -> ModelChoice:
    return ModelChoice(
        model="gpt-5.4 on OpenAI",
        requests_frac=0.5,
        today_usd_per_month=1_000.0,
        choice="x",
        moves=moves,
        usd_per_month=usd,
    )


def test_the_sentence_says_which_way_is_cheaper() -> None:
    result = whole()
    all_usd = result.verdict.winner.usd_per_month
    keep, move = _choice(all_usd / 4, moves=False), _choice(all_usd / 4, moves=True)
    assert by_model_sentence(result, [keep, move]).startswith("Moving only gpt-5.4 on OpenAI costs")
    assert by_model_sentence(result, [keep, keep]).startswith("Keeping each model")
    assert by_model_sentence(result, [move, move]).startswith("The best option for each model costs")
    assert by_model_sentence(result, [_choice(all_usd, moves=True)]).startswith("One option for each model costs about")
    assert by_model_sentence(result, [_choice(2 * all_usd, moves=True)]).startswith(
        "One option for all traffic is cheaper"
    )


def test_a_part_without_an_allowed_option_is_not_compared() -> None:
    result = whole()
    barred = replace(_choice(0.0, moves=False), is_decided=False)
    assert by_model_sentence(result, [barred]) == (
        "No option is allowed for the traffic of gpt-5.4 on OpenAI alone, so one option for all is not compared with one "
        "for each model."
    )


def test_an_assumed_model_is_named_as_in_the_file() -> None:
    mix = [{**part, "name": f"ours-{at}", "basis": "assumed"} for at, part in enumerate(BOTH)]
    result = evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4", "mix": mix}), CATALOG)
    names = [choice.model for choice in choices_by_model(result, evaluations_by_model(result, CATALOG))]
    assert names[0] == "ours-0, priced as gpt-5.4 on OpenAI"


def test_a_model_that_is_billed_nothing_keeps_its_traffic() -> None:
    mix = [{**part, "bill_frac": share} for part, share in zip(BOTH, (1.0, 0.0), strict=True)]
    api = {"provider": "openai", "model": "gpt-5.4", "mix": mix, "paid_usd_per_month": 1_000.0}
    result = evaluate(scenario(api=api), CATALOG)
    choices = choices_by_model(result, evaluations_by_model(result, CATALOG))
    assert result.today.usd_per_month == pytest.approx(1_000.0)
    assert not choices[1].moves


def test_a_part_pays_its_hosts_the_prices_of_the_whole() -> None:
    host = {"provider": "deepinfra", "model": "openai/gpt-oss-120b"}
    mix = [{**BOTH[0], "bill_frac": 0.99}, {**BOTH[1], **host, "bill_frac": 0.01}]
    api = {"provider": "openai", "model": "gpt-5.4", "mix": mix, "paid_usd_per_month": 10_000.0}
    result = evaluate(scenario(api={**api, "hosted_sellers": ["deepinfra"]}), CATALOG)
    first, _ = evaluations_by_model(result, CATALOG)
    hosted = [next(o for o in one.options if o.kind == "hosted_open" and o.bill) for one in (result, first)]
    ratios = [paid_ratios(Inputs.of(result.scenario, CATALOG))["deepinfra"]] * 2
    lists = [
        optimized_bill(option.bill.offer, Inputs.of(one.scenario, CATALOG)).usd_per_month
        for option, one in zip(hosted, (result, first), strict=True)
        if option.bill
    ]
    bills = [option.bill.usd_per_month for option in hosted if option.bill]
    assert bills == pytest.approx([ratio * usd for ratio, usd in zip(ratios, lists, strict=True)])
