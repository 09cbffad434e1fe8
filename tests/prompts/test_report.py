"""What is printed of real prompts: everything that was found, and not a word of what they say."""

import json
from pathlib import Path

import pytest
from prompt_samples import as_lines, chat_log

from calculators.__main__ import main
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.logs.prompt_log import parse_prompts
from calculators.prompts.report import cache_seller


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "prompts.jsonl"
    file.write_bytes(as_lines(chat_log(stamp=True)))
    return str(file)


def test_the_command_prints_blocks_breaker_and_rates(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prompt-scan", path]) == 0
    shown = capsys.readouterr().out
    assert "The cache breaks at a timestamp, token" in shown
    assert "System prompt, by tenant" in shown
    assert "in the best order" in shown
    assert "o200k_base" in shown


def test_json_holds_the_same(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["prompt-scan", path, "--provider", "anthropic", "--replicas", "2", "--routing", "prefix", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["breaker"]["what"] == "a timestamp"
    assert found["api"]["provider"] == "anthropic"
    assert found["api"]["best_order_hit_frac"] > found["api"]["hit_frac"]
    assert found["requests_count"] == 80
    assert found["notes"] == []


@pytest.mark.parametrize("fault", ["stamp", "shuffled", "keys", "lines"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_no_word_of_a_prompt_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str, more: list[str]
) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_bytes(as_lines(chat_log(**{fault: True})))
    assert main(["prompt-scan", str(file), *more]) == 0
    shown = "".join(capsys.readouterr())
    for secret in ("SECRET", "word1", "rule 1", "customers", "tool_1", "2026"):
        assert secret not in shown


def test_a_window_that_slides_over_the_history_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = chat_log()
    for line in log:
        line["request"]["messages"] = line["request"]["messages"][-4:]
    file = tmp_path / "prompts.jsonl"
    file.write_bytes(as_lines(log))
    assert main(["prompt-scan", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["history_edited_frac"] > 0.2
    assert any("the history was cut or edited" in words for words in found["breakers"])


def test_what_is_unknown_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plain.txt"
    file.write_text("one prompt\n---\nanother prompt")
    assert main(["prompt-scan", str(file), "--provider", "deepseek"]) == 0
    shown = capsys.readouterr().out
    assert "deepseek does not publish all its cache rules. Assumed: 1,024-token minimum" in shown
    assert "The log has no timestamps" in shown
    assert "sessions are unknown" in shown


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--provider", "nobody"], "--provider: no cache rules for 'nobody'"),
        (["--engine", "nothing"], "unknown engine 'nothing'"),
        (["--replicas", "0"], "--replicas is 0"),
    ],
)
def test_a_wrong_setting_is_refused(
    path: str, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    assert main(["prompt-scan", path, *arguments]) == 2
    assert why in capsys.readouterr().err


def test_the_model_is_the_one_of_most_prompts_unless_named() -> None:
    log, catalog = parse_prompts(as_lines(chat_log(requests=4)), "x"), load_catalog()
    assert cache_seller("anthropic", None, log, catalog).minimum_tok == 512
    assert cache_seller("anthropic", "claude-haiku-4-5", log, catalog).minimum_tok == 4_096
    with pytest.raises(DataError):
        cache_seller("nobody", None, log, catalog)
