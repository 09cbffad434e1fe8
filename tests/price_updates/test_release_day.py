"""The day of a release: of the index, else of the files inside, else of the download."""

import os
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from price_packages import wheel

from calculators.errors import DataError
from calculators.price_updates import release_day as module
from calculators.price_updates.packages import Wheel
from calculators.price_updates.release_day import release_day

TODAY = date(2026, 11, 30)
DOWNLOADED = date(2026, 11, 29)
CONSTANT = (2020, 2, 2, 0, 0, 0)
"""What a build tool writes for every file."""


def _wheel(folder: Path, *times: tuple[int, int, int, int, int, int]) -> Wheel:
    path = folder / "some_prices-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for number, time in enumerate(times):
            archive.writestr(zipfile.ZipInfo(f"file{number}", time), "text")
    moment = datetime(*DOWNLOADED.timetuple()[:3], 12, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return Wheel(path, "some_prices", "1.0")


def _index(monkeypatch: pytest.MonkeyPatch, answer: Any, settings: dict[str, str] | None = None) -> list[str]:
    """An index with this answer; the addresses that it is asked for."""
    asked: list[str] = []

    def get(url: str, **_: object) -> requests.Response:
        asked.append(url)
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, response._content = 200, answer
        return response

    monkeypatch.setattr(module.requests, "get", get)
    monkeypatch.setattr(module, "_pip_settings", lambda: settings or {})
    return asked


UPLOADED = (
    b'{"files": [{"filename": "some_prices-1.0.tar.gz", "upload-time": "2026-11-02T01:00:00Z"},'
    b' {"filename": "some_prices-1.0-py3-none-any.whl", "upload-time": "2026-11-10T21:51:41.25Z"}]}'
)


def test_the_index_knows_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _index(monkeypatch, UPLOADED, {"index-url": "https://mirror.example/simple/"})
    assert release_day(_wheel(tmp_path, (2026, 11, 9, 8, 0, 0)), TODAY, ask_index=True) == date(2026, 11, 10)
    assert asked == ["https://mirror.example/simple/some-prices/"]


@pytest.mark.parametrize(
    "answer",
    [
        requests.ConnectionError("no network"),
        b"<html>an index without JSON</html>",
        b'{"files": []}',
        b'{"files": [{"filename": "some_prices-1.0-py3-none-any.whl"}]}',
        b'{"files": [{"filename": "some_prices-1.0-py3-none-any.whl", "upload-time": null}]}',
        b'["unexpected"]',
    ],
)
def test_where_the_index_does_not_say_the_newest_file_inside_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    _index(monkeypatch, answer)
    package = _wheel(tmp_path, CONSTANT, (2026, 11, 9, 8, 0, 0), (2026, 11, 8, 9, 0, 0), (2027, 3, 1, 9, 0, 0))
    assert release_day(package, TODAY, ask_index=True) == date(2026, 11, 9)


def test_a_constant_of_the_build_tool_is_no_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _index(monkeypatch, UPLOADED)
    assert release_day(_wheel(tmp_path, CONSTANT, (1980, 0, 0, 0, 0, 0)), TODAY, ask_index=False) == DOWNLOADED
    assert asked == []


def test_no_release_lies_in_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _index(monkeypatch, UPLOADED)
    assert release_day(_wheel(tmp_path), date(2026, 11, 5), ask_index=True) == date(2026, 11, 5)


def test_a_broken_package_says_so(tmp_path: Path) -> None:
    half = wheel(tmp_path, "other", "1.0", {"one": "text"})
    half.path.write_bytes(b"half a file")
    with pytest.raises(DataError, match="no readable package"):
        release_day(half, TODAY, ask_index=False)


def test_settings_of_pip_are_read_the_environment_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert module._pip_settings()["index-url"] == "https://mirror.example/simple"
