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
    amounts = _amounts(rows)
    lengths = {f"{side}_p95": rows[f"{side}_tok"].approx_quantile(_P95) for side in ("input", "output")}
    grouped = rows.group_by(group).aggregate(**amounts, **(lengths if group == "model" else {}))  # of each costs time
    order = (ibis.desc(grouped.input + grouped.output), group)
    records = engine.rows(grouped.order_by(*order).limit(MAX_SHARES + 1))
    if all(record[group] is None for record in records):
        return ()
    shares = [_share(record, record[group] or UNNAMED, known) for record in records[:MAX_SHARES]]
    if len(records) > MAX_SHARES:
        values = [record[group] for record in records[:MAX_SHARES]]
        rest = rows.filter(~rows[group].fill_null("").isin([value or "" for value in values]))
        shares.append(_share(engine.rows(rest.aggregate(**_amounts(rest)))[0], OTHERS, known))
    return tuple(shares)


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
