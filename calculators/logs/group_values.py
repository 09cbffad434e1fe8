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
LONG_RUN = r"^([A-Za-z0-9]{32,}|[A-Za-z0-9_+=-]{40,})$"
"""A key or its hash, if it also holds `DIGITS`; a long name in words does not."""
DIGITS = r"\d.*\d.*\d"
MIN_SECRET_CHARS = 11
MAX_GROUP_CHARS = 80
KEPT_CHARS = 4
WITHHELD = "(address withheld)"


@lru_cache(8_192)
def shown_group(text: str) -> str:
    """The name as it may be shown: of a secret or its hash the last four characters, of an address nothing, of a path what
    stands before the query."""
    plain = text.split("?")[0].strip()
    if "@" in plain and re.search(MAIL_ADDRESS, plain):
        return WITHHELD
    if len(plain) >= MIN_SECRET_CHARS and _is_secret(plain):
        return f"...{plain[-KEPT_CHARS:]}"
    return plain[:MAX_GROUP_CHARS]


def _is_secret(text: str) -> bool:
    return bool(re.search(KEY_START, text) or (re.search(LONG_RUN, text) and re.search(DIGITS, text)))


def group_expression(column: Any) -> Any:
    """`shown_group` of a column; NULL where it names nothing."""
    plain = column.split("?")[0].strip()
    is_secret = plain.re_search(KEY_START) | (plain.re_search(LONG_RUN) & plain.re_search(DIGITS))
    return ibis.cases(
        (plain.contains("@") & plain.re_search(MAIL_ADDRESS), WITHHELD),
        ((plain.length() >= MIN_SECRET_CHARS) & is_secret, ibis.literal("...") + plain.right(KEPT_CHARS)),
        else_=plain[:MAX_GROUP_CHARS],
    )
