"""Roles of the columns."""

from pathlib import Path

import pytest
from request_logs import HEADER, NOW, ROWS, csv_text, json_lines, read_text, write

from calculators.logs.request_file import LogError
from calculators.logs.request_log import read_log
from calculators.logs.usage_files import read_usage

VERTEX = [
    {
        "logging_time": f"2026-10-05T09:0{minute}:00.123Z",
        "full_response": {"usageMetadata": {"promptTokenCount": 160, "cachedContentTokenCount": 50, **output}},
    }
    for minute, output in ((3, {"candidatesTokenCount": 5, "thoughtsTokenCount": 2}), (4, {"thoughtsTokenCount": 7}))
]


def test_given_roles_replace_the_guess(tmp_path: Path) -> None:
    path = write(tmp_path, json_lines(VERTEX), "log.jsonl")
    usage = "full_response.usageMetadata"
    roles = {"time": "logging_time", "input": f"{usage}.promptTokenCount", "output": f"{usage}.thoughtsTokenCount"}
    found = read_log(path, name="mine", role_of=roles, now=NOW)
    assert (found.name, found.output_tok.mean_tok, found.cached_frac) == ("mine", 4.5, 50 / 160)
    assert read_log(path, role_of={**roles, "cache_read": ""}, now=NOW).cached_frac is None
    with pytest.raises(LogError, match="no column"):
        read_log(path, role_of={**roles, "input": "nothing"}, now=NOW)


def test_input_excludes_cache_can_be_given(tmp_path: Path) -> None:
    text = csv_text([f"{row},50" for row in ROWS], f"{HEADER},cached_tokens")
    assert read_text(tmp_path, text).input_tok.mean_tok == 200
    assert read_text(tmp_path, text, input_excludes_cache=True).input_tok.mean_tok == 250
    more = text.replace(",50", ",500")
    assert read_text(tmp_path, more).input_tok.mean_tok == 700
    with pytest.raises(LogError, match="less than the cached tokens"):
        read_text(tmp_path, more, input_excludes_cache=False)


PRIVATE = ("Tell me about my bad knee", "sk-a1b2c3d4e5f6", "jane@example.org")


@pytest.mark.parametrize("first", [[*PRIVATE, "none"], ["ok", "-", PRIVATE[2], "x"], ["", PRIVATE[1], "", "y"]])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_without_a_header_shows_nothing_of_its_first_row(
    tmp_path: Path, first: list[str], delimiter: str
) -> None:
    """Words alone, so that nothing tells the row from a header but what it says."""
    rows = [delimiter.join(first), *(row.replace(",", delimiter) + f"{delimiter}x" for row in ROWS)]
    with pytest.raises(LogError, match="has no header row") as refused:
        read_text(tmp_path, "\n".join(rows))
    assert not any(private[:6] in str(refused.value) for private in PRIVATE)


def test_names_are_listed_only_where_one_of_them_is_known(tmp_path: Path) -> None:
    body = [row.replace("T", " ") for row in ROWS]
    with pytest.raises(LogError, match=r"None of its 3 column names is a known one") as refused:
        read_text(tmp_path, csv_text(body, "anna,bert,carl"))
    assert "anna" not in str(refused.value)
    with pytest.raises(LogError, match=r"Its columns are timestamp, bert, carl; nearest: none"):
        read_text(tmp_path, csv_text(body, "timestamp,bert,carl"))


def test_a_key_of_json_that_is_an_address_is_not_shown(tmp_path: Path) -> None:
    objects: list[dict[str, object]] = [{"time": row[:20], "by_user": {PRIVATE[2]: {"sum": 5}}} for row in ROWS]
    with pytest.raises(LogError, match=r"\(text\)") as refused:
        read_text(tmp_path, json_lines(objects), "log.jsonl")
    assert "jane" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "row", "field"),
    [
        ("created_at,timestamp,input_tokens,output_tokens", "{0},{1},1,1", "column_of"),
        ("timestamp,input_tokens,output_tokens", "{0},1,1", "date_order"),
    ],
)
def test_a_question_about_times_shows_no_text(tmp_path: Path, header: str, row: str, field: str) -> None:
    """The column that is asked about begins with somebody's words."""
    times = ["My knee hurts", *(f"05/10/2026 09:{number % 60:02}" for number in range(200))]
    rows = [row.format(time, f"05/13/2026 10:{number % 60:02}") for number, time in enumerate(times)]
    asked = read_usage([write(tmp_path, csv_text(rows, header))], now=NOW).questions
    assert field in {question.field for question in asked}
    assert "knee" not in repr(asked)


def test_a_refusal_is_one_short_sentence_however_long_the_names_are(tmp_path: Path) -> None:
    header = ",".join(["timestamp", *(f"{'n' * 190}{number}" for number in range(400))])
    with pytest.raises(LogError) as refused:
        read_text(tmp_path, csv_text([",".join(["1"] * 401)], header), "y" * 200)
    assert len(str(refused.value)) <= 300
