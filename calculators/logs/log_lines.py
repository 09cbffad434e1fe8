"""Lines of text with names and values ("input_tokens=12 output_tokens=3") as objects: logfmt, printed usage objects, access logs."""

import re
from typing import Any

from calculators.logs.column_words import token_role

MAX_PAIRS_LINE_CHARS = 20_000
PAIR = re.compile(
    r"""(?:^|[\s,;({\[|])["']?([A-Za-z_@][\w.@-]{0,80})["']?\s?(?:=|:(?=\s))\s?("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;(){}\[\]|]+)"""
)
TIME = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
)
HTTP_STATUS = re.compile(r'HTTP/\d(?:\.\d)?" ([1-5]\d\d)\b')
MAX_TIME_PLACE = 120


def line_object(line: str) -> dict[str, Any] | None:
    """Names and values of a line with counts of tokens, with the time before them; None for any other line."""
    if len(line) > MAX_PAIRS_LINE_CHARS or "tok" not in line.lower():
        return None
    pairs = {name: value.strip("\"'") for name, value in PAIR.findall(line)}
    counted = [name for name, value in pairs.items() if value.isdigit() and token_role(name.rsplit(".", 1)[-1])]
    if not counted:
        return None
    moment, status = TIME.search(line[:MAX_TIME_PLACE]), HTTP_STATUS.search(line)
    told = {"prefix_time": moment.group().replace(" +", "+")} if moment else {}
    return told | ({"status": status.group(1)} if status else {}) | pairs
