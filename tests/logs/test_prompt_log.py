"""Reading real prompts: every seller's shape and wrapping, limits, and what is wrong said without repeating a prompt."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.errors import DataError
from calculators.logs import prompt_log
from calculators.logs.prompt_log import parse_prompts, read_prompts

TOOL = {"name": "look", "parameters": {"b": 1, "a": 2}}
CHAT = {"messages": [{"role": "system", "content": "Rules"}, {"role": "user", "content": "SECRET hi"}]}


def only(value: Any) -> list[tuple[str, str]]:
    """Kind and text of each part of a single request."""
    (prompt,) = parse_prompts(json.dumps(value).encode(), "x.jsonl").prompts
    return [(part.kind, part.text) for part in prompt.parts]


@pytest.mark.parametrize(
    "body",
    [
        CHAT,
        {"instructions": "Rules", "input": "SECRET hi"},
        {
            "instructions": "Rules",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "SECRET hi"}]}],
        },
        {"system": "Rules", "messages": [{"role": "user", "content": "SECRET hi"}]},
        {
            "system": [{"type": "text", "text": "Rules", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "SECRET hi"}]}],
        },
        {"system": [{"text": "Rules"}], "messages": [{"role": "user", "content": [{"text": "SECRET hi"}]}]},
        {
            "systemInstruction": {"parts": [{"text": "Rules"}]},
            "contents": [{"role": "user", "parts": [{"text": "SECRET hi"}]}],
        },
    ],
    ids=["openai chat", "openai responses", "responses items", "anthropic", "anthropic blocks", "converse", "gemini"],
)
def test_every_seller_gives_the_same_parts(body: dict[str, Any]) -> None:
    assert only(body) == [("system", "Rules"), ("user", "SECRET hi")]


@pytest.mark.parametrize("key", ["request", "body", "input", "kwargs", "proxy_server_request"])
def test_a_gateway_may_wrap_it_as_an_object_or_as_text(key: str) -> None:
    for inner in (CHAT, json.dumps(CHAT)):
        assert only({"startTime": "2026-11-01T00:00:00Z", key: {"body": inner}})[-1] == ("user", "SECRET hi")
        assert only({key: inner})[-1] == ("user", "SECRET hi")


def test_bedrock_and_langfuse_records() -> None:
    assert only({"timestamp": "2026-11-01T00:00:00Z", "input": {"inputBodyJson": CHAT}})[0] == ("system", "Rules")
    assert only({"type": "GENERATION", "input": CHAT["messages"]})[0] == ("system", "Rules")


def test_tools_and_format_come_first_whatever_the_order_of_keys() -> None:
    kinds = [kind for kind, _ in only({**CHAT, "response_format": {"type": "json"}, "tools": [TOOL]})]
    assert kinds == ["tools", "format", "system", "user"]
    assert only({"input": "hi", "text": {"format": {"type": "json"}}})[0][0] == "format"


def test_sorted_text_forgets_the_order_of_tools_and_keys() -> None:
    other = {"name": "find", "parameters": {}}
    turned = {"parameters": {"a": 2, "b": 1}, "name": "look"}
    one, two = (
        parse_prompts(json.dumps({**CHAT, "tools": some}).encode(), "x").prompts[0].parts[0]
        for some in ([TOOL, other], [other, turned])
    )
    assert one.text != two.text
    assert one.sorted_text == two.sorted_text
    assert sorted(one.tools) == sorted(two.tools)


def test_a_picture_counts_only_by_whether_it_changed() -> None:
    def picture(data: str) -> str:
        return only({"messages": [{"role": "user", "content": [{"type": "image", "source": {"data": data}}]}]})[0][1]

    assert picture("A" * 9_999) == picture("A" * 9_999) != picture("B" * 9_999)
    assert len(picture("A" * 9_999)) < 30


def test_plain_prompts_are_parted_by_a_line_of_dashes() -> None:
    log = parse_prompts(b"one\n---\ntwo --- still two\r\n---\r\n\n---\nthree", "pasted")
    assert [prompt.parts[0].text for prompt in log.prompts] == ["one", "two --- still two", "three"]
    assert not log.timed


def test_an_array_and_gzip_and_a_file_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps([CHAT, CHAT]).encode()))
    assert len(read_prompts(path).prompts) == 2


def test_requests_are_put_in_the_order_of_time() -> None:
    lines = "\n".join(json.dumps({**CHAT, "model": str(t), "created": t}) for t in (30, 10, 20))
    log = parse_prompts(lines.encode(), "x")
    assert log.timed
    assert [prompt.model for prompt in log.prompts] == ["10", "20", "30"]


def test_a_part_that_was_read_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps(CHAT)
    monkeypatch.setattr(prompt_log, "MAX_PROMPTS", 3)
    assert "only the first 3 requests were read" in parse_prompts("\n".join([line] * 4).encode(), "x").notes
    assert parse_prompts("\n".join([line] * 3).encode(), "x").notes == ()
    monkeypatch.setattr(prompt_log, "MAX_PROMPT_BYTES", len(line) * 2 + 5)
    log = parse_prompts("\n".join([line] * 3).encode(), "x")
    assert len(log.prompts) == 2
    assert any("MB were read" in note for note in log.notes)


def test_messages_of_all_requests_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of requests with thousands of tiny messages each are small in the file and huge in memory."""
    monkeypatch.setattr(prompt_log, "MAX_ALL_PARTS", 25)
    line = json.dumps({"messages": ["a"] * 10})
    log = parse_prompts("\n".join([line] * 6).encode(), "x")
    assert len(log.prompts) == 2
    assert "only the first 2 requests were read" in log.notes


