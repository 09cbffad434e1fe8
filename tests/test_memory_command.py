"""`python -m calculators memory`: the sum, its JSON, and what bad input says."""

import json

import pytest

from calculators.__main__ import main

EIGHT = ["memory", "--model", "llama-3.1-8b", "--gpu", "h100-sxm"]


def test_the_sum_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(EIGHT) == 0
    text = capsys.readouterr().out
    for name in ("weights_gib_per_gpu", "kv_room_gib_per_gpu", "kv_capacity_tok", "fits: yes", "GPU KV cache size:"):
        assert name in text


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--utilization", "0.95", "--engine-version", "0.19.0", "--max-model-len", "8192", "--json"]
    assert main([*EIGHT, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["weights_gib_per_gpu"] == pytest.approx(14.96, rel=0.01)
    assert found["kv_capacity_tok"] == pytest.approx(476_016, rel=0.01)
    assert (found["fits"], found["reason"]) == ("yes", "")
    assert sum(found["lines_gib_per_gpu"].values()) == pytest.approx(found["visible_gib_per_gpu"], abs=0.05)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--utilization", "1.5"], "--utilization 1.5"),
        (["--utilization", "much"], "--utilization much"),
        (["--engine-version", "latest"], "--engine-version latest"),
        (["--tp", "0"], "--tp"),
        (["--precision", "fp7"], "--precision"),
        (["--model", "no-such"], "unknown model"),
        (["--gpus", "1", "--tp", "8"], "--gpus"),
    ],
)
def test_bad_input_ends_in_one_line_that_names_it(
    options: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*EIGHT, *options]) == 2
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1


def test_layers_for_drafting_are_counted_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    rooms = []
    for extra in ([], ["--mtp", "1"]):
        assert main(["memory", "--model", "deepseek-v3", "--gpu", "h200-sxm", "--tp", "8", *extra, "--json"]) == 0
        rooms.append(json.loads(capsys.readouterr().out)["lines_gib_per_gpu"]["draft model"])
    assert rooms == [0, pytest.approx(1.34, abs=0.05)]
