"""Real prompts, read from a request log or from pasted text, as the parts a model sees, in the order in which it sees them.

Each line of a log is a request to OpenAI (chat or responses), Anthropic, Bedrock or Gemini, or a gateway's record that
holds one. Every seller puts tool schemas first, then the output format, the system prompt, and the messages. What a
prompt says is never shown and never in a message of an error: only lines, fields and lengths are.
"""

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from calculators.errors import DataError
from calculators.logs.document_stream import value_count
from calculators.logs.request_file import Progress
from calculators.logs.timestamps import TIME_FIELDS, epoch_seconds
from calculators.units import plural

MAX_PROMPT_BYTES = 100_000_000
MAX_PROMPTS = 5_000
MAX_WITHOUT = 50_000
"""Records without a prompt, after which the rest is not looked at."""
MAX_LIST_VALUES = 4_000_000
"""Of lists, objects and values in one JSON document."""
MAX_REQUEST_CHARS = 4_000_000
MAX_PARTS = 5_000
MAX_ALL_PARTS = 500_000
MARK = '"cache_control"'
MAX_WRAPS = 5
SEPARATOR = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
WRAPPERS = (
    *("request", "body", "input", "kwargs", "inputBodyJson", "params", "payload", "request_body", "requestBody"),
    *("proxy_server_request", "json", "data"),
)
SYSTEM_ROLES = ("system", "developer")
BINARY = re.compile(r"image|audio|video|file|pdf|inline_data|inlineData")


@dataclass(frozen=True, slots=True)
class PromptPart:
    """One part of a prompt: tools, output format, system prompt or a message."""

    kind: str
    """'tools', 'format', 'system', 'prompt' for plain text, or the role of a message."""
    text: str
    sorted_text: str | None = None
    """The same with tools and JSON keys sorted, where that can differ."""
    tools: tuple[int, ...] = ()
    """A fingerprint of each tool, whatever the order of its keys."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request: its parts in the order in which the model reads them."""

    time_s: float | None
    model: str
    parts: tuple[PromptPart, ...]


@dataclass(frozen=True, slots=True)
class PromptLog:
    """Requests of a prompt log, with what was left out."""

    name: str
    prompts: tuple[Prompt, ...]
    """In the order of time where every one has a time, else as they came."""
    timed: bool
    notes: tuple[str, ...]
    """What was left out, for people."""
    marked: bool = False
    """Whether any request sets a cache mark (`cache_control`): some sellers look for prefixes only up to marks."""


def most_used(log: PromptLog) -> str:
    """The model that most requests went to; empty: the log does not say."""
    return Counter(prompt.model for prompt in log.prompts).most_common(1)[0][0]


def read_prompts(path: Path, progress: Progress = lambda share, what: None) -> PromptLog:
    """A file with JSON lines, a JSON array, or plain prompts separated by lines of `---`; also .gz. Raises DataError."""
    with path.open("rb") as file:
        return parse_prompts(file.read(MAX_PROMPT_BYTES + 1), path.name, progress)


def parse_prompts(content: bytes, name: str, progress: Progress = lambda share, what: None) -> PromptLog:
    """Requests of a prompt log given as bytes; as `read_prompts`."""
    if content[:2] == b"\x1f\x8b":
        content = _unzipped(content, name)
    notes = []
    if len(content) > MAX_PROMPT_BYTES:
        content = content[: content.rfind(b"\n", 0, MAX_PROMPT_BYTES) + 1]
        notes.append(f"only the first {MAX_PROMPT_BYTES / 1e6:.0f} MB were read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name}: not text in UTF-8; give JSON lines, or prompts with a line of --- between") from None
    log = _log(name, *_collected(_values(text, name), progress), notes)
    return replace(log, marked=MARK in text)


def _collected(values: Iterator[tuple[str, float, Any]], progress: Progress) -> tuple[list[Prompt], int, bool]:
    """Prompts, how many records held none, and whether there were more than are read."""
    prompts: list[Prompt] = []
    without = parts = 0
    for where, share, value in values:
        prompt = value if isinstance(value, Prompt) else _prompt(value, where)
        if prompt is None:
            without += 1
            if without > MAX_WITHOUT:
                return prompts, without, True
            continue
        parts += len(prompt.parts)
        if len(prompts) == MAX_PROMPTS or (prompts and parts > MAX_ALL_PARTS):
            return prompts, without, True
        prompts.append(prompt)
        if len(prompts) % 100 == 0:
            progress(share, "Reading the prompts …")
    return prompts, without, False


