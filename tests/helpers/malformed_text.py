"""Malformed logs of text, each made from a seeded generator: CSV, JSON and sums with what nobody should hand in.

Cells hold canaries in place of prompts, keys and addresses; names of columns and models never do.
"""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

CANARIES = ("CANARY tell me about my illness", "sk-CANARY0a1b2c3d4e5f", "canary@example.org")
HEADER = ("timestamp", "input_tokens", "output_tokens", "prompt", "api_key", "email", "model")
HOSTILE = (
    *("'); DROP TABLE requests --", "\"; ATTACH '/etc/passwd' AS x; --", "<script>alert(1)</script>", "${7*7}"),
    *('=HYPERLINK("http://127.0.0.1")', "@SUM(A1)", "[x](javascript:alert(1))", "![x](http://127.0.0.1/x.png)"),
    *("../../etc/passwd", "C:\\windows\\win.ini", "a\x00b", "\x1b[31mred", "\u202etxt.exe", "a\nb", "$\\frac{1}{0}$"),
    *("x" * 3_000, "\ufeff", "\u200b", "{}", "[]", "null", "__proto__", "%s%n", "{0.__class__}", ":red[x]", "`x`"),
)
BAD_NUMBERS = (
    *("-5", "1e400", "NaN", "Infinity", "-inf", "0x10", "1_000", "9" * 5_000, "1000000000000000000", "1.5", "1/2"),
    *("9223372036854775808", "-9223372036854775809", "1e18", "٣", "²", "", "null", "--", "1,2,3", "+-1", "1e-400"),
)
BAD_TIMES = (
    *("0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01", "2026-13-45T25:61:61Z", "-1", "1e30", "NaN"),
    *("9" * 400, "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "99/99/9999 99:99", "253402300800", "-62135596801"),
    *("2026-10-05T09:00:00+99:99", "1e308", "Infinity", "12:00", "24:00:00", "T", "2026", "-9223372036854775808"),
)  # fmt: skip
Text = str | bytes


def time_of(number: int) -> str:
    return f"2026-10-05T{9 + number // 3_600 % 10:02}:{number // 60 % 60:02}:{number % 60:02}Z"


def records(random: Random, count: int) -> list[dict[str, Any]]:
    """Good requests whose other cells are private."""
    return [
        dict(zip(HEADER, (time_of(7 * n), random.randrange(5_000), random.randrange(500), *CANARIES, "gpt-x"), strict=True))
        for n in range(count)
    ]  # fmt: skip


def table(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    """The rows as a CSV with a header; cells with the delimiter or a quote are quoted."""

    def cell(value: Any) -> str:
        text = str(value)
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & {delimiter, '"', "\n"} else text

    header = list(rows[0]) if rows else HEADER
    return "\n".join(delimiter.join(map(cell, line)) for line in (header, *(row.values() for row in rows))) + "\n"


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def spans(rows: list[dict[str, Any]]) -> str:
    """The rows as an OTLP trace."""

    def span(number: int, row: dict[str, Any]) -> dict[str, Any]:
        names = (
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.prompt",
            "key",
            "user.email",
            "gen_ai.request.model",
        )
        values = list(row.values())[1:]
        attributes = [
            {"key": name, "value": {"intValue" if isinstance(value, int) else "stringValue": str(value)}}
            for name, value in zip(names, values, strict=False)
        ]
        start = str(1_791_190_800_000_000_000 + number * 10**9)
        return {"spanId": f"{number:016x}", "startTimeUnixNano": start, "name": "chat", "attributes": attributes}

    all_spans = [span(number, row) for number, row in enumerate(rows)]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": all_spans}]}]}, indent=1)


def envelope(rows: list[dict[str, Any]]) -> str:
    return json.dumps({"data": rows, "total": len(rows), "page": 1}, indent=1)


def any_text(random: Random) -> str:
    rows = records(random, random.randrange(1, 40))
    writers: tuple[Callable[[list[dict[str, Any]]], str], ...] = (table, lines, spans, envelope, json.dumps)
    return random.choice(writers)(rows)


# --- kinds -----------------------------------------------------------------------------------------------------------


def no_header(random: Random) -> Text:
    """The first row is private, with numbers in it, or with words alone."""
    rows = [list(row.values()) for row in records(random, random.randrange(1, 20))]
    first: list[Any] = random.choice(
        (
            rows[0],
            [*CANARIES, "unknown"],
            ["unknown", "", "error", *CANARIES],
            [CANARIES[0], "n/a", "", "n/a"],
            [*rows[0][3:], *rows[0][:3]],
            ["ok", CANARIES[0].replace(" ", ", "), CANARIES[2]],
        )
    )
    random.shuffle(first)
    body = [[f'"{cell}"' if "," in str(cell) else str(cell) for cell in row] for row in (first, *rows)]
    return "\n".join(random.choice(",;\t").join(row) for row in body)


def blank_names(random: Random) -> Text:
    count = random.choice((3, 40, 490, 501, 20_000, 100_000))
    return "a" + random.choice((",", ", ", ",\t")) * count + "\n" + f"1,{CANARIES[0]}\n"


def many_columns(random: Random) -> Text:
    count = random.choice((400, 499, 501, 10_000, 100_000))
    name = random.choice(("b", "c{}", "input_tokens", "{}" + "x" * random.choice((5, 2_000 if count < 1_000 else 20))))
    names = [name.format(number) for number in range(count)]
    return ",".join((*HEADER[: random.randrange(4)], *names)) + "\n" + ",".join(["1"] * count) + f",{CANARIES[1]}\n"


def short_rows(random: Random) -> Text:
    width, count = random.choice((3, 50, 490)), random.choice((10, 2_000, 200_000 if random.random() < 0.2 else 500))
    start = ",".join(HEADER[:3]) if random.random() < 0.7 else "a,b"
    return (
        start
        + "".join(f",c{number}" for number in range(width))
        + "\n"
        + random.choice(("1\n", ",\n", "1,2\n")) * count
    )


def long_line(random: Random) -> Text:
    text = random.choice(("x", "1,", '{"a":', "[", '"', "9", " ", "\t", "{}", "a;b|c,", CANARIES[0]))
    size = random.choice((1_000, 100_000, 3_000_000, 10_000_000 if random.random() < 0.2 else 10_000))
    return random.choice(("", ",".join(HEADER) + "\n", '{"a": "')) + text * (size // len(text))


def deep(random: Random) -> Text:
    depth = random.choice((5, 30, 900, 5_000, 100_000))
    opened, closed = random.choice((('{"data":', "}"), ("[", "]"), ('[{"usage":', "}]"), ('{"a":[', "]}")))
    whole = opened * depth + random.choice(("1", "null", '"' + CANARIES[0] + '"', "")) + closed * depth
    return random.choice(
        (whole, lines(records(random, 9)) + whole + "\n", whole[: len(whole) // 2], f"[{whole},\n{whole}]")
    )


def numbers(random: Random) -> Text:
    rows = records(random, random.randrange(2, 30))
    for row in random.sample(rows, max(1, len(rows) // 3)):
        row[random.choice(HEADER[1:3])] = random.choice(BAD_NUMBERS)
    if random.random() < 0.5:
        return table(rows, random.choice(",;\t"))
    text = lines(rows)
    for bad in BAD_NUMBERS:
        text = text.replace(json.dumps(bad), bad or "0") if random.random() < 0.7 else text
    return text


def times(random: Random) -> Text:
    rows = records(random, random.randrange(2, 30))
    for row in random.sample(rows, random.choice((1, len(rows)))):
        row["timestamp"] = random.choice((*BAD_TIMES, *CANARIES))
    if random.random() < 0.3:
        rows = [row | {"created": random.choice((*BAD_TIMES, *CANARIES))} for row in rows]
    return random.choice((table, lines, envelope))(rows)


def quotes(random: Random) -> Text:
    text = table(records(random, random.randrange(2, 30)))
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(text))
        text = text[:place] + random.choice(('"', '""', '"""', "'", '\\"', '"\n"', ',"', '"\r')) + text[place:]
    return text


def odd_bytes(random: Random) -> Text:
    content = any_text(random).encode()
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(content))
        odd = random.choice(
            (
                b"\x00",
                b"\xed\xa0\x80",
                b"\\ud800",
                b"\xff",
                b"\xef\xbb\xbf",
                b"\x1a",
                b"\r",
                b"\x0b\x0c",
                "\u2028".encode(),
            )
        )
        content = content[:place] + odd * random.choice((1, 1, 50)) + content[place:]
    return content


def hostile_names(random: Random) -> Text:
    rows = [
        {random.choice((name, name, random.choice(HOSTILE))): value for name, value in row.items()}
        | {"model": random.choice(HOSTILE), random.choice(HOSTILE): random.choice(HOSTILE)}
        for row in records(random, random.randrange(2, 12))
    ]
    rows = [dict(zip(rows[0], row.values(), strict=False)) for row in rows] if random.random() < 0.6 else rows
    return random.choice((table, lines, envelope, spans))(rows)


def mixed(random: Random) -> Text:
    rows = records(random, random.randrange(2, 20))
    parts = [table(rows, delimiter) for delimiter in ",;\t|"] + [
        lines(rows),
        envelope(rows),
        "# a title\n\n",
        "sep=;\n",
    ]
    random.shuffle(parts)
    return "".join(parts[: random.randrange(2, 6)])


def next_to_nothing(random: Random) -> Text:
    header = ",".join(HEADER)
    return random.choice(
        (
            *("", " ", "\n\n\n", "\ufeff", header, header + "\n", header + "\n" + header + "\n", "{}", "[]", "{}\n{}\n", "[{}]"),
            *("null", "1", '"x"', "[[]]", "sep=,\n", "# only a comment\n", "a\n1\n", ",,,\n,,,\n", '""', "{", "[", "}", "-", "<html>"),
            *(f'"{CANARIES[0]}"', f"[{json.dumps(CANARIES[0])}]", CANARIES[1] + "\n" + CANARIES[2], f'{{"{HEADER[0]}": "'),
        )
    ) * random.choice((1, 1, 3))  # fmt: skip


def sums(random: Random) -> Text:
    """Usage reports whose periods, amounts or currencies are wrong."""
    rows = [
        {
            "start_time": random.choice((1_791_158_400 + 86_400 * day, *BAD_TIMES)),
            "end_time": random.choice((1_791_244_800 + 86_400 * day, -1, "x")),
            "input_tokens": random.choice((500, *BAD_NUMBERS)),
            "output_tokens": random.choice((50, *BAD_NUMBERS)),
            "num_model_requests": random.choice((5, *BAD_NUMBERS)),
            "amount_value": random.choice((1.5, *BAD_NUMBERS)),
            "amount_currency": random.choice(("usd", *CANARIES)),
            "user_email": CANARIES[2],
            "model": random.choice(("gpt-x", *HOSTILE)),
        }
        for day in range(random.randrange(1, 9))
    ]
    kept = random.sample(list(rows[0]), random.randrange(3, 9))
    rows = [{name: row[name] for name in row if name in kept} for row in rows]
    return random.choice((table(rows), lines(rows), json.dumps({"data": [{"results": [row]} for row in rows]})))


def rows_of_json(random: Random) -> Text:
    """Usage as JSON in a cell, or by an address, or in lists without end."""
    usage = {"prompt_tokens": random.choice((5, *BAD_NUMBERS)), "completion_tokens": random.choice((5, None, [], {}))}
    cell = json.dumps(random.choice((usage, [usage], {CANARIES[2]: usage}, {"usage": usage, "messages": CANARIES})))
    rows: list[dict[str, Any]] = [
        {"time": time_of(n), "response": cell[: random.choice((10_000, len(cell) // 2))], "prompt": CANARIES[0]}
        for n in range(random.randrange(1, 12))
    ]
    if random.random() < 0.2:
        return (
            '{"data": [\n'
            + ",\n".join([random.choice(("[]", "{}", "[[[]]]", "0"))] * random.choice((99, 600_000)))
            + "\n]}"
        )
    return random.choice((table, lines, envelope))(rows)


TEXT_KINDS: dict[str, Callable[[Random], Text]] = {
    kind.__name__: kind
    for kind in (
        *(no_header, blank_names, many_columns, short_rows, long_line, deep, numbers, times, quotes, odd_bytes),
        *(hostile_names, mixed, next_to_nothing, sums, rows_of_json),
    )
}


def in_turn(random: Random) -> Iterator[tuple[str, Text]]:
    """One of each kind."""
    for name, kind in TEXT_KINDS.items():
        yield name, kind(random)
