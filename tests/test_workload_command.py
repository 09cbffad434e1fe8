"""The workload command as a user meets it: what was read as a scenario's blocks or as JSON, or one clear question."""

import json
from pathlib import Path

import pytest
import yaml

from calculators.__main__ import main
from calculators.catalog.load import ROOT


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    return captured.err


def test_workload_of_the_shipped_sample_is_a_workload_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "workload.yaml"
    sample = ROOT / "sample_logs/azure_conversation_2023.csv"
    assert main(["workload", str(sample), "--out", str(out)]) == 0
    capsys.readouterr()
    block = yaml.safe_load(out.read_text())
    case = tmp_path / "case.yaml"
    case.write_text(yaml.safe_dump({"candidates": [{"model": "gpt-oss-120b"}], **block}))
    assert main(["decide", str(case)]) == 0


HEADER = "timestamp,input_tokens,output_tokens"
MINUTES = [f"2026-10-05T09:{minute:02}:00Z,{100 + minute},10" for minute in range(9)]


def _log(folder: Path, name: str, lines: list[str]) -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_several_logs_count_a_request_with_an_id_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"r{number},{row}" for number, row in enumerate(MINUTES)]
    first = _log(tmp_path, "a.csv", [f"request_id,{HEADER}", *rows[:6]])
    second = _log(tmp_path, "b.csv", [f"request_id,{HEADER}", *rows[4:]])
    assert main(["workload", first, second, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["requests"], told["input_tok"], told["questions"]) == (9, 936, [])


def test_logs_that_overlap_without_ids_exit_with_two_and_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _log(tmp_path, "a.csv", [HEADER, *MINUTES[:6]])
    second = _log(tmp_path, "b.csv", [HEADER, *MINUTES[4:]])
    assert main(["workload", first, second, "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["questions"][0]["option"] == "--repeated-rows once|each"
    assert "once: 9 requests" in err
    assert "each: 11 requests" in err
    assert main(["workload", first, second, "--json", "--repeated-rows", "each"]) == 0
    assert json.loads(capsys.readouterr().out)["requests"] == 11


def test_an_unsure_column_exits_with_two_until_it_is_mapped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(tmp_path, "a.csv", [f"{HEADER},prompt_tokens", *(f"{row},7" for row in MINUTES)])
    assert main(["workload", log]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert "--map input=COLUMN" in told
    assert '"prompt_tokens": 7 tokens a request' in told
    assert main(["workload", log, "--json", "--map", "input=prompt_tokens"]) == 0
    assert json.loads(capsys.readouterr().out)["input_tok"] == 63
    assert "write ROLE=COLUMN" in _refused(capsys, "workload", log, "--map", "nonsense")


def test_only_reads_a_part_and_names_what_there_is_when_it_finds_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{row},{('a', 'b', 'c')[number % 3]}" for number, row in enumerate(MINUTES)]
    log = _log(tmp_path, "a.csv", [f"{HEADER},team", *rows])
    assert main(["workload", log, "--json", "--only", "team=a", "--only", "team=b"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["requests"] == 6
    assert [(share["value"], share["requests"]) for share in told["groups"]["team"]] == [("b", 3), ("a", 3)]
    assert sum(told["series"]["requests"]) == 6
    assert "there are: c, b, a" in _refused(capsys, "workload", log, "--only", "team=d")
    assert "write GROUP=VALUE" in _refused(capsys, "workload", log, "--only", "nonsense")


# --- models and spend ------------------------------------------------------------------------------------------------


def _named(*models: str) -> list[str]:
    header = f"{HEADER},model,cost_usd"
    return [header, *(f"{row},{models[number % len(models)]},0.01" for number, row in enumerate(MINUTES))]


def test_models_and_spend_are_the_api_of_the_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(tmp_path, "a.csv", _named("gpt-4.1", "claude-sonnet-4-5", "gpt-4.1"))
    assert main(["workload", log]) == 0
    api = yaml.safe_load(capsys.readouterr().out)["api"]
    assert (api["provider"], api["model"], api["paid_source"]) == ("openai", "gpt-4.1", "log:a.csv")
    assert [part["requests_frac"] for part in api["mix"]] == [0.666667, 0.333333]


def test_decide_on_a_mix_has_the_decision_for_each_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(tmp_path, "a.csv", _named("gpt-4.1", "claude-sonnet-4-5"))
    assert main(["workload", log]) == 0
    case = tmp_path / "case.yaml"
    case.write_text(f"candidates: [{{model: gpt-oss-120b}}]\n{capsys.readouterr().out}")
    assert main(["decide", str(case), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [part["model"] for part in plain["by_model"]] == ["gpt-4.1 on OpenAI", "claude-sonnet-4-5 on Anthropic"]
    assert plain["bill_lines"][-1]["name"] == "API bill"
    assert main(["decide", str(case)]) == 0
    assert "Each API model's traffic alone:" in capsys.readouterr().out


def test_a_name_without_a_price_is_assumed_until_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = _log(tmp_path, "a.csv", _named("gpt-4.1", "corp-prod"))
    assert main(["workload", log, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [part["basis"] for part in told["api"]["mix"]] == ["matched", "assumed"]
    assert any("corp-prod as gpt-4.1 of OpenAI" in note for note in told["api_notes"])
    assert main(["workload", log, "--json", "--model", "corp-prod=openai/gpt-5.4"]) == 0
    mix = json.loads(capsys.readouterr().out)["api"]["mix"]
    assert {(part["model"], part["basis"]) for part in mix} == {("gpt-4.1", "matched"), ("gpt-5.4", "typed")}
    assert "write NAME=PROVIDER/MODEL" in _refused(capsys, "workload", log, "--model", "nonsense")
    assert "no price for model 'none'" in _refused(capsys, "workload", log, "--model", "corp-prod=openai/none")


def test_a_typed_model_that_the_file_does_not_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = _log(tmp_path, "a.csv", _named("gpt-4.1", "corp-prod"))
    told = _refused(capsys, "workload", log, "--model", "corp-prd=openai/gpt-5.4")
    assert "--model corp-prd: no model of the file has that name; its models are" in told


def test_a_refusal_prints_its_object_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = _log(tmp_path, "names.csv", ["when,a,b", "x,1,2", "y,2,3"])
    assert main(["workload", names, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["requests"] is None
    assert told["error"].startswith("names.csv")
    assert isinstance(told["questions"], list)
