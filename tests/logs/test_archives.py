"""Which files of an archive are logs."""

import io

from calculators.logs.archives import Member, _data_members


def _member(name: str) -> Member:
    return name, io.BytesIO


def test_system_files_and_read_me_files_are_no_logs() -> None:
    names = ["b.csv", "__MACOSX/._b.csv", ".DS_Store", "readme.txt", "LICENSE", "a/a.json.gz"]
    assert [name for name, _ in _data_members([_member(name) for name in names])] == ["a/a.json.gz", "b.csv"]


def test_a_file_of_another_name_is_taken_when_there_is_no_better() -> None:
    assert [name for name, _ in _data_members([_member("export.txt"), _member("x.md")])] == ["export.txt"]
    assert [name for name, _ in _data_members([_member("export")])] == ["export"]
