"""A decision record as one page: the same sections for Markdown, HTML and the screen."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from calculators.report.decision_record import DecisionRecord, premium_words, visible
from calculators.units import usd


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    paragraphs: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(record: DecisionRecord) -> list[Section]:
    """The page in its order; the same for Markdown, HTML and the screen."""
    r = record
    options = tuple(
        (o.label, usd(o.usd_per_month), _span(o.low_usd_per_month, o.high_usd_per_month)) for o in r.options
    )
    signals = tuple((s.name, s.status, s.value, f"{s.threshold} ({s.source})", f"{s.why} {s.when}") for s in r.signals)
    flips = tuple((f.what, f.now, f.flips_at) for f in r.flips)
    assumptions = tuple((a.what, a.value, a.basis, a.source, str(a.as_of or "")) for a in r.assumptions)
    return [
        Section("Decision", (r.choice, f"How sure: {r.sureness.replace('_', ' ')}.", r.reason, f"Today: {r.today}.")),
        Section("Options considered", (), ("Option", "USD a month", "Range"), options),
        Section("Signals", (), ("Signal", "Status", "Value", "Fires", "Why, and when"), signals),
        _compliance(r),
        Section("What would flip it", () if flips else ("Nothing within reach.",), ("Input", "Now", "Flips at"), flips),
        Section("Assumptions", (), ("What", "Value", "Basis", "Source", "As of"), assumptions),
        Section("Taken on trust", r.trust or ("Nothing beyond the assumptions.",)),
        Section("Dissent", tuple(r.dissent.split("\n")) if r.dissent else ("None was recorded.",)),
        Section("Look again", (r.review,)),
    ]


def _compliance(r: DecisionRecord) -> Section:
    c = r.compliance
    if not c.requirements:
        return Section("Compliance", ("No requirement was stated.",))
    words = (
        f"Requirements: {', '.join(c.requirements)}.",
        f"Paths: {c.allowed_count} allowed, {c.ask_count} to ask, {c.blocked_count} blocked. Premium: {premium_words(r)}.",
    )
    rows = [
        (status, path)
        for status, paths in (("Allowed", c.survivors), ("To ask", c.to_ask), ("Blocked", c.blocked))
        for path in paths
    ]
    return Section("Compliance", (*words, *c.relaxations), ("Status", "Path, price and why"), tuple(rows))


def _span(low: float, high: float | None) -> str:
    if high is None:
        return f"{usd(low)} to no fleet at all"
    return "" if high - low < 0.5 else f"{usd(low)} to {usd(high)}"


def _foot(record: DecisionRecord) -> str:
    return f"Made on {record.made_on} with prices and profiles {record.digest}. Not legal advice."


def to_markdown(record: DecisionRecord) -> str:
    parts = [f"# {_md(record.name)}: decision of {record.made_on}"]
    for section in sections(record):
        parts.append(f"## {section.title}")
        parts += [_md(p) for p in section.paragraphs if p]
        if section.rows:
            lines = [_md_row(section.header), "|" + "---|" * len(section.header), *map(_md_row, section.rows)]
            parts.append("\n".join(lines))
    return "\n\n".join([*parts, _md(_foot(record))]) + "\n"


def _md(text: str) -> str:
    """Text as it is; an address gets an invisible character, for it is found after escapes are gone."""
    text = " ".join(visible(text).split())
    for char in "\\`*_{}[]<>#|$~":
        text = text.replace(char, "\\" + char)
    text = re.sub(r"^(\d*)([-=+.)])", r"\1\\\2", text)
    return re.sub(r"(://|@|\bwww(?=\.))", "\\1\u2060", text, flags=re.IGNORECASE)


def _md_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_md(cell) for cell in cells) + " |"


STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;
border-bottom:1px solid #ddd}p{margin:.4rem 0}section:first-of-type p:first-of-type{font-size:1.15rem;font-weight:600}
@media print{body{margin:0;max-width:none;font-size:11px}h2,tr{break-inside:avoid}}"""


def to_html(record: DecisionRecord) -> str:
    """A page of its own, to print: no script, nothing fetched, every value escaped."""
    body = "".join(_html_section(section) for section in sections(record))
    title = html.escape(f"{visible(record.name)}: decision of {record.made_on}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}<p>{html.escape(_foot(record))}</p></body></html>\n"
    )


def _html_section(section: Section) -> str:
    paragraphs = "".join(f"<p>{html.escape(visible(p))}</p>" for p in section.paragraphs if p)
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in section.header)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(visible(c))}</td>" for c in row) + "</tr>" for row in section.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if section.rows else ""
    return f"<section><h2>{html.escape(section.title)}</h2>{paragraphs}{table}</section>"
