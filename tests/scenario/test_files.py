"""A scenario from a YAML file."""

from datetime import date
from pathlib import Path

import pytest

from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.scenario.files import parse_usage_file, read_scenario

TODAY = date(2026, 11, 29)
PLAIN = """workload:
  requests_per_month: 1000
  input_tok: 100
  output_tok: 10
  input_p95_tok: 300
  output_p95_tok: 30
candidates:
- model: gpt-oss-120b
"""
WORKLOAD = PLAIN.partition("candidates")[0].encode()


def test_every_shipped_scenario_is_read() -> None:
    paths = sorted((ROOT / "scenarios").glob("*.yaml"))
    assert len(paths) >= 10
    assert all(read_scenario(path, TODAY).name for path in paths)


def test_the_price_date_is_today_unless_the_file_says_another(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(PLAIN)
    assert read_scenario(path, TODAY).as_of == TODAY
    path.write_text(PLAIN + "as_of: 2026-01-31\n")
    assert read_scenario(path, TODAY).as_of == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  output_tok: 10\n",
            "  output_tok: -1\n",
            "case.yaml, line 4: Output tokens, mean must be at least 1 (you entered -1).",
        ),
        ("  output_tok: 10\n", "", "case.yaml, line 1: Output tokens, mean is required."),
        ("gpt-oss-120b", "GPT/120", "case.yaml, line 8: Candidate open models, entry 1, Model must match the pattern"),
        ("- model", "- modell", "case.yaml, line 8: Candidate open models, entry 1, "),
    ],
)
def test_an_error_names_file_line_and_label(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(PLAIN.replace(old, new))
    with pytest.raises(DataError) as error:
        read_scenario(path, TODAY)
    assert message in str(error.value)


def test_a_workload_alone_is_read_and_a_wrong_one_named_by_its_line() -> None:
    assert parse_usage_file(WORKLOAD, "w.yaml").workload.requests_per_month == 1000
    with pytest.raises(DataError, match=r"w\.yaml, line 3: Input tokens, mean"):
        parse_usage_file(WORKLOAD.replace(b"input_tok: 100", b"input_tok: 0"), "w.yaml")
    with pytest.raises(DataError, match="no 'workload:' block"):
        parse_usage_file(b"name: x\n", "w.yaml")


def test_the_api_of_a_workload_file_is_read_with_it_and_named_by_its_line_where_it_is_wrong() -> None:
    block = b"api:\n  provider: openai\n  model: gpt-5.4\n  paid_usd_per_month: 100\n"
    api = parse_usage_file(WORKLOAD + block, "w.yaml").api
    assert api is not None
    assert (api.model, api.paid_usd_per_month) == ("gpt-5.4", 100)
    assert parse_usage_file(WORKLOAD, "w.yaml").api is None
    with pytest.raises(DataError, match=r"w\.yaml, line \d+: API bill today"):
        parse_usage_file(WORKLOAD + block.replace(b"100", b"-1"), "w.yaml")


def test_a_workload_given_as_a_scenario_is_named_with_what_to_do_with_it(tmp_path: Path) -> None:
    path = tmp_path / "workload.yaml"
    path.write_text("workload:\n  requests_per_month: 1000\napi:\n  provider: openai\n")
    with pytest.raises(DataError, match="a workload, no whole scenario; upload it on the Workload page"):
        read_scenario(path, date(2026, 11, 29))
