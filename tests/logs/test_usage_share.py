"""The share of a model, team or key."""

from dataclasses import replace
from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_share import MAX_SHARES, UsageShare, largest_shares, named_values

SHARE = UsageShare(
    value="a",
    requests=None,
    input_tok=100,
    cache_read_tok=10,
    cache_write_tok=None,
    output_tok=5,
    spend_usd=None,
)


def test_models_and_spend_are_read_by_model(tmp_path: Path) -> None:
    lines = [
        f"2026-10-05T09:0{n}:00Z,{100 * (n % 2) + 100},10,{'large' if n % 2 else 'small'},$0.0{n}" for n in range(4)
    ]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens,model,cost"))], now=NOW)
    assert reading.spend_usd == pytest.approx(0.06)
    assert [(model.value, model.requests, model.input_tok, model.spend_usd) for model in reading.models] == [
        ("large", 2, 400, pytest.approx(0.04)),
        ("small", 2, 200, pytest.approx(0.02)),
    ]
    assert [(model.input_p95_tok, model.output_p95_tok) for model in reading.models] == [(200, 10), (100, 10)]


def test_the_largest_come_first_and_the_rest_is_one_with_unknown_kept_unknown() -> None:
    shares = [replace(SHARE, value=f"m{n:02d}", input_tok=n) for n in range(MAX_SHARES + 2)]
    found = largest_shares(shares)
    assert [share.value for share in found[:2]] == ["m51", "m50"]
    assert found[-1] == replace(SHARE, value="others", input_tok=1, cache_read_tok=20, output_tok=10)


def test_a_message_names_twelve_values_at_most() -> None:
    shares = [replace(SHARE, value=f"m{n}") for n in range(20)]
    assert named_values(shares).endswith("m11 and 8 more")
    assert named_values(shares[:2]) == "m0, m1"
