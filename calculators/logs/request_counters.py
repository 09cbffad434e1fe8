"""Counts and costs that run on from row to row: each row holds the total so far of its session, not what its request took."""

from typing import Any

import ibis

from calculators.logs.repeat_questions import running_question
from calculators.logs.request_repeats import TIME_ORDER, Sorting

MIN_RUNNING_ROWS, MAX_RUNNING_ROWS = 10, 200_000
RUNNING_GROWTH = 3
RESET_FRAC = 0.05
"""Of the rows, so many costs may fall where a total begins anew; costs of single requests fall in half of them."""
TOKEN_COUNTS = ("input_tok", "output_tok", "read_tok", "write_tok")


def without_totals_so_far(sorting: Sorting) -> None:
    """Puts differences in place of costs that run on, and of counts that only grow within a session if the user says that they
    run on; else a question."""
    rows: Any = sorting.table
    row_count = int(sorting.facts(n=rows.count())["n"])
    if not MIN_RUNNING_ROWS <= row_count <= MAX_RUNNING_ROWS:
        return
    window = ibis.window(group_by="session_hash", order_by=TIME_ORDER)
    before = {f"before_{name}": rows[name].lag().over(window) for name in (*TOKEN_COUNTS, "spend_usd")}
    steps: Any = sorting.engine.store(rows.mutate(**before))
    growth = sorting.engine.rows(steps.aggregate(**_growth(steps)))[0]
    made = dict[str, Any]()
    if sorting.answers.counts == "running":
        made = {name: _difference(steps[name], steps[f"before_{name}"]) for name in TOKEN_COUNTS}
        sorting.notes.append("The token counts are running totals; each request has the difference to the row before.")
    elif sorting.answers.counts is None and _counts_only_grow(growth, row_count):
        sorting.questions.append(running_question(int(growth["last_tok"]), int(growth["sum_tok"])))
    if _cost_runs_on(growth, row_count, bool(made)):
        made["spend_usd"] = _difference(steps.spend_usd, steps.before_spend_usd)
        sorting.notes.append("The costs are running totals; each request has the difference to the row before.")
    if made:
        _keep(sorting, steps.mutate(**made).select(*rows.columns), row_count)


def _keep(sorting: Sorting, made: Any, row_count: int) -> None:
    """Goes on with these rows but for those to which nothing was added."""
    kept = made.filter(made.input_tok + made.output_tok > 0) if sorting.answers.counts == "running" else made
    left_count = int(sorting.engine.rows(kept.aggregate(n=kept.count()))[0]["n"])
    sorting.keep(kept, row_count - left_count, "rows that repeat a running total")


def _difference(now: Any, before: Any) -> Any:
    """The growth; a counter below its last value began anew."""
    last = before.fill_null(0)
    return (now >= last).ifelse(now - last, now)


def _growth(steps: Any) -> dict[str, Any]:
    """How counts and costs go from row to row; whether the costs go with the tokens of their rows, or their differences do."""
    tokens = (steps.input_tok + steps.output_tok).cast("float64")
    spend, before = (cost.isnan().ifelse(None, cost) for cost in (steps.spend_usd, steps.before_spend_usd))
    return {
        "falls": ((steps.input_tok < steps.before_input_tok) | (steps.output_tok < steps.before_output_tok)).sum(),
        "grows": ((steps.input_tok > steps.before_input_tok) & (steps.output_tok > steps.before_output_tok)).sum(),
        "input_ratio": steps.input_tok.max() / steps.input_tok.min().nullif(0),
        "output_ratio": steps.output_tok.max() / steps.output_tok.min().nullif(0),
        "last_tok": steps.input_tok.max(),
        "sum_tok": steps.input_tok.sum(),
        "spend_falls": (spend < before).sum(),
        "spend_grows": (spend > before).sum(),
        "spend_blanks": spend.isnull().sum(),
        "spend_ratio": spend.max() / spend.min().nullif(0),
        "spend_fit": spend.corr(tokens, how="pop"),
        "growth_fit": (spend - before).corr(tokens, how="pop"),
    }


def _counts_only_grow(growth: dict[str, Any], row_count: int) -> bool:
    ratios = [growth[name] or RUNNING_GROWTH for name in ("input_ratio", "output_ratio")]
    return not growth["falls"] and (growth["grows"] or 0) >= row_count / 2 and min(ratios) >= RUNNING_GROWTH


def _cost_runs_on(growth: dict[str, Any], row_count: int, counts_run_on: bool) -> bool:
    """Whether costs grow from row to row, and not because the requests grow, as they do within one session of an agent."""
    is_filled = growth["spend_grows"] is not None and not growth["spend_blanks"]
    if not is_filled or (growth["spend_ratio"] or RUNNING_GROWTH) < RUNNING_GROWTH:
        return False
    only_grows = growth["spend_falls"] <= RESET_FRAC * row_count and growth["spend_grows"] >= row_count / 2
    return only_grows and (counts_run_on or _fit(growth["growth_fit"]) > _fit(growth["spend_fit"]))


def _fit(correlation: float | None) -> float:
    """0 where a correlation cannot be told."""
    return 0.0 if correlation is None or correlation != correlation else correlation
