"""Faults of grammar that a program makes when it builds a sentence without looking at its numbers."""

import re
from collections.abc import Iterator

NOUNS = (
    r"(?:GPU|replica|spare|request|token|option|month|day|week|hour|minute|region|server|machine|path|trigger|target|engineer"
    r"|technique|benchmark|pass|node|provider|model|run|row|record|time)"
)
KINDS = r"(?:input |output |drafted |draft |prefill |decode |spare |more |further |full |cached |allowed )?"
PATTERNS: dict[str, str] = {
    "one of many": rf"(?<![\d.,\w-])1 {KINDS}{NOUNS}e?s\b",
    "many of one": rf"(?<![\d.,\w-])(?:[2-9]|[1-9]\d+|\d[\d.,]*[kMBT]) {KINDS}{NOUNS}(?![\w/-])",
    "none as a number": rf"(?<![\d.,\w])0 {KINDS}{NOUNS}s?\b",
    "two spaces": r"\S  +\S",
    "small start": r"(?<!\bvs)(?<!e\.g)(?<!i\.e)(?<!\bNov)[.!?] +([a-z]\S*)",
    "no money": r"\$0\.00(?!\d)|\$0 (?:less|more)",
    "all of it": r"\b100% (?:lower|less)",
    "marks": r"(?<!\.)\.\.(?!\.)| [,.;:](?!\w)|,,|\( | \)|;\.|:\.|\.;",
    "month 0": r"\bmonth 0\b|\b0 months?\b",
    "article": r"\ba (?:8|11|18)\b|\ban [1-79](?!\d|1|8)",
    "not a number": r"\b(?:nan|inf|NaN)\b",
}
SIZES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
FACTOR = re.compile(r"(?<!over )(\d[\d,.]*)([kMBT]?)(?:x| times)\b")


def is_name(word: str) -> bool:
    """Whether a word that starts small is spelled so: gpt-oss, vLLM, gemini-2.5-flash, openai/gpt-5."""
    return word.startswith("gpt-") or re.search(r"\d|/|\w[A-Z]", word) is not None


def grammar_faults(text: str, is_sentence: bool = True) -> Iterator[str]:
    """Every fault with what stands around it. A fragment, such as a table's cell, may start small."""
    for kind, pattern in PATTERNS.items():
        for match in re.finditer(pattern, text):
            if kind != "small start" or not is_name(match[1]):
                yield f"{kind}: …{_around(match)}"
    for match in FACTOR.finditer(text):
        factor = float(match[1].replace(",", "")) * SIZES[match[2]]
        if factor > 1_000 or factor == 1:
            yield f"factor: …{_around(match)}"
    if text.count("(") != text.count(")"):
        yield f"parentheses: {text}"
    if is_sentence and text:
        yield from _ends(text)


def _around(match: re.Match[str]) -> str:
    return match.string[max(match.start() - 40, 0) : match.end() + 30]


def _ends(text: str) -> Iterator[str]:
    """Faults of a sentence's start and end."""
    first = text.split(" ", 1)[0]
    if not (first[0].isupper() or not first[0].isalpha() or is_name(first)):
        yield f"small start: {text[:60]}"
    if text[-1] not in ".!?":
        yield f"no full stop: …{text[-60:]}"
