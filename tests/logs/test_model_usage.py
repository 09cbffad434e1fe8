"""Requests, tokens and spend by model."""

from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage


def test_models_and_spend_are_read_by_model(tmp_path: Path) -> None:
    lines = [
        f"2026-10-05T09:0{n}:00Z,{100 * (n % 2) + 100},10,{'large' if n % 2 else 'small'},$0.0{n}" for n in range(4)
    ]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens,model,cost"))], now=NOW)
    assert reading.spend_usd == pytest.approx(0.06)
    assert [(model.model, model.requests, model.input_tok, model.spend_usd) for model in reading.models] == [
        ("large", 2, 400, pytest.approx(0.04)),
        ("small", 2, 200, pytest.approx(0.02)),
    ]
