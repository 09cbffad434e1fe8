"""The newest package out of a folder, opened without installing it; what is broken is said in one line."""

import subprocess
from pathlib import Path

import pytest
from price_packages import litellm_wheel, wheel

from calculators.errors import DataError
from calculators.price_updates import packages
from calculators.price_updates.packages import names_in, newest_wheel, read_member


def test_the_newest_of_several_versions_is_taken_by_number(tmp_path: Path) -> None:
    for version in ("1.9.2", "1.10.0", "1.10.0rc1", "0.99"):
        litellm_wheel(tmp_path, {}, version)
    wheel(tmp_path, "litellm_extra", "9.9", {})
    assert newest_wheel("litellm", tmp_path, tmp_path).version == "1.10.0"


def test_a_file_that_is_no_package_says_so_in_one_line(tmp_path: Path) -> None:
    half = litellm_wheel(tmp_path, {"a": 1})
    half.path.write_bytes(half.path.read_bytes()[:60])
    whole = wheel(tmp_path, "other", "1.0", {"one": "text"})
    assert read_member(whole, "one") == b"text"
    for broken, member, words in ((half, "x", "no readable package"), (whole, "two", "no file two inside")):
        with pytest.raises(DataError, match=words) as error:
            read_member(broken, member)
        assert "\n" not in str(error.value)
    assert names_in(whole) == ["one"]


def test_what_is_too_large_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = wheel(tmp_path, "other", "1.0", {"one": "text"})
    monkeypatch.setattr(packages, "MAX_MEMBER_BYTES", 3)
    with pytest.raises(DataError, match="more than 3 bytes"):
        read_member(whole, "one")
    monkeypatch.setattr(packages, "MAX_WHEEL_BYTES", 3)
    with pytest.raises(DataError, match="not opened"):
        names_in(whole)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("WARNING: Retrying ... NewConnectionError(...)\nERROR: No matching distribution found", "are you offline"),
        ("ERROR: Could not find a version (from versions: none)\nERROR: No matching distribution", "are you offline"),
        ("ERROR: No matching distribution found for litellm\n", "No matching distribution found for litellm"),
        ("", "pip failed"),
    ],
)
def test_a_failed_download_says_why_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, words: str
) -> None:
    def fail(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command, stderr=told)

    monkeypatch.setattr(packages.subprocess, "run", fail)
    with pytest.raises(DataError, match=words) as error:
        newest_wheel("litellm", tmp_path)
    assert "\n" not in str(error.value)


def test_an_empty_folder_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="genai_prices-VERSION"):
        newest_wheel("genai-prices", tmp_path, tmp_path)
