"""Lines of names and values."""

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


def test_other_lines_are_none() -> None:
    assert line_object("level=info msg=started pid=3") is None
    assert line_object("Avg prompt throughput: 100.0 tokens/s, Running: 1 reqs") is None
