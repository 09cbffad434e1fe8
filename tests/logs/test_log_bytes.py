"""What a file is by its first bytes."""

from pathlib import Path

import pytest

from calculators.logs.log_bytes import plain_kind


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
