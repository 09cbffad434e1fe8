"""Names of teams, keys and endpoints as they may be shown: never a secret, never an address of a person.

One rule in two forms, for text and for a column of the engine.
"""

import re
from functools import lru_cache
from typing import Any

import ibis

MAIL_ADDRESS = r"[^\s@/]+@[^\s@/]+\.[A-Za-z]{2,}"
KEY_START = (
    r"(?i:^(bearer|basic)\s|\b(sk|pk|rk|gsk|xai|ghp|gho|glpat|nvapi|pplx)[-_][\w-]{8,}|\bAIza[\w-]{16,}|\bA[KS]IA\w{12,}"
    r"|\beyJ[\w-]{10,})"
)
"""How keys of the usual sellers and tokens begin."""
SHORT_START = r"^\w{2}-[A-Za-z0-9]{14,}$"
MIXED = r"\d[A-Za-z].*\d[A-Za-z].*\d[A-Za-z]"
"""Two letters before digits among letters: a key of another seller, or a broken one."""
ODD = r"[^\w./:@-]"
"""Signs that a broken line leaves inside a key."""
LONG_RUN = r"^([A-Za-z0-9]{32,}|[A-Za-z0-9_+=-]{40,})$"
"""A key or its hash, if it also holds `DIGITS`; a long name in words does not."""
DIGITS = r"\d.*\d.*\d"
MIN_SECRET_CHARS, MIN_RUN_CHARS = 11, 32
MAX_GROUP_CHARS = 80
KEPT_CHARS = 4
WITHHELD = "(address withheld)"


@lru_cache(8_192)
def shown_group(text: str) -> str:
    """The name as it may be shown: of a secret or its hash the last four characters, of an address nothing, of a path what
    stands before the query."""
    plain = text.split("?")[0]
    if "@" in plain and re.search(MAIL_ADDRESS, plain):
        return WITHHELD
    if len(plain) >= MIN_SECRET_CHARS and _is_secret(plain):
        return f"...{plain[-KEPT_CHARS:]}"
    return plain[:MAX_GROUP_CHARS]


def _is_secret(text: str) -> bool:
    has_start = re.search(KEY_START, text) or re.search(KEY_START, re.sub(ODD, "", text))
    is_mixed = re.search(SHORT_START, text) and re.search(MIXED, text)
    return bool(has_start or is_mixed or (re.search(LONG_RUN, text) and re.search(DIGITS, text)))


def group_expression(column: Any) -> Any:
    """`shown_group` of a column, the costly tests last, since most names are short; NULL where it names nothing."""
    has_query = column.contains("?")
    is_short = (column.length() < MIN_SECRET_CHARS) & ~column.contains("@") & ~has_query
    return ibis.cases((is_short, column), (has_query, _tested(column.split("?")[0])), else_=_tested(column))


def _tested(column: Any) -> Any:
    is_run = (column.length() >= MIN_RUN_CHARS) & column.re_search(LONG_RUN) & column.re_search(DIGITS)
    is_odd = column.re_search(ODD) & column.re_replace(ODD, "").re_search(KEY_START)
    is_mixed = column.re_search(SHORT_START) & column.re_search(MIXED)
    is_secret = (column.length() >= MIN_SECRET_CHARS) & (column.re_search(KEY_START) | is_odd | is_mixed | is_run)
    return ibis.cases(
        (column.contains("@") & column.re_search(MAIL_ADDRESS), WITHHELD),
        (is_secret, ibis.literal("...") + column.right(KEPT_CHARS)),
        (column.length() > MAX_GROUP_CHARS, column[:MAX_GROUP_CHARS]),
        else_=column,
    )
