"""What the token columns of a log mean: does the input hold the cached tokens, the output the reasoning?

Told by a total column, by rows that allow one answer only, or by names that every maker uses alike; otherwise asked.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calculators.logs.cells import thousands_sign, whole_number
from calculators.logs.column_words import plain_role
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

Tokens = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TokenMeaning:
    """Which columns are added to the input and to the output, and what had to be assumed for it."""

    input_excludes_cache: bool
    reasoning_added: bool
    tool_input_added: bool
    questions: tuple[UsageQuestion, ...]


def token_meaning(
    best: Mapping[str, ColumnMatch], columns: Sequence[str], rows: Sequence[Mapping[str, str]], answers: UsageAnswers
) -> TokenMeaning:
    """What the token columns mean, by the first rows and by name, unless answered."""
    columns_of = {role: best[role].column for role in TOKEN_ROLES if role in best}
    signs = {role: thousands_sign([row.get(column, "") for row in rows]) for role, column in columns_of.items()}
    tokens = [
        {role: whole_number(row.get(column, ""), signs[role]) for role, column in columns_of.items()} for row in rows
    ]
    totals_tok = _totals(best, columns, rows)
    added = _added_by_total(tokens, totals_tok)
    excludes = _first(
        answers.input_excludes_cache, _excludes_by_rows(tokens), added.get("cache"), _excludes_by_name(best)
    )
    apart = _first(
        None if answers.output_includes_reasoning is None else not answers.output_includes_reasoning,
        _reasoning_by_rows(tokens),
        added.get("reasoning"),
        _reasoning_by_name(best),
    )
    asked = []
    if excludes is None and any(_caches(row) for row in tokens):
        asked.append(_cache_question(best, tokens))
    if apart is None and any(row.get("reasoning") for row in tokens):
        asked.append(_reasoning_question(best, tokens))
    return TokenMeaning(bool(excludes), bool(apart), added.get("tool_input", True), tuple(asked))


def _first(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)


def _caches(row: Tokens) -> int:
    return row.get("cache_read", 0) + row.get("cache_write", 0)


def _totals(best: Mapping[str, ColumnMatch], columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[int]:
    """The total of each row, 0 where there is none: from the total beside the input column, else the least nested."""
    totals = [column for column in columns if _is_total(column)]
    if not totals or "input" not in best:
        return [0 for _ in rows]
    holder = best["input"].column.rpartition(".")[0]
    total = min(totals, key=lambda column: (column.rpartition(".")[0] != holder, len(column)))
    return [whole_number(row.get(total, "")) for row in rows]


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


def _cache_question(best: Mapping[str, ColumnMatch], tokens: Sequence[Tokens]) -> UsageQuestion:
    names = " and ".join(f'"{best[role].column}"' for role in ("cache_read", "cache_write") if role in best)
    inside, added = (
        _mean(row.get("input", 0) + (_caches(row) if outside else 0) for row in tokens) for outside in (False, True)
    )
    return UsageQuestion(
        text=f'Does "{best["input"].column}" leave out the cached tokens ({names})?',
        answers=(
            f"yes: a request has {added} input tokens on average, the cached ones added",
            f"no: a request has {inside} input tokens on average, the cached ones among them",
        ),
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


def _reasoning_question(best: Mapping[str, ColumnMatch], tokens: Sequence[Tokens]) -> UsageQuestion:
    inside = _mean(row.get("output", 0) for row in tokens)
    added = _mean(row.get("output", 0) + row.get("reasoning", 0) for row in tokens)
    return UsageQuestion(
        text=f'Does "{best["output"].column}" include the reasoning tokens ("{best["reasoning"].column}")?',
        answers=(
            f"yes: a request has {inside} output tokens on average",
            f"no: a request has {added} output tokens on average, the reasoning added",
        ),
        option="--output-includes-reasoning yes|no",
        field="output_includes_reasoning",
        values=(True, False),
    )


def _mean(values: Iterable[int]) -> str:
    numbers = list(values)
    return count(sum(numbers) / max(len(numbers), 1))
