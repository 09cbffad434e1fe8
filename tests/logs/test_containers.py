"""One log in every packing and encoding gives one result; bombs and broken archives are refused."""

import bz2
import gzip
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from request_logs import CANARY, HEADER, NOW, ROWS, csv_text, json_lines

from calculators.logs import scratch
from calculators.logs.containers import plain_file
from calculators.logs.log_bytes import LogError
from calculators.logs.request_log import UsageSummary, read_log

TEXT = csv_text(ROWS)
OBJECTS = [
    {"timestamp": f"2026-10-05T09:0{minute}:00Z", "input_tokens": 100, "output_tokens": 10} for minute in range(4)
]


def _zstd(content: bytes) -> bytes:
    packed = io.BytesIO()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
        return _closed(stream, packed)


def _closed(stream: pa.CompressedOutputStream, packed: io.BytesIO) -> bytes:
    packed.close = lambda: None  # type: ignore[method-assign]
    stream.close()
    return packed.getvalue()


def _zip(members: dict[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _tar_gz(members: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    return packed.getvalue()


def _workbook(rows: list[list[str]]) -> bytes:
    """Texts are shared by number, numbers are as they are: what Excel writes."""
    words = sorted({cell for row in rows for cell in row if not cell.replace(".", "").isdigit()})
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

    def cell(text: str, at: str) -> str:
        return (
            f'<c r="{at}" t="s"><v>{words.index(text)}</v></c>' if text in words else f'<c r="{at}"><v>{text}</v></c>'
        )

    body = "".join(
        f"<row>{''.join(cell(text, f'{chr(65 + x)}{y}') for x, text in enumerate(row))}</row>"
        for y, row in enumerate(rows, start=1)
    )
    return _zip(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f"<workbook {space}/>",
            "xl/sharedStrings.xml": f"<sst {space}>{''.join(f'<si><t>{word}</t></si>' for word in words)}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{body}</sheetData></worksheet>",
        }
    )


def _read(tmp_path: Path, content: bytes, name: str = "log") -> UsageSummary:
    (tmp_path / name).write_bytes(content)
    return read_log(tmp_path / name, now=NOW)


def _figures(summary: UsageSummary) -> tuple[int, float, float]:
    return summary.used_row_count, summary.input_tok.mean_tok, summary.request_rate_req_s


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT.encode()),
        gzip.compress(TEXT[:40].encode()) + gzip.compress(TEXT[40:].encode()),
        bz2.compress(TEXT.encode()),
        _zstd(TEXT.encode()),
        _zip({"log.csv": TEXT}),
        _zip({"log.csv.gz": gzip.compress(TEXT.encode())}),
        _zip({"a.csv": csv_text(ROWS[:2]), "b.csv": csv_text(ROWS[2:]), "__MACOSX/._a.csv": "x", "readme.txt": "y, z"}),
        _zip({f"{n}.csv.gz": gzip.compress(csv_text([row]).encode()) for n, row in enumerate(ROWS)}),
        _tar_gz({"logs/a.csv": csv_text(ROWS[:1]), "logs/b.csv": csv_text(ROWS[1:])}),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        gzip.compress(TEXT.encode("utf-16")),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
    ],
    ids=lambda content: content[:4].hex(),
)
def test_every_packing_and_encoding_gives_the_same(tmp_path: Path, content: bytes) -> None:
    assert _figures(_read(tmp_path, content)) == _figures(_read(tmp_path, TEXT.encode()))


def test_a_zip_of_many_json_lines_files_is_one_log(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        f"2026/{n}.json.gz": gzip.compress(json_lines([o]).encode()) for n, o in enumerate(OBJECTS)
    }
    assert _figures(_read(tmp_path, _zip(members))) == (4, 100.0, 4 / 180)


def test_tables_of_different_columns_in_one_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="different columns"):
        _read(tmp_path, _zip({"a.csv": TEXT, "b.csv": "x,y\n1,2\n"}))


def test_a_workbook_with_day_numbers_is_read(tmp_path: Path) -> None:
    """46300.375 is 2026-10-05 09:00, a quarter of an hour is 1/96 of a day."""
    rows = [
        ["timestamp", "input_tokens", "output_tokens"],
        ["46300.375", "100", "10"],
        ["46300.385416667", "300", "20"],
    ]
    summary = _read(tmp_path, _workbook(rows), "log.xlsx")
    assert _figures(summary) == (2, 200.0, pytest.approx(2 / 900))
    assert summary.start.isoformat() == "2026-10-05T09:00:00+00:00"


def test_windows_text_is_read_with_a_note(tmp_path: Path) -> None:
    text = csv_text([f"{row},Zürich" for row in ROWS], HEADER + ",city")
    summary = _read(tmp_path, text.encode("cp1252"))
    assert summary.used_row_count == 3
    assert any("Windows-1252" in note for note in summary.notes)


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("gb18030", "时间,输入,输出"),
        ("cp932", "日時,入力,出力"),
        ("cp949", "시간,입력,출력"),
        ("cp1250", "czas,wejściowe,wyjściowe"),
        ("cp1252", "Zeit,entrée,sortie"),
    ],
)
def test_another_encoding_is_known_by_the_words_of_its_header(tmp_path: Path, encoding: str, header: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(csv_text(ROWS, header).encode(encoding))
    assert plain_file(path, "log").path.read_text(encoding="utf-8") == csv_text(ROWS, header)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_with_times_and_nested_usage(tmp_path: Path, zone: str | None, unit: str) -> None:
    times = pa.array([1_791_190_800_000, 1_791_190_860_500], pa.timestamp("ms", tz=zone)).cast(
        pa.timestamp(unit, tz=zone)
    )
    usage = [{"prompt_tokens": 100, "completion_tokens": 5}, {"prompt_tokens": 300, "completion_tokens": 6}]
    table = pa.table({"created_at": times, "usage": usage, "prompt text": [CANARY, CANARY]})
    pq.write_table(table, tmp_path / "log.parquet")
    summary = read_log(tmp_path / "log.parquet", now=NOW)
    assert _figures(summary) == (2, 200.0, pytest.approx(2 / 60.5))
    assert summary.start == datetime(2026, 10, 5, 9, tzinfo=UTC)
    assert any("No time zone" in note for note in summary.assumed) == (zone is None)
    assert CANARY not in repr(summary)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bz2.compress(bytes(range(256)) * 99)[:-20], "truncated bz2"),
        (_zstd(TEXT.encode() * 99)[:-20], "truncated zstd"),
        (_zip({"log.csv": TEXT})[:-20], "truncated zip"),
        (bz2.compress(b"a,b\n" * 10_000_000), "unpacks to more than"),
        (_zip({"a.csv": "a,b\n" * 10_000_000}), "unpacks to 40 MB"),
        (gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT.encode())))), "packed more than 3 times"),
        (_zip({"mimetype": "application/vnd.oasis"}), "office document"),
        (_zip({"a.csv": "", "b.csv": ""}), "white space|empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old Excel"),
    ],
)  # fmt: skip
def test_what_cannot_be_unpacked_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(LogError, match=message):
        _read(tmp_path, content)


def test_what_is_unpacked_has_no_name_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is gone even when the process is killed."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(folder))
    (tmp_path / "log.gz").write_bytes(gzip.compress(TEXT.encode()))
    file = plain_file(tmp_path / "log.gz", "log.gz")
    assert file.path.read_text() == TEXT
    assert list(folder.iterdir()) == []


def test_a_plain_file_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(TEXT)
    assert plain_file(tmp_path / "log.csv", "log.csv").path == tmp_path / "log.csv"