def _log(name: str, prompts: list[Prompt], without: int, more: bool, notes: list[str]) -> PromptLog:
    if not prompts:
        raise DataError(
            f"{name}: no prompt found; each line needs messages, input, contents or prompt (or paste plain prompts "
            "with a line of --- between)"
        )
    if more:
        notes.append(f"only the first {len(prompts):,} requests were read")
    if without:
        notes.append(f"{plural(without, 'record')} without a prompt left out")
    without_time = sum(prompt.time_s is None for prompt in prompts)
    if 0 < without_time < len(prompts):
        notes.append(f"{plural(without_time, 'request')} without a time, so no times are used")
    timed = without_time == 0
    in_order = sorted(prompts, key=lambda prompt: prompt.time_s or 0.0) if timed else prompts
    return PromptLog(name, tuple(in_order), timed, tuple(notes))


def _unzipped(content: bytes, name: str) -> bytes:
    from io import BytesIO

    try:
        with gzip.open(BytesIO(content)) as file:
            return file.read(MAX_PROMPT_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise DataError(f"{name}: not a whole gzip file; compress it again") from None


def _values(text: str, name: str) -> Iterator[tuple[str, float, Any]]:
    """Each record with where it stands and how far on that is."""
    start = text.lstrip()[:1]
    if start == "[" or (start == "{" and _pretty(text)):
        yield from _array(text, name)
    elif start == "{":
        yield from _lines(text, name)
    else:
        yield from _plain(text, name)


def _pretty(text: str) -> bool:
    """One object over many lines, not an object a line."""
    return text.lstrip().split("\n", 1)[0].strip() == "{"


def _lines(text: str, name: str) -> Iterator[tuple[str, float, Any]]:
    at = number = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line, number = text[at:end], number + 1
        at = end + 1
        if line.strip():
            where = f"{name}: line {number}"
            yield where, at / len(text), _json(line, where)


def _json(text: str, where: str) -> Any:
    if len(text) > MAX_REQUEST_CHARS:
        raise DataError(f"{where}: longer than {MAX_REQUEST_CHARS:,} characters; leave that request out")
    try:
        return json.loads(text)
    except RecursionError:
        raise DataError(f"{where}: nested too deeply; leave that request out") from None
    except ValueError:
        raise DataError(f"{where}: not JSON; each line is one request") from None


def _array(text: str, name: str) -> Iterator[tuple[str, float, Any]]:
    if value_count(text) > MAX_LIST_VALUES:
        raise DataError(f"{name}: more than {MAX_LIST_VALUES:,} values in one list; give one request a line")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith("{"):
            raise DataError(f"{name}: not JSON, or nested too deeply; give one request a line") from None
        yield from _plain(text, name)
        return
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, dict) and "role" in item for item in items):
        items = [{"messages": items}]
    for number, item in enumerate(items, 1):
        yield f"{name}: request {number}", number / len(items), item


def _plain(text: str, name: str) -> Iterator[tuple[str, float, Any]]:
    for number, (piece, share) in enumerate(_segments(text), 1):
        if len(piece) > MAX_REQUEST_CHARS:
            raise DataError(f"{name}: prompt {number} is longer than {MAX_REQUEST_CHARS:,} characters; leave it out")
        if piece:
            yield f"{name}: prompt {number}", share, Prompt(None, "", (PromptPart("prompt", piece),))


def _segments(text: str) -> Iterator[tuple[str, float]]:
    """What stands between the separators, with how far on it ends."""
    start = 0
    for separator in SEPARATOR.finditer(text):
        yield text[start : separator.start()].strip(), separator.start() / len(text)
        start = separator.end()
    yield text[start:].strip(), 1.0


