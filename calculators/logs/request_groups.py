"""Requests by model, team, key and so on: what each was used for, and the rows of some of them alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs.log_engine import LogEngine
from calculators.logs.money import usd_or_none
from calculators.logs.request_file import LogError
from calculators.logs.request_names import GROUP_ROLES
from calculators.logs.request_rows import ROW_COLUMNS
from calculators.logs.request_statistics import percentile
from calculators.logs.usage_share import (
    MAX_SHARE_CHARS,
    MAX_SHARES,
    OTHERS,
    UNNAMED,
    UsageShare,
    named_values,
)
from calculators.units import listed, printable

_P95 = 0.95


def one_table(tables: Sequence[Any]) -> ir.Table:
    """The tables of all files as one; a file that lacks a group of another has NULL there."""
    groups = dict.fromkeys(name for table in tables for name in groups_of(table) if name not in ROW_COLUMNS)
    lacking = [{group: ibis.null("string") for group in groups if group not in table.columns} for table in tables]
    plain = [
        table.mutate(**nulls).select(*ROW_COLUMNS, *groups, "file")
        for table, nulls in zip(tables, lacking, strict=True)
    ]
    joined: ir.Table = ibis.union(*plain) if len(plain) > 1 else tables[0]
    return joined


def groups_of(table: ir.Table) -> list[str]:
    """By what the rows can be split: the model, and the groups of which there is a column."""
    return ["model", *(group for group in GROUP_ROLES if group in table.columns)]


def request_shares(engine: LogEngine, table: ir.Table, group: str, known: set[str]) -> tuple[UsageShare, ...]:
    """Requests, tokens, lengths and spend by value, the most tokens first; rows without one as "unknown". Empty when no row
    has one. `known`: roles that a column plays."""
    rows: Any = table
    grouped = rows.group_by(group).aggregate(**_amounts(rows))
    order = (ibis.desc(grouped.input + grouped.output), group)
    records = engine.rows(grouped.order_by(*order).limit(MAX_SHARES + 1))
    if all(record[group] is None for record in records):
        return ()
    values = [record[group] for record in records[:MAX_SHARES]]
    p95s = _p95s(engine, rows, values) if group == "model" else {}  # of each group costs time
    shares = [
        _share(record | p95s.get(record[group], {}), record[group] or UNNAMED, known) for record in records[:MAX_SHARES]
    ]
    if len(records) > MAX_SHARES:
        rest = rows.filter(~rows[group].fill_null("").isin([value or "" for value in values]))
        shares.append(_share(engine.rows(rest.aggregate(**_amounts(rest)))[0], OTHERS, known))
    return tuple(shares)


def _p95s(engine: LogEngine, rows: Any, models: Sequence[str | None]) -> dict[str | None, dict[str, float]]:
    """By model the 95th percentiles of input and output, exact: from how often each length occurs."""
    p95s: dict[str | None, dict[str, float]] = {model: {} for model in models}
    place = ibis.cases(*((rows.model == model, at) for at, model in enumerate(models) if model is not None), else_=-1)
    if None in p95s:
        place = rows.model.isnull().ifelse(models.index(None), place)
    for side in ("input", "output"):
        placed: Any = rows.select(place=place, value=rows[f"{side}_tok"])
        grouped = placed.group_by("place", "value").aggregate(n=placed.count())
        columns = engine.columns(grouped.order_by("place", "value"))
        for at, model in enumerate(models):
            chosen = columns["place"] == at
            p95s[model][f"{side}_p95"] = percentile(columns["value"][chosen], columns["n"][chosen], _P95)
    return p95s


def _amounts(rows: Any) -> dict[str, Any]:
    return {
        "n": rows.count(),
        "input": rows.input_tok.sum(),
        "read": rows.read_tok.sum(),
        "write": rows.write_tok.sum(),
        "output": rows.output_tok.sum(),
        "spend": rows.spend_usd.sum(),
    }


def _share(record: Mapping[str, Any], value: str, known: set[str]) -> UsageShare:
    p95s = [record.get(name) for name in ("input_p95", "output_p95")]
    return UsageShare(
        value=printable(value, MAX_SHARE_CHARS),
        requests=record["n"],
        input_tok=int(record["input"]),
        cache_read_tok=int(record["read"]) if "cache_read" in known else None,
        cache_write_tok=int(record["write"]) if "cache_write" in known else None,
        output_tok=int(record["output"]),
        spend_usd=usd_or_none(record["spend"]),
        input_p95_tok=None if p95s[0] is None else float(round(p95s[0])),
        output_p95_tok=None if p95s[1] is None else float(round(p95s[1])),
    )


def only_rows(engine: LogEngine, table: ir.Table, only: Mapping[str, Sequence[str]], label: str) -> ir.Table:
    """The rows of these values of each group alone. Raises LogError for a group that the log does not have, or a value that
    no row has, naming those there are."""
    groups = groups_of(table)
    rows: Any = table
    for group, values in only.items():
        if group not in groups:
            raise LogError(f"{label} has no column for {group}; it can be split by {listed(groups)}.")
        kept = rows.filter(rows[group].fill_null(UNNAMED).isin(list(values)))
        if not engine.rows(kept.aggregate(n=kept.count()))[0]["n"]:
            known = named_values(request_shares(engine, rows, group, set()))
            raise LogError(f"{label} has no request with {only_text({group: values})}; there are: {known or 'none'}.")
        rows = kept
    filtered: ir.Table = rows
    return filtered


def only_text(only: Mapping[str, Sequence[str]]) -> str:
    """What is kept of a file: "team checkout or search, model gpt-4o"."""
    shown = {
        group: listed([printable(value, MAX_SHARE_CHARS) for value in values], "or") for group, values in only.items()
    }
    return ", ".join(f"{group} {values}" for group, values in shown.items())
