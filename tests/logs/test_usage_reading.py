"""The record that every kind of file of usage has."""

import json
from datetime import UTC, datetime

from calculators.logs.usage_questions import UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare

MODEL = UsageShare(
    value="m",
    requests=None,
    input_tok=1_000,
    cache_read_tok=200,
    cache_write_tok=None,
    output_tok=50,
    spend_usd=0.5,
)


def test_unknown_is_null_and_questions_name_their_option() -> None:
    reading = UsageReading(
        kind="aggregate",
        name="usage.json",
        requests=None,
        input_tok=1_000,
        cache_read_tok=200,
        cache_write_tok=None,
        output_tok=50,
        start=datetime(2026, 10, 5, tzinfo=UTC),
        end=None,
        models=(MODEL,),
        questions=(UsageQuestion("How many requests?", ("a number",), "--requests N"),),
    )
    plain = json.loads(json.dumps(reading.to_json()))
    assert (plain["requests"], plain["cache_write_tok"], plain["end"]) == (None, None, None)
    assert plain["start"] == "2026-10-05T00:00:00+00:00"
    assert plain["models"][0]["spend_usd"] == 0.5
    assert plain["questions"] == [{"text": "How many requests?", "answers": ["a number"], "option": "--requests N"}]
