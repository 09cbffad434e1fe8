"""What the token columns of a log mean: does the input hold the cached tokens, the output the reasoning?

Told by a total column, by rows that allow one answer only, or by names that every maker uses alike; otherwise asked.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from calculators.logs.cells import thousands_sign, whole_number
from calculators.logs.column_words import cost_kind, plain_role
from calculators.logs.request_columns import ColumnMatch, normalised
from calculators.logs.request_names import (
    ADDED_REASONING,
    EXCLUDING_NAMES,
    EXCLUDING_PAIRS,
    INCLUDED_REASONING,
    INCLUDING_CACHES,
    TOKEN_ROLES,
    TOTAL_NAMES,
)
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.units import count

TOTAL_SHARE_FRAC = 0.9
"""Of the rows with a total, so many must agree with one sum."""
PROOF_SHARE_FRAC = 0.05
"""Of the rows with cached tokens, so many must exceed the input; fewer are errors of the log."""

WHATS = ("cache", "reasoning")
CACHE_ROLES = frozenset({"cache_read", "cache_write"})
Tokens = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What the first rows say of a column, to be checked over all rows; `question` where these say another thing."""

    what: Literal["cache", "reasoning"]
    by: Literal["total", "rows", "nothing"]
    """A total column, more tokens than what would hold them, or no row with such tokens."""
    question: UsageQuestion


@dataclass(frozen=True, slots=True)
class TokenMeaning:
    """Which columns are added to the input and to the output, and what had to be assumed for it."""

    input_excludes_cache: bool
    reasoning_added: bool
    tool_input_added: bool
    questions: tuple[UsageQuestion, ...]
    total: str = ""
    """The column of totals by which each row tells what it adds up; "": none."""
    claims: tuple[TokenClaim, ...] = ()


def token_meaning(
    best: Mapping[str, ColumnMatch], columns: Sequence[str], rows: Sequence[Mapping[str, str]], answers: UsageAnswers
) -> TokenMeaning:
    """What the token columns mean, by the first rows and by name, unless answered."""
    columns_of = {role: best[role].column for role in TOKEN_ROLES if role in best}
    signs = {role: thousands_sign([row.get(column, "") for row in rows]) for role, column in columns_of.items()}
    tokens = [
        {role: whole_number(row.get(column, ""), signs[role]) for role, column in columns_of.items()} for row in rows
    ]
    total = _total_column(best, columns)
    totals_tok = [whole_number(row.get(total, "")) if total else 0 for row in rows]
    added = _added_by_total(tokens, totals_tok)
    by_total = _first(added.get("cache"), _excludes_row_by_row(tokens, totals_tok))
    apart = None if answers.output_includes_reasoning is None else not answers.output_includes_reasoning
    told = {
        "cache": (answers.input_excludes_cache, _excludes_by_rows(tokens), by_total, _excludes_by_name(best)),
        "reasoning": (apart, _reasoning_by_rows(tokens), added.get("reasoning"), _reasoning_by_name(best)),
    }
    excludes, apart = (_first(*values) for values in told.values())
    asked = []
    if excludes is None and any(_caches(row) for row in tokens):
        asked.append(_cache_question(best, tokens))
    if apart is None and any(row.get("reasoning") for row in tokens):
        asked.append(_reasoning_question(best, tokens))
    open_whats = [what for what in WHATS if told[what][0] is None]
    return TokenMeaning(
        input_excludes_cache=bool(excludes),
        reasoning_added=bool(apart),
        tool_input_added=added.get("tool_input", True),
        questions=tuple(asked),
        total=total if len(open_whats) == len(WHATS) and {*CACHE_ROLES, "reasoning"} & set(best) else "",
        claims=_claims(best, {what: told[what][1:] for what in open_whats}, asked, bool(total)),
    )


def _claims(
    best: Mapping[str, ColumnMatch],
    told: Mapping[str, Sequence[bool | None]],
    asked: Sequence[UsageQuestion],
    has_total: bool,
) -> tuple[TokenClaim, ...]:
    """What of the meaning, by rows, totals and names, only the first rows say; what is asked anyway is none of it."""
    claims = list[TokenClaim]()
    for what, (by_rows, by_total, by_name) in told.items():
        by_all = "total" if has_total and len(told) == len(WHATS) else "nothing"
        by = "rows" if by_rows else "total" if by_total is not None else by_all if by_name is None else ""
        question = _late_cache_question(best) if what == "cache" else _late_reasoning_question(best)
        if by and question is not None and question.field not in {one.field for one in asked}:
            claims.append(TokenClaim(what, by, question))  # type: ignore[arg-type]
    return tuple(claims)


