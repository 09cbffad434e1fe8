"""Which files of an archive are logs."""

import io
import zipfile
from pathlib import Path

import pytest

from calculators.logs.archives import Member, _data_members
from calculators.logs.containers import plain_file
from calculators.logs.log_bytes import LogError


def _member(name: str) -> Member:
    return name, io.BytesIO


def test_system_files_and_read_me_files_are_no_logs() -> None:
    names = ["b.csv", "__MACOSX/._b.csv", ".DS_Store", "readme.txt", "LICENSE", "a/a.json.gz"]
    assert [name for name, _ in _data_members([_member(name) for name in names])] == ["a/a.json.gz", "b.csv"]


def test_a_file_of_another_name_is_taken_when_there_is_no_better() -> None:
    assert [name for name, _ in _data_members([_member("export.txt"), _member("x.md")])] == ["export.txt"]
    assert [name for name, _ in _data_members([_member("export")])] == ["export"]


def test_a_zip_of_a_method_that_is_not_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("log.csv", "timestamp,input_tokens,output_tokens\n")
    packed = bytearray(path.read_bytes())
    packed[8] = packed[packed.index(b"PK\x01\x02") + 10] = 9  # Deflate64
    path.write_bytes(packed)
    with pytest.raises(LogError, match="a method that is not read here"):
        plain_file(path, "log.zip")
