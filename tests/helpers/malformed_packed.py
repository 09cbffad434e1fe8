"""Malformed logs in packings and binary formats: bombs, links, lying sizes, cut and flipped bytes."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from malformed_text import CANARIES, HEADER, HOSTILE, any_text, records, table

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)


def zstd(content: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return packed.getvalue().to_pybytes()


def zipped(members: dict[str, bytes | str], stored: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(members: dict[str, bytes], links: dict[str, str], mode: str = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE if len(name) % 2 else tarfile.LNKTYPE), target
            archive.addfile(info)
    return packed.getvalue()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    packed = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), packed)
    return packed.getvalue().to_pybytes()


def workbook(body: str, words: str = "", more: dict[str, bytes | str] | None = None, start: str = "") -> bytes:
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f"<workbook {SPACE}/>",
            "xl/sharedStrings.xml": f"{start}<sst {SPACE}>{words}</sst>",
            "xl/worksheets/sheet1.xml": f"{start}<worksheet {SPACE}><sheetData>{body}</sheetData></worksheet>",
            **(more or {}),
        }
    )


def sheet_rows(rows: list[dict[str, Any]]) -> str:
    cells = [HEADER, *(tuple(map(str, row.values())) for row in rows)]
    texts = ["".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in cells]
    return "".join(f"<row>{text}</row>" for text in texts)


def any_file(random: Random) -> bytes:
    """A good log in any packing, encoding or format."""
    rows, text = records(random, random.randrange(2, 60)), any_text(random)
    content = text.encode()
    return random.choice(
        (
            *(
                lambda: content,
                lambda: gzip.compress(content, mtime=0),
                lambda: zstd(content),
                lambda: bz2.compress(content),
            ),
            *(lambda: zipped({"a.csv": content}), lambda: tarred({"a.csv": content}, {})),
            *(lambda: parquet(rows), lambda: workbook(sheet_rows(rows)), lambda: text.encode("utf-16")),
            *(lambda: text.encode("utf-16-le"), lambda: gzip.compress(text.encode("utf-16-be"), mtime=0)),
        )
    )()


# --- kinds -----------------------------------------------------------------------------------------------------------


def cut(random: Random) -> bytes:
    content = any_file(random)
    return content[: random.randrange(len(content))]


def flipped(random: Random) -> bytes:
    content = bytearray(any_file(random))
    for _ in range(random.choice((1, 3, 30))):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(content)


def spliced(random: Random) -> bytes:
    one, other = any_file(random), any_file(random)
    place = random.randrange(len(one))
    return random.choice((one + other, one[:place] + other + one[place:], other[:20] + one, one[:place] + one))


def bomb(random: Random) -> bytes:
    size = random.choice((11_000_000, 30_000_000, 60_000_000))
    zeros = random.choice((b"a,b\n", b" ", b"1", b"\n", b"{}", b"[")) * (size // 4)
    packed = random.choice(
        (lambda: gzip.compress(zeros, 1, mtime=0), lambda: zstd(zeros), lambda: zipped({"a.csv": zeros}))
    )()
    inner = random.choice(
        (packed, zipped({"b.zip": packed}), gzip.compress(packed), zipped({"a.gz": packed, "c.csv": "a,b\n"}))
    )
    return inner if random.random() < 0.7 else zipped({f"{n}.zip": inner for n in range(5)})


def archive(random: Random) -> bytes:
    good = table(records(random, 5)).encode()
    members = random.choice(
        (
            {"../../x.csv": good, "/etc/x.csv": good},
            {"a.csv": good, "b.csv": CANARIES[0].encode()},
            {"a.csv": good, "b.json": json.dumps(records(random, 3)).encode(), "c": b"\x00"},
            {f"{n}.csv": b"" for n in range(random.choice((3, 12_000)))},
            {f"{n}.csv": good for n in range(50)},
            {"a\nb.csv": good, "'; DROP.csv": good, "\u202e.csv": good},
            {"a.parquet": parquet(records(random, 3)), "b.parquet": parquet(records(random, 3))},
            {},
            {"mimetype": b"x"},
        )
    )
    links = random.choice(({}, {"a.csv": "/etc/passwd", "bb.csv": "../../../etc/passwd"}, {"z.csv": "z.csv"}))
    return random.choice(
        (
            lambda: tarred(members, links),
            lambda: tarred(members, links, "w:gz"),
            lambda: zipped(members),  # type: ignore[arg-type]
            lambda: zipped(members, stored=True)[: -random.randrange(1, 60)],  # type: ignore[arg-type]
            lambda: gzip.compress(gzip.compress(gzip.compress(gzip.compress(good)))),
        )
    )()


def lying_archive(random: Random) -> bytes:
    """Sizes, sums and methods that are not those of the content."""
    content = bytearray(zipped({"a.csv": table(records(random, 30)), "b.csv": table(records(random, 3))}))
    at = content.rindex(b"PK\x01\x02")
    for place in random.sample((8, 10, 16, 20, 24, 28, 30, 32, 42), 3):
        content[at + place] = random.randrange(256)
    return bytes(content)


def broken_parquet(random: Random) -> bytes:
    rows = records(random, 40)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= random.choice(
        (
            {"x": [CANARIES[0].encode()] * 40},
            {"input_tokens": [2**62] * 40},
            {"input_tokens": [float("nan")] * 40},
            {"timestamp": pa.array([2**62] * 40, pa.timestamp("us", "UTC"))},
            {"timestamp": pa.array([-(2**40)] * 40, pa.timestamp("s"))},
            {"timestamp": pa.array(range(40), pa.duration("ns"))},
            {"timestamp": pa.array(range(40), pa.time64("ns"))},
            {"input_tokens": pa.array([10**30] * 40, pa.decimal128(38, 2))},
            {"usage": [{"prompt_tokens": [[1]], "x": CANARIES}] * 40},
            {random.choice(HOSTILE): [1] * 40, random.choice(HOSTILE): CANARIES[:1] * 40},
            {f"c{number}": [None] * 40 for number in range(random.choice((300, 600)))},
            {"model": pa.array([CANARIES[0]] * 40).dictionary_encode()},
            {"timestamp": [None] * 40, "output_tokens": pa.nulls(40)},
            {"input_tokens": pa.array([[1]] * 40, pa.list_(pa.int64()))},
        )
    )
    packed = pa.BufferOutputStream()
    pq.write_table(pa.table(columns).slice(0, random.choice((0, 1, 40))), packed)
    content = bytearray(packed.getvalue().to_pybytes())
    footer = int.from_bytes(content[-8:-4], "little")
    if random.random() < 0.6:
        for _ in range(random.choice((1, 4))):
            content[random.randrange(len(content) - 8 - footer, len(content) - 4)] = random.randrange(256)
    return bytes(content)


def broken_workbook(random: Random) -> bytes:
    rows = records(random, 8)
    body = sheet_rows(rows)
    return random.choice(
        (
            lambda: workbook(body + '<row><c r="XFD1048576"><v>1</v></c></row>'),
            lambda: workbook(body + '<row r="99999999999999999999"><c r="ZZZZZZ1"><v>1</v></c></row>'),
            lambda: workbook('<row><c t="s"><v>999999</v></c></row>' * 3, "<si><t>x</t></si>"),
            lambda: workbook('<row><c t="s"><v>-1</v></c><c t="s"><v>x</v></c></row>' * 3, "<si><t>x</t></si>"),
            lambda: workbook("<row/>" * 100_000 + body),
            lambda: workbook("<row><c><v>&i;</v></c></row>" * 3, "<si><t>&i;</t></si>", start=ENTITIES),
            lambda: workbook("<row><c><v>&file;</v></c></row>" * 3, "<si><t>&file;</t></si>", start=ENTITIES),
            lambda: workbook(
                body, more={"xl/externalLinks/externalLink1.xml": '<externalLink href="file:///etc/passwd"/>'}
            ),
            lambda: workbook("<row><c><v>" + "9" * 3_000_000 + "</v></c><c><v>1</v></c></row>" * 2),
            lambda: workbook("<a>" * 50_000 + body),
            lambda: workbook(body[: random.randrange(len(body))]),
            lambda: workbook("", "<si><t>x</t></si>" * random.choice((10, 300_000))),
            lambda: workbook("<row>" + "<c><v>1</v></c>" * random.choice((400, 200_000)) + "</row>"),
        )
    )()


def half_utf16(random: Random) -> bytes:
    content = any_text(random).encode(random.choice(("utf-16", "utf-16-le", "utf-16-be")))
    place = random.randrange(len(content))
    odd = random.choice((b"\x00", b"\x00\xd8", b"\xdc\x00", b"\xff\xfe", b"plain"))
    return random.choice((content[:place] + odd + content[place:], content[: place | 1], content[1:]))


PACKED_KINDS: dict[str, Callable[[Random], bytes]] = {
    kind.__name__: kind
    for kind in (cut, flipped, spliced, bomb, archive, lying_archive, broken_parquet, broken_workbook, half_utf16)
}
