"""The command line as a user meets it: exit status 0, or 2 with one clear line; never a stack trace."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import BASE, TODAY, merged

from calculators.__main__ import main
from calculators.catalog.load import ROOT, load_catalog
from calculators.catalog.yaml_reader import MAX_YAML_BYTES
from calculators.evaluate import evaluate
from calculators.report.evaluation_json import to_json
from calculators.scenario.files import read_scenario

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
LIVE = merged(BASE, {"api": {"provider": "openai", "model": "gpt-5.4"}})


def _file(folder: Path, content: Any) -> str:
    path = folder / "case.yaml"
    if isinstance(content, dict):
        content = yaml.safe_dump(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("crossover: ")
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


def test_check_counts_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "all valid. Data version" in capsys.readouterr().out


def test_check_fails_where_a_default_choice_has_lost_its_price(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = load_catalog()
    few = {"hotaisle": catalog.rent_providers["hotaisle"].model_copy(update={"marketplace": True})}
    monkeypatch.setattr("calculators.__main__.load_catalog", lambda: replace(catalog, rent_providers=few))
    assert main(["check"]) == 2
    told = capsys.readouterr().err
    assert "scenarios/azure-conversation.yaml: Renting GPUs is not compared: none of 1 GPU price passes" in told
    assert "preset " in told


def test_check_fails_where_a_model_chosen_by_default_is_superseded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = load_catalog()
    old, mark = catalog.model("gpt-oss-120b"), catalog.model("qwen3-32b")
    profile = {"superseded_by": mark.superseded_by, "sources": {**old.sources, **mark.sources}}
    models = {**catalog.models, old.id: old.model_copy(update=profile)}
    monkeypatch.setattr("calculators.__main__.load_catalog", lambda: replace(catalog, models=models))
    assert main(["check"]) == 2
    assert "starting case: gpt-oss 120B is superseded by Qwen3.6 27B; take that one" in capsys.readouterr().err


def test_check_fails_where_the_day_of_the_installed_price_library_is_not_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["check"]) == 0
    monkeypatch.setattr("calculators.__main__.price_library_version", lambda: "genai-prices 99.0")
    assert main(["check"]) == 2
    assert "installed is genai-prices 99.0; write its version and release day there" in capsys.readouterr().err


def test_decide_prints_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", _file(tmp_path, LIVE)]) == 0
    assert "Cost at 2M requests/month:" in capsys.readouterr().out


def test_decide_json_loads_and_has_the_verdict_on_top(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", _file(tmp_path, LIVE), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["load_by_hour"]["usd_per_month"] > 0
    assert plain["verdict"]["sentence"]
    assert plain["verdict"]["kind"] in ("stay", "optimise_api", "hosted_open", "self_host", "own_hardware", "too_close")


def test_the_day_defaults_to_today(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import date

    assert main(["decide", _file(tmp_path, {k: v for k, v in LIVE.items() if k != "as_of"}), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"]["as_of"] == date.today().isoformat()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_shipped_scenario_gives_a_verdict(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", str(path)]) == 0
    sentence = capsys.readouterr().out.splitlines()[0]
    assert "costs" in sentence or sentence.startswith("Cannot tell yet: ask")


KINDS = {
    "azure-conversation": "hosted_open",
    "small-internal-tool": "stay",
    "long-documents-closed-model": "optimise_api",
    "ticket-triage-smaller-model": "step_down",
    "steady-extraction": "self_host",
    "own-servers-at-scale": "own_hardware",
    "peaky-at-scale": "hybrid",
    "eu-public-sector": "forced_by_compliance",
    "air-gapped": "forced_by_compliance",
    "near-the-crossover": "too_close",
    "health-data-unknown": "cannot_tell",
}


def test_the_shipped_scenarios_are_one_of_each_kind_of_verdict() -> None:
    """As their comments say, at the prices in the repository: a change of prices that changes one is to be noticed. Of a
    fixed day, for prices age."""
    assert {path.stem for path in SCENARIOS} == set(KINDS)
    for path in SCENARIOS:
        plain = to_json(evaluate(read_scenario(path, TODAY), load_catalog()))
        assert plain["verdict"]["kind"] == KINDS[path.stem]
        assert [s["id"] for s in plain["signals"]] == ["cost", "latency", "reliability"]
        assert all({"status", "month", "threshold", "source"} <= set(s) for s in plain["signals"])
        assert {"blocked", "surviving", "ask", "premium_usd_per_month"} <= set(plain["compliance"])


def test_a_record_is_written_in_each_form_and_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix in ("md", "html", "json"):
        out = tmp_path / f"r.{suffix}"
        assert main(["record", str(SCENARIOS[0]), "--out", str(out), "--dissent", "Ann objects"]) == 0
        assert "Ann objects" in out.read_text()
    assert main(["rerun", str(tmp_path / "r.json")]) == 0
    assert "No change at today's prices" in capsys.readouterr().out
    assert main(["record", str(SCENARIOS[0]), "--out", str(tmp_path / "r.pdf")]) == 2
    assert "use one of .md, .html, .json" in capsys.readouterr().err
    assert main(["rerun", str(tmp_path / "r.md")]) == 2
    assert "not a decision record" in capsys.readouterr().err


def test_an_unknown_requirement_is_named_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "s.yaml"
    wrong.write_text(SCENARIOS[0].read_text().split("compliance:")[0] + "compliance: {requirements: [hippa]}\n")
    assert main(["decide", str(wrong)]) == 2
    assert "unknown requirement 'hippa'. Known ones: data-phi" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"candidates": [{"model": "llama-3.3-7b"}]}, "unknown model 'llama-3.3-7b'; did you mean 'llama-3"),
        ({"hardware": {"gpus": ["h100-smx"]}}, "unknown GPU 'h100-smx'; did you mean 'h100-sxm'?"),
        ({"hardware": {"rent_usd_per_gpu_h": {"h100-smx": 2}}}, "unknown GPU 'h100-smx'; did you mean 'h100-sxm'?"),
        ({"hardware": {"rent_providers": ["aws-2"]}}, "unknown provider 'aws-2'"),
        ({"api": {"model": "gpt-5.4\nfoo"}}, "no price for model"),
        ({"api": {"provider": "opnai"}}, "no prices for provider 'opnai'. Similar providers: openai"),
        (
            {"workload": {"requests_per_month": 10**15}},
            "Requests per month must be at most 1T",
        ),
        (
            {"workload": {"requests_per_month": 0}},
            "Requests per month must be at least 1 (you entered 0).",
        ),
        (
            {"workload": {"requests_per_month": -1}},
            "Requests per month must be at least 1 (you entered -1).",
        ),
        ({"workload": {"requests_per_month": float("nan")}}, "Requests per month"),
        ({"workload": {"requests_per_month": float("inf")}}, "Requests per month"),
        ({"workload": {"requests_per_month": "lots"}}, "Requests per month must be a number"),
        ({"targets": {"tpot_ms": -5}}, "TPOT target, mean (ms) must be at least 0.1 ms (you entered -5)."),
        ({"workloads": {}}, "workloads"),
        ({"candidates": {}}, "Candidate open models"),
        ({"as_of": "yesterday"}, "Price date"),
        ({"as_of": "9999-12-31"}, "Price date"),
    ],
)
def test_a_bad_value_is_one_line_that_names_file_field_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], message: str
) -> None:
    error = _refused(capsys, "decide", _file(tmp_path, merged(LIVE, changes)))
    assert message in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "case.yaml: the file is empty"),
        ("just words", "case.yaml: a scenario is a list of 'key: value' lines"),
        ("- 1\n- 2", "case.yaml: a scenario is a list of 'key: value' lines"),
        ("{}", "case.yaml, line 1: Workload is required."),
        (bytes(range(256)), "case.yaml: not UTF-8 text"),
        (b"name: \x00\x01", "case.yaml: not valid YAML"),
        ("name: \ufffe", "case.yaml: not valid YAML"),
        ("a: [1, 2", "case.yaml, line 2: not valid YAML"),
        ("\tname: x", "case.yaml, line 1: not valid YAML"),
        ("name: x\nname: y", "case.yaml, line 2: the key 'name' is given twice; keep one"),
        (
            "workload:\n  requests_per_month: 1e6",
            "case.yaml, line 2: '1e6' would be read as text; write the number out",
        ),
        ("a: &x [1]\nb: *x", "case.yaml, line 2: anchors and aliases (&, *) are not read"),
        (
            "#" * (MAX_YAML_BYTES + 1),
            "case.yaml: 256,001 bytes is more than the 256,000 allowed; is it the right file?",
        ),
    ],
)
def test_a_file_that_is_no_scenario_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, message: str
) -> None:
    assert message in _refused(capsys, "decide", _file(tmp_path, content))


def test_a_missing_file_or_a_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such file" in _refused(capsys, "decide", str(tmp_path / "nothing.yaml"))
    assert "not a file; name a scenario file" in _refused(capsys, "decide", str(tmp_path))


@pytest.mark.parametrize("content", ["[" * 200_000, "{a: " * 60_000, "- " * 100_000])
def test_nesting_deep_enough_to_crash_a_parser_is_one_line(tmp_path: Path, content: str) -> None:
    """In a process of its own: when this goes wrong, the interpreter dies."""
    command = [sys.executable, "-m", "calculators", "decide", _file(tmp_path, content)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "crossover: case.yaml, line 1: nested too deeply; at most 20 levels are read\n"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"candidates": [{"model": "deepseek-v3"}], "hardware": {"gpus": ["l4"]}}, "does not fit"),
        ({"targets": {"tpot_ms": 0.1}}, "the target is 0.1 ms"),
        ({"targets": {"ttft_p95_ms": 1}}, "the target is 1 ms"),
        ({"hardware": {"gpus": ["rtx-4090"], "rent_providers": ["aws"]}}, "no offer for this GPU passes"),
        ({"hardware": {"max_gpus": 1}}, "the maximum is 1"),
    ],
)
def test_where_no_fleet_can_serve_the_verdict_is_given_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], why: str
) -> None:
    assert main(["decide", _file(tmp_path, merged(LIVE, changes)), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["verdict"]["kind"] in ("stay", "hosted_open", "optimise_api")
    assert "No self-hosted option qualifies. " in plain["verdict"]["reason"]
    assert any(why in outcome["why"] for outcome in plain["outcomes"])


def test_throughput_repeats_every_row_and_needs_the_lengths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, out = tmp_path / "points.csv", tmp_path / "out.csv"
    points.write_text("gpu,model,isl,osl\nh100-sxm,llama-3.1-8b,1000,300\nnonsense,nonsense,1000,300\n")
    assert main(["throughput", str(points), "--out", str(out)]) == 0
    assert "1 not supported" in capsys.readouterr().out
    assert len(out.read_text().splitlines()) == 3
    points.write_text("gpu,model\nh100-sxm,llama-3.3-70b\n")
    assert "missing columns isl, osl" in _refused(capsys, "throughput", str(points), "--out", str(out))


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["decide"], ["throughput", "x.csv"]])
def test_a_wrong_command_line_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_fleet_is_written_as_the_files_that_start_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = str(ROOT / "scenarios/steady-extraction.yaml")
    assert main(["serve-files", scenario, "--engine", "sglang", "--out", str(tmp_path / "new")]) == 0
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert all(name.startswith("sglang-") for name in written)
    assert [name.split("-")[-1] for name in written] == ["benchmark.sh", "compose.yaml", "kubernetes.yaml", "launch.sh"]
    assert capsys.readouterr().out.count(": written\n") == 4
    nothing = str(ROOT / "scenarios/long-documents-closed-model.yaml")
    assert main(["serve-files", nothing, "--out", str(tmp_path)]) == 2
    assert "no self-hosted option qualifies" in capsys.readouterr().err


def test_ctrl_c_is_one_sentence_and_status_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("calculators.logs.usage_files.read_usage", interrupted)
    assert main(["workload", "any.csv"]) == 130
    assert capsys.readouterr().err.strip() == "crossover: stopped."


MEASURED = {"model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8", "tensor_parallel": 4}
MEASURED |= {"input_tok": 1000, "output_tok": 300}


def test_decide_says_what_rests_on_a_measurement_that_was_typed_into_the_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = [MEASURED | {"output_tok_s_per_gpu": 150}]
    assert main(["decide", _file(tmp_path, merged(LIVE, {"hardware": {"own_measurements": own}}))]) == 0
    told = capsys.readouterr().out
    assert "is calibrated with 1 of your benchmarks (your typed figures)" in told
    assert "Your benchmarks hold throughput, but not TPOT and TTFT: they stay modeled." in told


def test_decide_refuses_a_measurement_that_cannot_be_by_its_label(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = [MEASURED | {"tpot_ms": 20}]
    told = _refused(capsys, "decide", _file(tmp_path, merged(LIVE, {"hardware": {"own_measurements": own}})))
    assert "Your benchmarks" in told
    assert "TPOT, mean (ms) is 20, but the load is not stated; enter Concurrency" in told
