"""Prompts cut into comparable segments: lines, sentences, and spans that tend to change, such as a time or an id.

A piece that many prompts share is kept once, as token ids. Cuts are where the tokenizer would cut as well, so that pieces
together have the tokens of the whole, but for one now and then.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from calculators.prompts import tokenizer as tokens

Ints = npt.NDArray[np.int64]

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm]\b)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
DAY = rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\d{{1,2}} {MONTH},? \d{{4}}|{MONTH} \d{{1,2}},? \d{{4}})"
CHANGING_TEXT = {
    "uuid": ("a UUID", r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    "stamp": ("a timestamp", rf"{DAY}(?:[T ]|, | at ){CLOCK}"),
    "date": ("a date", rf"{DAY}\b"),
    "clock": ("a time of day", rf"{CLOCK}"),
    "epoch": ("a time in seconds", r"1\d{9}(?:\d{3}){0,3}(?:\.\d{1,9})?\b"),
    "mail": ("an e-mail address", r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,24}){1,4}"),
    "hex": ("a long hexadecimal id", r"(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{16,128}\b"),
    "id": ("an id", r"[A-Za-z]{1,12}[_-](?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{6,64}\b"),
}
"""Kinds of changing text: name and pattern. Every repetition is bounded, so that no text takes long to match."""
TIMES = frozenset(CHANGING_TEXT[kind][0] for kind in ("stamp", "clock", "epoch"))
"""Kinds that never recur, however many requests of the same minute share them."""
_CHANGING = re.compile(
    r"\b(?:" + "|".join(f"(?P<{kind}>{pattern})" for kind, (_, pattern) in CHANGING_TEXT.items()) + ")"
)
_LINES = re.compile(r"[^\n]*\n+|[^\n]+")
_SENTENCE = re.compile(r"(?<=[.!?;]) (?=\S)")
ROLE_ID = 1_000_000
"""From here on, ids that stand for the start of a message: one token each."""


@dataclass(frozen=True, slots=True)
class SegmentedPrompt:
    """One request as segments: as sent with the part and change rank of each, and in the best order. Arrays (segments,)."""

    time_s: float
    segments: Ints
    parts: Ints
    ranks: Ints
    best_pieces: Ints
    best_parts: Ints


class SegmentTable:
    """Distinct segments of a log, each with its token ids, token count and kind (empty for plain text)."""

    def __init__(self) -> None:
        self.ids: list[tokens.Ids] = []
        self.kinds: list[str] = []
        self._of_piece: dict[str, int] = {}
        self._of_line: dict[str, tuple[int, ...]] = {}
        self._of_role: dict[str, int] = {}

    def of(self, text: str, whole_lines: bool = False) -> list[int]:
        """Numbers of the pieces of a text, in order."""
        numbers: list[int] = []
        for line in _LINES.findall(text):
            cut = self._of_line.get(line)
            if cut is None:
                cut = self._of_line[line] = (self._piece(line, ""),) if whole_lines else self._cut(line)
            numbers += cut
        return numbers

    def role(self, name: str) -> tuple[int, ...]:
        """The piece that starts a message of this role; a plain prompt has none."""
        if name == "prompt":
            return ()
        if name not in self._of_role:
            self._of_role[name] = self._add(np.array([ROLE_ID + len(self._of_role)], dtype=np.int32), "")
        return (self._of_role[name],)

    @property
    def marks(self) -> list[int]:
        """Pieces that start messages."""
        return list(self._of_role.values())

    def tok(self) -> tokens.Ids:
        """(pieces,): tokens of each."""
        return np.array([len(ids) for ids in self.ids], dtype=np.int32)

    def _cut(self, line: str) -> tuple[int, ...]:
        ends = [0, *(match.start() for match in _SENTENCE.finditer(line)), len(line)]
        numbers: list[int] = []
        for start, end in pairwise(ends):
            sentence, at = line[start:end], 0
            for match in _CHANGING.finditer(sentence):
                numbers += self._plain(sentence[at : match.start()])
                numbers.append(self._piece(match.group(), CHANGING_TEXT[match.lastgroup or "id"][0]))
                at = match.end()
            numbers += self._plain(sentence[at:])
        return tuple(numbers)

    def _plain(self, text: str) -> list[int]:
        return [self._piece(text, "")] if text else []

    def _piece(self, text: str, kind: str) -> int:
        number = self._of_piece.get(text)
        if number is None:
            number = self._of_piece[text] = self._add(tokens.token_ids(text), kind)
        return number

    def _add(self, ids: tokens.Ids, kind: str) -> int:
        self.ids.append(ids)
        self.kinds.append(kind)
        return len(self.ids) - 1
