import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import BASE, merged

from calculators.__main__ import main

LIVE = merged(BASE, {"api": {"provider": "openai", "model": "gpt-5.4"}})


def _file(folder: Path, name: str, **changes: Any) -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(merged(LIVE, changes)), encoding="utf-8")
    return str(path)


def test_two_files_give_both_answers_and_the_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = _file(tmp_path, "a.yaml"), _file(tmp_path, "b.yaml", workload={"requests_per_month": 8_000_000})
    assert main(["compare", a, b]) == 0
    told = capsys.readouterr().out
    assert told.startswith("The first (a.yaml) says: ")
    assert "because of requests per month (8M instead of 2M)" in told
    assert main(["compare", a, b, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [one["usd"] for one in plain["attribution"]] == [plain["gap"]["usd"]]


def test_a_decision_record_is_read_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, record = _file(tmp_path, "a.yaml"), str(tmp_path / "record.json")
    assert main(["record", a, "--out", record]) == 0
    capsys.readouterr()
    assert main(["compare", record, a, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["a"]["name"].startswith("record.json, decided on ")
    assert plain["differing"] == []
    assert plain["gap"]["usd"] == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("workload:\n  requests_per_month: -3\napi: {}\ncandidates: []\n", "b.yaml, line 2: Requests per month"),
        ("nonsense: [", "b.yaml"),
        (yaml.safe_dump(merged(LIVE, {"api": {"model": "no-such"}})), "b.yaml: "),
    ],
)
def test_what_cannot_be_read_names_the_file(
    tmp_path: Path, content: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.yaml").write_text(content, encoding="utf-8")
    assert main(["compare", _file(tmp_path, "a.yaml"), str(tmp_path / "b.yaml")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert captured.err.count("\n") == 1


def test_what_is_no_record_and_what_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = _file(tmp_path, "a.yaml")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert main(["compare", a, str(tmp_path / "other.json")]) == 2
    assert "other.json: not a decision record" in capsys.readouterr().err
    assert main(["compare", a, str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err
