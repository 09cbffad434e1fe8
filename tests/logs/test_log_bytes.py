"""What a file is by its first bytes, and how far a reading is."""

from pathlib import Path

import pytest

from calculators.logs.log_bytes import REPORT_EVERY_COUNT, plain_kind, reported


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a,b\n1,2\n", "text"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-16-le"),
        ("a,b\n1,2\n".encode("utf-16-be"), "utf-16-be"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        (b"PAR1", "parquet"),
    ],
)
def test_kinds(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "log").write_bytes(content)
    assert plain_kind(tmp_path / "log", "log") == kind


def test_what_is_read_one_by_one_tells_how_far_it_is_and_can_be_stopped() -> None:
    told = list[str]()

    def stop_late(_fraction: float, text: str) -> None:
        told.append(text)
        if len(told) == 3:
            raise KeyboardInterrupt

    items = reported(iter(range(10 * REPORT_EVERY_COUNT)), stop_late, "Reading rows")
    with pytest.raises(KeyboardInterrupt):
        list(items)
    assert told == ["Reading rows: 0", "Reading rows: 10,000", "Reading rows: 20,000"]