def _first(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)


def _caches(row: Tokens) -> int:
    return row.get("cache_read", 0) + row.get("cache_write", 0)


def _total_column(best: Mapping[str, ColumnMatch], columns: Sequence[str]) -> str:
    """The column of totals beside the input column, else the least nested; "" without any."""
    totals = [column for column in columns if _is_total(column)]
    if not totals or "input" not in best:
        return ""
    holder = best["input"].column.rpartition(".")[0]
    return min(totals, key=lambda column: (column.rpartition(".")[0] != holder, len(column)))


def requests_column(
    best: Mapping[str, ColumnMatch], columns: Iterable[str], rows: Sequence[Mapping[str, str]]
) -> dict[str, str]:
    """Under "requests", the column that says of how many requests a row holds the sums; empty without one."""
    used = {match.column for match in best.values()}
    named = [name for name in columns if name not in used and _counts_requests(name.rsplit(".", 1)[-1])]
    counting = [name for name in named if any(whole_number(row.get(name, "")) > 0 for row in rows)]
    return {"requests": counting[0]} if counting else {}


def cost_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns with the cost of the input, of the output and of caches, to be added up; empty without one of input and one
    of output."""
    kinds = dict[str, str]()
    for column in columns:
        if kind := cost_kind(column.rsplit(".", 1)[-1]):
            kinds.setdefault(kind, column)
    return tuple(kinds.values()) if {"input", "output"} <= kinds.keys() else ()


def _counts_requests(name: str) -> bool:
    return plain_role(name) == "requests" or normalised(name) == "numturns"


def _is_total(column: str) -> bool:
    return normalised(column).endswith(TOTAL_NAMES) or normalised(column) == "total" or plain_role(column) == "total"


def _added_by_total(tokens: Sequence[Tokens], totals_tok: Sequence[int]) -> dict[str, bool]:
    """For caches, reasoning and tool results: whether the totals add them to input and output. Absent: no telling."""
    parts = [
        (row.get("input", 0) + row.get("output", 0), {**row, "cache": _caches(row)}, total)
        for row, total in zip(tokens, totals_tok, strict=True)
        if total > 0
    ]
    terms = [name for name in ("cache", "reasoning", "tool_input") if any(row.get(name) for _, row, _ in parts)]
    choices = [chosen for size in range(len(terms) + 1) for chosen in itertools.combinations(terms, size)]

    def hits(chosen: Sequence[str]) -> int:
        return sum(base + sum(row.get(name, 0) for name in chosen) == total for base, row, total in parts)

    ranked = sorted(choices, key=hits, reverse=True)
    if not terms or hits(ranked[0]) < TOTAL_SHARE_FRAC * len(parts) or hits(ranked[0]) == hits(ranked[1]):
        return {}
    return {name: name in ranked[0] for name in terms}


def _excludes_row_by_row(tokens: Sequence[Tokens], totals_tok: Sequence[int]) -> bool | None:
    """What most rows with cached tokens tell by their totals, where senders of both kinds share a file and nearly every row
    tells it."""
    cached = [(row, total) for row, total in zip(tokens, totals_tok, strict=True) if _caches(row)]
    bases = [(row.get("input", 0) + row.get("output", 0), _caches(row), total) for row, total in cached]
    inside_count = sum(total == base for base, _, total in bases)
    outside_count = sum(total == base + cache for base, cache, total in bases)
    if not cached or inside_count + outside_count < TOTAL_SHARE_FRAC * len(cached):
        return None
    return outside_count > inside_count


# --- caches --------------------------------------------------------------------------------------------------------


def _excludes_by_rows(tokens: Sequence[Tokens]) -> bool | None:
    """True where rows have more cached tokens than input, which no input that holds them can have."""
    cached = [row for row in tokens if _caches(row)]
    more_count = sum(_caches(row) > row.get("input", 0) for row in cached)
    return True if more_count and more_count >= PROOF_SHARE_FRAC * len(cached) else None


def _excludes_by_name(best: Mapping[str, ColumnMatch]) -> bool | None:
    caches = [best[role].name for role in ("cache_read", "cache_write") if role in best]
    if "input" not in best or not caches:
        return None
    name = best["input"].name
    if name in EXCLUDING_NAMES or any((name, cache) in EXCLUDING_PAIRS for cache in caches):
        return True
    return False if any(_is_part(best[role]) for role in ("cache_read", "cache_write") if role in best) else None


def _is_part(cache: ColumnMatch) -> bool:
    return cache.name in INCLUDING_CACHES or "details" in cache.column.lower().replace("usagedetails", "")


def _late_cache_question(best: Mapping[str, ColumnMatch]) -> UsageQuestion | None:
    """The question that the first rows do not raise."""
    if "input" not in best or not CACHE_ROLES & set(best):
        return None
    return _about_cache(best, ("the cached ones are added", "the cached ones are among them"))


def _cache_question(best: Mapping[str, ColumnMatch], tokens: Sequence[Tokens]) -> UsageQuestion:
    inside, added = (
        _mean(row.get("input", 0) + (_caches(row) if outside else 0) for row in tokens) for outside in (False, True)
    )
    return _about_cache(
        best,
        (
            f"a request has {added} input tokens on average, the cached ones added",
            f"a request has {inside} input tokens on average, the cached ones among them",
        ),
    )


def _about_cache(best: Mapping[str, ColumnMatch], means: tuple[str, str]) -> UsageQuestion:
    names = " and ".join(f'"{best[role].column}"' for role in ("cache_read", "cache_write") if role in best)
    return UsageQuestion(
        text=f'Does "{best["input"].column}" leave out the cached tokens ({names})?',
        answers=(f"yes: {means[0]}", f"no: {means[1]}"),
        option="--input-excludes-cache yes|no",
        field="input_excludes_cache",
        values=(True, False),
    )


# --- reasoning -----------------------------------------------------------------------------------------------------


def _reasoning_by_rows(tokens: Sequence[Tokens]) -> bool | None:
    reasoned = [row for row in tokens if row.get("reasoning")]
    more_count = sum(row["reasoning"] > row.get("output", 0) for row in reasoned)
    return True if more_count and more_count >= PROOF_SHARE_FRAC * len(reasoned) else None


def _reasoning_by_name(best: Mapping[str, ColumnMatch]) -> bool | None:
    if "reasoning" not in best:
        return None
    column, name = best["reasoning"].column.lower(), best["reasoning"].name
    if name in ADDED_REASONING:
        return name != "usagedetailsoutputreasoningtokens" or best["output"].name == "usagedetailsoutput"
    inside = name in INCLUDED_REASONING or "details" in column or "gen_ai.usage" in column
    return False if inside else None


def _late_reasoning_question(best: Mapping[str, ColumnMatch]) -> UsageQuestion | None:
    if "output" not in best or "reasoning" not in best:
        return None
    return _about_reasoning(best, ("the reasoning is among them", "the reasoning is added"))


def _reasoning_question(best: Mapping[str, ColumnMatch], tokens: Sequence[Tokens]) -> UsageQuestion:
    inside = _mean(row.get("output", 0) for row in tokens)
    added = _mean(row.get("output", 0) + row.get("reasoning", 0) for row in tokens)
    return _about_reasoning(
        best,
        (
            f"a request has {inside} output tokens on average",
            f"a request has {added} output tokens on average, the reasoning added",
        ),
    )


def _about_reasoning(best: Mapping[str, ColumnMatch], means: tuple[str, str]) -> UsageQuestion:
    return UsageQuestion(
        text=f'Does "{best["output"].column}" include the reasoning tokens ("{best["reasoning"].column}")?',
        answers=(f"yes: {means[0]}", f"no: {means[1]}"),
        option="--output-includes-reasoning yes|no",
        field="output_includes_reasoning",
        values=(True, False),
    )


def _mean(values: Iterable[int]) -> str:
    numbers = list(values)
    return count(sum(numbers) / max(len(numbers), 1))
