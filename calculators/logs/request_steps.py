"""Steps of traces in a table of rows: those that no call repeats are requests, as in `trace_steps`. Tables in, tables out."""

from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs.log_engine import LogEngine
from calculators.logs.repeat_questions import steps_question
from calculators.logs.usage_questions import Repeats, UsageQuestion

STEP, UNCOUNTED = 3, (4, 6, 7)
"""Codes of `excluded`: a step of a trace; no counts, totals, repeated headers or units."""
MAX_TREE_DEPTH = 30


def with_own_steps(
    table: ir.Table, engine: LogEngine, answer: Repeats | None
) -> tuple[ir.Table, tuple[UsageQuestion, ...]]:
    """The rows with those steps as requests whose trace, or whose tree below them, holds no call with tokens, and what is asked
    of steps that nothing links to calls."""
    rows: Any = table
    has_tokens = rows.input_tok.fill_null(0) + rows.output_tok.fill_null(0) > 0
    rows = rows.mutate(told=(has_tokens & ~rows.excluded.isin(UNCOUNTED)).fill_null(False))
    facts = engine.rows(
        rows.aggregate(
            steps=(rows.told & (rows.excluded == STEP)).sum(),
            calls=(rows.told & (rows.excluded != STEP)).sum(),
            links=rows.parent_hash.count(),
        )
    )[0]
    if not facts["steps"]:
        return table, ()
    marked = _marked(rows, engine, bool(facts["links"]))
    kept: Any = engine.store(_without_sums(marked))
    unclear = kept.filter(kept.unclear)
    asked = _question(engine, unclear, kept.filter(kept.told, kept.excluded != STEP)) if facts["calls"] else None
    own = kept.own | (kept.unclear & ibis.literal(not facts["calls"] or answer == "each"))
    made = kept.mutate(excluded=own.ifelse(0, kept.excluded).cast("int8")).select(*table.columns)
    return engine.store(made), (asked,) if asked is not None and answer is None else ()


def _marked(rows: Any, engine: LogEngine, has_links: bool) -> Any:
    """Rows with `own`, for steps that no call repeats, and `unclear`, for steps of which nothing tells."""
    covered = _spans_above(rows, engine) if has_links else None
    spans = rows.filter(rows.span_hash.notnull()).select(key=rows.span_hash).distinct()
    parents = rows.filter(rows.parent_hash.notnull()).select(key=rows.parent_hash).distinct()
    flags = rows.mutate(
        is_step=rows.told & (rows.excluded == STEP),
        is_call=rows.told & (rows.excluded != STEP),
        below=_in(rows.parent_hash, spans),
        linked=rows.parent_hash.notnull() | _in(rows.span_hash, parents),
        covered=_in(rows.span_hash, covered) if covered is not None else ibis.literal(False),
    )
    flags = engine.store(flags)
    of_trace = flags.group_by("trace_hash").aggregate(
        trace_calls=flags.is_call.sum(),
        trace_tops=(~flags.below).sum(),
        loose_calls=(flags.is_call & ~flags.linked).sum(),
    )
    joined: Any = flags.left_join(of_trace, flags.trace_hash.identical_to(of_trace.trace_hash)).drop("trace_hash_right")
    traced = joined.trace_hash.notnull()
    whole = joined.span_hash.notnull() & (joined.trace_tops <= 1)
    untraced = joined.linked & (joined.below | joined.parent_hash.isnull())
    repeated = traced.ifelse((joined.trace_calls > 0) & ~whole, ~untraced & (joined.loose_calls > 0))
    open_step = joined.is_step & ~joined.covered
    return joined.mutate(
        own=(open_step & ~repeated).fill_null(False), unclear=(open_step & repeated & ~traced).fill_null(False)
    )


def _in(key: Any, keys: Any) -> Any:
    return key.isin(keys.key).fill_null(False)


def _spans_above(rows: Any, engine: LogEngine) -> Any:
    """All spans around rows with tokens."""
    links = engine.store(rows.filter(rows.parent_hash.notnull()).select("span_hash", "parent_hash", "told"))
    level: Any = links
    level = engine.store(level.filter(level.told).select(key=level.parent_hash).distinct())
    around = level
    for _ in range(MAX_TREE_DEPTH):
        above: Any = links
        above = above.filter(_in(above.span_hash, level)).select(key=above.parent_hash).distinct()
        level = engine.store(above.filter(~_in(above.key, around)))
        if not engine.rows(level.aggregate(n=level.count()))[0]["n"]:
            break
        around = engine.store(around.union(level))
    return around


def _without_sums(rows: Any) -> Any:
    """Without the step that holds the tokens of all others of its trace, where no parent tells."""
    chosen = rows.own & rows.trace_hash.notnull() & ~rows.linked
    inputs, outputs = (chosen.ifelse(rows[name].fill_null(0), 0) for name in ("input_tok", "output_tok"))
    by_trace = ibis.window(group_by=[rows.trace_hash, chosen])
    sums = rows.mutate(
        all_input=inputs.sum().over(by_trace),
        all_output=outputs.sum().over(by_trace),
        place=ibis.row_number().over(
            ibis.window(group_by=[rows.trace_hash, chosen], order_by=[ibis.desc(inputs), ibis.desc(outputs)])
        ),
        step_count=rows.count().over(by_trace),
        chosen=chosen,
    )
    is_sum = (
        sums.chosen
        & (sums.place == 0)
        & (sums.step_count > 1)
        & (sums.input_tok.fill_null(0) * 2 >= sums.all_input)
        & (sums.output_tok.fill_null(0) * 2 >= sums.all_output)
    )
    return sums.mutate(own=sums.own & ~is_sum)


def _question(engine: LogEngine, unclear: Any, calls: Any) -> UsageQuestion | None:
    """What to ask of steps that nothing links; None without any, or where they hold just the tokens of all calls."""
    (steps,), (of_calls,) = (
        engine.rows(
            some.aggregate(
                n=some.count(),
                input=some.input_tok.sum().fill_null(0),
                output=some.output_tok.sum().fill_null(0),
            )
        )
        for some in (unclear, calls)
    )
    if not steps["n"] or (steps["input"], steps["output"]) == (of_calls["input"], of_calls["output"]):
        return None
    return steps_question(steps["n"], (steps["input"], steps["output"]))
