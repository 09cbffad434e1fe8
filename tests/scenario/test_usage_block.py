"""What a workload file carries of its log."""

from typing import Any

import pytest
from pydantic import ValidationError

from calculators.scenario.files import UsageFile, parse_usage_file, usage_file_yaml
from calculators.scenario.schema import Api, Workload
from calculators.scenario.usage_block import (
    MAX_SENTENCE_CHARS,
    MAX_SENTENCES,
    UsageBlock,
    sentences_of,
    usage_block_yaml,
)

BLOCK: dict[str, Any] = {
    "read": ["12:30 to 1e9, yes"],
    "missing": ["what the requests cost: no"],
    "series": {"start": "2026-10-05T00:00:00Z", "step_s": 60, "requests": [1, 2.5e-7], "spend_usd": [-0.1, 1e9]},
    "models": [{"value": "gpt-4.1", "requests": 3, "input_tok": 10}],
    "groups": {"team": [{"value": "null", "requests": 1}, {"value": "0x1f", "requests": 2}]},
    "input_lengths": {"mean_tok": 10, "p50_tok": 9, "p95_tok": 20, "p99_tok": 30, "max_tok": 31},
    "peaks": [{"window_s": 60, "ratio": 1.5, "tokens_ratio": 2, "basis": "measured", "why": "of 9 windows"}],
}
WORKLOAD = Workload(requests_per_month=9, input_tok=10, output_tok=1, input_p95_tok=20, output_p95_tok=2)


def test_a_file_brings_back_what_was_written() -> None:
    file = UsageFile(WORKLOAD, Api(paid_usd_per_month=5.0), UsageBlock.model_validate(BLOCK))
    assert parse_usage_file(usage_file_yaml(file).encode(), "workload.yaml") == file


def test_an_empty_block_is_not_written() -> None:
    assert usage_block_yaml(UsageBlock()) == ""
    assert parse_usage_file(usage_file_yaml(UsageFile(WORKLOAD, None, None)).encode(), "w.yaml").usage is None


@pytest.mark.parametrize(
    "change",
    [
        {"series": {**BLOCK["series"], "tokens": [1, 2, 3]}},
        {"series": {**BLOCK["series"], "requests": [float("nan"), 1]}},
        {"series": {**BLOCK["series"], "step_s": 0}},
        {"models": [{"value": "x", "requests": -1}]},
        {"models": [{"value": "x"}] * 61},
        {"read": ["x" * 1_001]},
        {"prompts": ["x"]},
    ],
)
def test_a_block_that_no_command_writes_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UsageBlock.model_validate({**BLOCK, **change})


def test_sentences_are_bounded_and_safe_to_show() -> None:
    cut = sentences_of(("a\u202eb\n", "x" * 2_000, *["y"] * 500))
    assert cut[0] == "a b"
    assert (len(cut), len(cut[1])) == (MAX_SENTENCES, MAX_SENTENCE_CHARS)
