"""The words of switching values."""

from signals_by_name import run

from calculators.decision.switching_text import switching_rows, unswitched_sentence
from calculators.decision.switching_values import SwitchingValue


def test_a_volume_grows_or_falls_to_a_value_and_the_decision_is_said() -> None:
    up = SwitchingValue("volume", 1e6, 4.5e6, "self_host", verified=True)
    down = SwitchingValue("volume", 1e6, 2e5, "stay", verified=True)
    first, second = switching_rows([up, down], run().options)
    assert (first.what, first.now, first.flips_at) == ("Requests per month", "1M", "grows to 4.5M (4.5 times as much)")
    assert first.becomes == "self-host on rented GPUs"
    assert (second.flips_at, second.becomes) == ("falls to 200k (80% lower)", "stay on today's API")


def test_a_price_names_whose_it_is_and_moves_in_dollars() -> None:
    evaluation = run()
    assert evaluation.today.bill is not None
    [row] = switching_rows([SwitchingValue("today_price", 1.0, 0.5, "stay", verified=True)], evaluation.options)
    assert row.what == "Price of today's API, in all its forms and sizes"
    assert row.now.endswith(f"/month for {evaluation.today.label}")
    assert row.flips_at.startswith("falls to $")
    assert row.flips_at.endswith("/month (50% lower)")


def test_a_gpu_price_is_that_of_the_cheapest_fleet() -> None:
    [row] = switching_rows([SwitchingValue("rent", 1.0, 2.0, "hosted_open", verified=True)], run().options)
    assert (row.now, row.flips_at) == ("$2.50/GPU-hour", "grows to $5/GPU-hour (2 times as much)")


def test_inputs_that_change_nothing_are_in_one_sentence() -> None:
    values = [SwitchingValue("rent", 1.0), SwitchingValue("peak", 4.0), SwitchingValue("staffing", 1.0)]
    assert unswitched_sentence(values) == (
        "No value within reach changes the decision for: GPU rental price, peak-to-average ratio and staffing, self-hosted "
        "(engineers)."
    )
    assert unswitched_sentence([SwitchingValue("volume", 1.0, 2.0, "stay")]) == ""


def test_what_could_not_be_verified_says_so() -> None:
    [row] = switching_rows([SwitchingValue("volume", 1e6, 4.5e6, "self_host")], run().options)
    assert row.flips_at == "grows to 4.5M (4.5 times as much), not verified"


def test_a_share_of_easy_requests_is_in_percent_and_not_known_before_it_is_entered() -> None:
    value = SwitchingValue("easy_frac", 0.4, 0.23, "stay", verified=True)
    [known] = switching_rows([value], run().options)
    assert (known.what, known.now, known.flips_at) == ("Requests a small model can answer", "40%", "falls to 23%")
    first = SwitchingValue("easy_frac", 0.0, 0.23, "routed_api", verified=True)
    [unknown] = switching_rows([first], run().options, is_easy_known=False)
    assert (unknown.now, unknown.flips_at) == ("not known", "23%")
    assert unknown.becomes == "send easy requests to a small model"


def test_the_price_of_hosted_models_that_answer_easy_requests_only_is_a_factor() -> None:
    closed = [option for option in run().options if option.kind != "hosted_open"]
    [row] = switching_rows([SwitchingValue("price", 1.0, 4.0, "stay", verified=True)], closed)
    assert (row.now, row.flips_at) == ("1", "grows to 4 (4 times as much)")
