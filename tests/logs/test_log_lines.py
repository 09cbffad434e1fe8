"""Lines of names and values, and of prose."""

import pytest

from calculators.logs.log_lines import line_object


def test_names_and_values_with_the_time_before_them() -> None:
    told = line_object('2026-10-05 09:00:00,123 INFO call model="gpt 4" input_tokens=12 output_tokens=3')
    assert told == {
        "prefix_time": "2026-10-05 09:00:00,123",
        "model": "gpt 4",
        "input_tokens": "12",
        "output_tokens": "3",
    }


def test_an_access_log_tells_its_status() -> None:
    told = line_object('1.1.1.1 [05/Oct/2026:09:00:00 +0000] "POST /v1 HTTP/1.1" 429 9 prompt_tokens=12')
    assert told is not None
    assert (told["status"], told["prefix_time"]) == ("429", "05/Oct/2026:09:00:00+0000")


@pytest.mark.parametrize(
    "text",
    [
        "12 input tokens, 3 output tokens",
        "INFO r1 done: used 12 prompt tokens and 3 completion tokens (total 15) in 5 s",
        "INFO 12 input tokens, 3 output tokens in 5 s",
        "prompt=12 completion=3",
        "in: 12 out: 3",
        "tokens: 12 in / 3 out",
        "tok_in:12 tok_out:3",
        "LLM call (input_tokens: 12, 3 output tokens) took 400 ms",
        "gpt-4o 12 -> 3 tokens",
        "Tokens: 12+3=15",
        "Tokens: 12 sent, 3 received. Cost: $0.01 message, $0.02 session.",
    ],
)
def test_counts_in_prose(text: str) -> None:
    told = line_object(f"2026-10-05 09:00:00 {text}")
    assert told is not None
    assert (told["prefix_time"], told["input_tokens"], told["output_tokens"]) == ("2026-10-05 09:00:00", "12", "3")


def test_numbers_of_prose_with_thousands_and_caches() -> None:
    told = line_object("1791190800.5 Input tokens: 1,200, 50 cached tokens, 1.5k output tokens")
    assert told is not None
    assert {told[name] for name in ("input_tokens", "cached_tokens", "output_tokens")} == {"1200", "50", "1500"}
    assert told["prefix_time"] == "1791190800.5"


def test_two_counts_without_a_name_are_left_to_the_user() -> None:
    told = line_object("2026-10-05 09:00:00 tokens used: 12/3")
    assert told is not None
    assert (told["tokens before the slash"], told["tokens after the slash"]) == ("12", "3")


@pytest.mark.parametrize(
    "text",
    [
        "level=info msg=started pid=3",
        "Avg prompt throughput: 100.0 tokens/s, Running: 1 reqs",
        "prompt 100 tokens/s, generation 20 tokens/s",
        "prompt: 12 completion: 3",  # neither tokens nor a time
        "2026-10-05 09:00:00 3 prompts in the queue",
        "Tokens: 12+3=19",
    ],
)
def test_other_lines_are_none(text: str) -> None:
    assert line_object(text) is None
