"""What of a file may be shown: its name, names of columns and models cut short, and cells that are numbers or times.

A key of JSON may be somebody's address, and the first row of a file without a header may be a request: what reads like that
is shown as "(text)".
"""

import re

from calculators.units import printable

MAX_FILE_NAME_CHARS = 50
LONGEST_MODEL_CHARS = 120
LONGEST_NAME_CHARS = 40
MAX_CELL_CHARS = 30
MAX_NAME_WORDS = 5
HIDDEN = "(text)"
MAX_READ_CHARS = 200
"""Longer text is no name."""
PRIVATE = re.compile(
    r"\S@\S"  # an address
    r"|[.!?](\s*$|\s+[A-Z])"  # the end of a sentence
    r"|\b(sk|pk|rk|key|ghp|xox[abp])[-_]\w{6,}"  # a key
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-"  # the number of somebody
)
LONG_WORD = re.compile(r"[a-zA-Z0-9+/=]{16,}")
MIN_KEY_DIGITS = 4
"""So many in a long word make it a key or a hash."""
NUMBERS = re.compile(r"[\d\s.,:;+\-/TZzeE]{1,40}|[Nn]a[Nn]|-?[Ii]nf(inity)?")


def file_label(name: str) -> str:
    """A file by the name that the user knows it by."""
    return printable(name, MAX_FILE_NAME_CHARS) or "The file"


def reads_as_name(text: str) -> bool:
    """Whether a text can be the name of a column: no address, key or sentence."""
    if len(text) > MAX_READ_CHARS or len(text.split()) > MAX_NAME_WORDS or PRIVATE.search(text):
        return False
    return all(sum(map(str.isdigit, word)) < MIN_KEY_DIGITS for word in LONG_WORD.findall(text))


def shown_name(column: str) -> str:
    """The name of a column."""
    return printable(column, LONGEST_NAME_CHARS) if reads_as_name(column) else HIDDEN


def shown_model(model: str) -> str:
    """The name of a model."""
    return printable(model, LONGEST_MODEL_CHARS)


def shown_cell(value: str) -> str:
    """A cell: a number or a time as it is, anything else might be somebody's prompt."""
    return printable(value, MAX_CELL_CHARS) if not value.strip() or NUMBERS.fullmatch(value) else HIDDEN