def _prompt(value: Any, where: str) -> Prompt | None:
    """The request in a record, however it is wrapped; None where there is none."""
    if not isinstance(value, dict):
        raise DataError(f"{where}: not an object; each line is one request with messages, input or prompt")
    time_s: float | None = None
    model = ""
    try:
        for _ in range(MAX_WRAPS):
            time_s = _time(value, where) if time_s is None else time_s
            model = next((v for k in ("model", "modelId") if isinstance(v := value.get(k), str)), model)
            parts = _parts(value, where)
            if parts:
                return Prompt(time_s, model[:100], parts)
            inner = next((v for key in WRAPPERS if isinstance(v := _opened(value.get(key)), dict)), None)
            if inner is None:
                return None
            value = inner
    except RecursionError:
        raise DataError(f"{where}: nested too deeply; leave that request out") from None
    return None


def _opened(value: Any) -> Any:
    """A gateway's column may hold JSON as text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _time(value: dict[str, Any], where: str) -> float | None:
    for field in TIME_FIELDS:
        if value.get(field) is not None:
            return epoch_seconds(value[field], f"{where}: {field}")
    return None


def _parts(body: dict[str, Any], where: str) -> tuple[PromptPart, ...]:
    """Tool schemas, output format, system prompt, messages; nothing where the body has none of the fields of a prompt."""
    messages = next((v for k in ("messages", "contents", "input", "prompt") if (v := _opened(body.get(k)))), None)
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    if not isinstance(messages, list):
        if messages is not None and "messages" in body and not isinstance(messages, dict):
            raise DataError(f"{where}: messages is {type(messages).__name__}; give a list of messages")
        return ()
    if len(messages) > MAX_PARTS:
        raise DataError(f"{where}: {len(messages):,} messages; at most {MAX_PARTS:,} are read, leave that request out")
    parts = [*_tools(body), *_format(body)]
    system = next(
        (v for k in ("instructions", "system", "systemInstruction", "system_instruction") if (v := body.get(k))), ""
    )
    parts += [PromptPart("system", text)] if (text := _text(system)) else []
    for message in messages:
        kind, text = _message(message, where)
        leading = all(part.kind in ("tools", "format", "system") for part in parts)
        parts.append(PromptPart("system" if kind in SYSTEM_ROLES and leading else kind, text))
    return tuple(parts)


def _message(message: Any, where: str) -> tuple[str, str]:
    """Role and text; a tool call counts as its JSON."""
    if isinstance(message, str):
        return "user", message
    if not isinstance(message, dict):
        raise DataError(f"{where}: a message is {type(message).__name__}; give an object with role and content")
    role = message.get("role") or message.get("type") or "user"
    content = message.get("content", message.get("parts"))
    text = _text(content)
    calls = {
        k: v for k, v in message.items() if k in ("tool_calls", "function_call", "arguments", "name", "output") and v
    }
    return str(role)[:20], text + (_dumped(calls) if calls else "")


def _text(content: Any) -> str:
    """Text of a content field: as it is, or from its blocks. A picture is its fingerprint: only whether it changed counts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_text(block) for block in content)
    if isinstance(content, dict):
        if isinstance(content.get("text"), str):
            return str(content["text"])
        if isinstance(content.get("parts"), list):
            return _text(content["parts"])
        plain = _dumped({k: v for k, v in content.items() if k != "cache_control"})
        if any(BINARY.search(str(key)) for key in (content.get("type", ""), *content)):
            return f"[file {sha256(plain.encode('utf-8', 'replace')).hexdigest()[:12]}]"
        return plain
    return str(content)


def _dumped(value: Any, in_order: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=in_order)


def _tools(body: dict[str, Any]) -> list[PromptPart]:
    config = body.get("toolConfig")
    tools = body.get("tools") or body.get("functions") or (config.get("tools") if isinstance(config, dict) else None)
    if not isinstance(tools, list) or not tools:
        return []
    plain = [{k: v for k, v in t.items() if k != "cache_control"} if isinstance(t, dict) else t for t in tools]
    in_order = [_dumped(tool, True) for tool in plain]
    prints = tuple(int(sha256(text.encode("utf-8", "replace")).hexdigest()[:15], 16) for text in in_order)
    return [PromptPart("tools", "\n".join(map(_dumped, plain)), "\n".join(sorted(in_order)), prints)]


def _format(body: dict[str, Any]) -> list[PromptPart]:
    text = body.get("text")
    wanted = body.get("response_format") or (text.get("format") if isinstance(text, dict) else None)
    return [PromptPart("format", _dumped(wanted), _dumped(wanted, True))] if isinstance(wanted, dict | list) else []