def test_records_without_a_prompt_and_missing_times_are_counted() -> None:
    log = parse_prompts("\n".join([json.dumps({**CHAT, "ts": 1}), json.dumps(CHAT), '{"type": "SPAN"}']).encode(), "x")
    assert log.notes == ("1 record without a prompt left out", "1 request without a time, so no times are used")
    assert not log.timed


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"messages": SECRET', "line 2: not JSON"),
        ('"SECRET"', "line 2: not an object"),
        ('{"messages": 5}', "line 2: messages is int; give a list"),
        ('{"messages": [5]}', "line 2: a message is int"),
        ('{"messages": [{"content": "SECRET"}], "timestamp": "SECRET"}', "line 2: timestamp: not a time"),
        ('{"messages": [{"content": "SECRET"}], "created_at": NaN}', "line 2: created_at: not a time"),
        ('{"messages": ' + "[" * 100_000, "line 2: nested too deeply"),
        ('{"messages": [{"content": ' + "[" * 900 + "]" * 900 + "}]}", "line 2: nested too deeply"),
        ('{"prompt": "' + "SECRET" * 700_000 + '"}', "line 2: longer than 4,000,000 characters"),
        (json.dumps({"messages": [{"content": "SECRET"}] * 5_001}), "line 2: 5,001 messages"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_line_is_named_and_not_repeated(line: str, why: str) -> None:
    with pytest.raises(DataError, match=why) as raised:
        parse_prompts(f"{json.dumps(CHAT)}\n{line}".encode(), "x.jsonl")
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"{}", b"---\n---", "hi".encode("utf-16"), gzip.compress(b"hello" * 99, mtime=0)[:20]]
)
def test_what_holds_no_prompt_is_refused(content: bytes) -> None:
    with pytest.raises(DataError):
        parse_prompts(content, "x.jsonl")


def test_a_gzip_bomb_is_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_log, "MAX_PROMPT_BYTES", 10_000)
    bomb = gzip.compress(b'{"prompt": "SECRET"}\n' * 1_000_000)
    assert len(parse_prompts(bomb, "x.gz").prompts) == 10_000 // 21


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "role", "content", "input", "request", "tools", "system", "parts", "text", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(json_values)
def test_any_json_is_read_or_refused_with_a_reason(value: Any) -> None:
    try:
        log = parse_prompts(json.dumps(value).encode(), "x.jsonl")
    except DataError as error:
        refused = str(error)
    else:
        assert all(isinstance(part.text, str) for prompt in log.prompts for part in prompt.parts)
        return
    assert refused.startswith("x.jsonl")


def test_records_without_a_prompt_are_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_log, "MAX_WITHOUT", 10)
    good = json.dumps({"prompt": "Hello"})
    log = parse_prompts((good + "\n" + "{}\n" * 20 + good).encode(), "x.jsonl")
    assert len(log.prompts) == 1
    assert "only the first 1 requests were read" in log.notes


def test_a_list_of_more_values_than_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_log, "MAX_LIST_VALUES", 10)
    with pytest.raises(DataError, match="give one request a line"):
        parse_prompts(b"[" + b"[]," * 20 + b"[]]", "x.json")
