"""Each API model's traffic decided alone."""

from support import scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate, scenarios_by_model
from calculators.report.by_model import ModelChoice, by_model_sentence, choices_by_model

CATALOG = load_catalog()
BOTH = [
    {"provider": "openai", "model": "gpt-5.4", "requests_frac": 0.5, "input_frac": 0.9, "output_frac": 0.9},
    {"provider": "openai", "model": "gpt-5.4-nano", "requests_frac": 0.5, "input_frac": 0.1, "output_frac": 0.1},
]


def whole() -> Evaluation:
    return evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4", "mix": BOTH}), CATALOG)


def test_one_model_has_no_parts() -> None:
    assert (
        scenarios_by_model(evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4"}), CATALOG), CATALOG) == ()
    )


def test_todays_parts_add_up_to_todays_spend() -> None:
    result = whole()
    choices = choices_by_model(result, [evaluate(one, CATALOG) for one in scenarios_by_model(result, CATALOG)])
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
