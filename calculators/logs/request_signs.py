"""What each row adds to its input and output by its own total, and what it says of the claims of the first rows.

`signs` of a row is a sum of the numbers below; `broken_claims` looks at those of all rows.
"""

from collections.abc import Callable
from typing import Any

import ibis

from calculators.logs.cell_expressions import text_of
from calculators.logs.log_engine import LogEngine
from calculators.logs.request_mapping import ReadPlan
from calculators.logs.request_meaning import PROOF_SHARE_FRAC, TOTAL_SHARE_FRAC
from calculators.logs.usage_questions import UsageQuestion

CACHED, CACHE_PROVED, REASONED, REASONING_PROVED, TWINS_DIFFER = 1, 2, 4, 8, 16
TWIN = "twin_"


def row_sums(table: Any, plan: ReadPlan) -> dict[str, Any]:
    """By name: what a row adds to its input (`more_input`) and output (`more_output`), and its `signs`. The total of a row,
    where it fits one sum only, tells; else the plan."""
    cached = _count(table, "cache_read") + _count(table, "cache_write")
    reasoning = _count(table, "reasoning") + _count(table, "inner_reasoning")
    excludes, apart = plan.input_excludes_cache, "reasoning" in plan.role_of
    added = (cached if excludes else _none(), reasoning if apart else _none())
    if "total" not in plan.checked:
        signs = _signs(table, plan, cached > table.n_input, reasoning > table.n_output)
        return {"more_input": added[0], "more_output": added[1], "signs": signs}
    base = table.n_input + table.n_output.fill_null(0) + _count(table, "tool_input")
    choices = [
        (cached if with_cache else _none(), reasoning if with_reasoning else _none())
        for with_reasoning in (apart, not apart)
        for with_cache in (excludes, not excludes)
    ]
    tests = [(base + more_input + more_output == table.n_total).fill_null(False) for more_input, more_output in choices]
    proved = tests[0] | tests[1] | tests[2] | tests[3]
    return {
        "more_input": ibis.cases(*((test, one[0]) for test, one in zip(tests, choices, strict=True)), else_=added[0]),
        "more_output": ibis.cases(*((test, one[1]) for test, one in zip(tests, choices, strict=True)), else_=added[1]),
        "signs": _signs(table, plan, *_proofs(plan, proved, (cached > table.n_input, reasoning > table.n_output))),
    }


def _proofs(plan: ReadPlan, proved: Any, more: tuple[Any, Any]) -> tuple[Any, Any]:
    """What proves the claims on caches and on reasoning: the total, or more tokens than would hold them."""
    by_total = {claim.what for claim in plan.claims if claim.by == "total"}
    return proved if "cache" in by_total else more[0], proved if "reasoning" in by_total else more[1]


def _signs(table: Any, plan: ReadPlan, cache_proved: Any, reasoning_proved: Any) -> Any:
    parts = list[Any]()
    claimed = {claim.what for claim in plan.claims}
    if "cache" in claimed:
        is_cached = _count(table, "cache_read") + _count(table, "cache_write") > 0
        parts += [_sign(is_cached, CACHED), _sign(is_cached & cache_proved, CACHE_PROVED)]
    if "reasoning" in claimed:
        is_reasoned = _count(table, "reasoning") + _count(table, "inner_reasoning") > 0
        parts += [_sign(is_reasoned, REASONED), _sign(is_reasoned & reasoning_proved, REASONING_PROVED)]
    differ = ibis.literal(False)
    for twin in (name for name in plan.checked if name.startswith(TWIN)):
        texts = [text_of(table[name]).fill_null("") for name in (twin.removeprefix(TWIN), twin)]
        differ = differ | (texts[0] != texts[1])
    if plan.twins:
        parts.append(_sign(differ, TWINS_DIFFER))
    signs: Any = ibis.literal(0, "int8")
    for part in parts:
        signs = signs + part
    return signs.cast("int8") if parts else signs


def _sign(test: Any, number: int) -> Any:
    return test.fill_null(False).ifelse(number, 0)


def _count(table: Any, role: str) -> Any:
    name = f"n_{role}"
    return table[name].fill_null(0) if name in table.columns else _none()


def _none() -> Any:
    return ibis.literal(0, "int32")


def broken_claims(engine: LogEngine, rows: Any, plan: ReadPlan) -> tuple[UsageQuestion, ...]:
    """What is to be asked, because all rows together do not bear out what the first ones say."""
    if not plan.claims and not plan.twins:
        return ()
    groups = engine.rows(rows.group_by("signs").aggregate(n=rows.count()))

    def row_count(sign: int) -> int:
        return sum(group["n"] for group in groups if group["signs"] & sign)

    asked = [claim.question for claim in plan.claims if _is_broken(claim.what, claim.by, row_count)]
    return (*asked, *(plan.twins if row_count(TWINS_DIFFER) else ()))


def _is_broken(what: str, by: str, row_count: Callable[[int], int]) -> bool:
    of_kind, proved = (CACHED, CACHE_PROVED) if what == "cache" else (REASONED, REASONING_PROVED)
    least_frac = {"total": TOTAL_SHARE_FRAC, "rows": PROOF_SHARE_FRAC, "nothing": 2.0}[by]
    return row_count(of_kind) > 0 and row_count(proved) < least_frac * row_count(of_kind)
