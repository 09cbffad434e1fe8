"""A decision record as one page: the same sections for Markdown, HTML and the screen."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from calculators.compliance.assessment_text import counts_words
from calculators.decision.verdict_text import CONFIDENCE, NO_VERDICT
from calculators.report.decision_record import DecisionRecord, visible
from calculators.report.record_changes import RECORD_STATUS, premium_words
from calculators.units import usd, usd_range

CONFIDENCE_OF: dict[str, str] = {code: words.lower() for code, words in CONFIDENCE.items()}


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the page: paragraphs, then a table."""

    title: str
    paragraphs: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(record: DecisionRecord) -> list[Section]:
    """The page in its order; the same for Markdown, HTML and the screen."""
    return [
        _decision(record),
        _options(record),
        _signals(record),
        _compliance(record),
        _sensitivity(record),
        _assumptions(record),
        Section("Key assumptions", record.trust or ("None beyond the inputs and prices above.",)),
        Section("Dissenting views", tuple(record.dissent.split("\n")) if record.dissent else ("None recorded.",)),
        Section("Next review", (record.review,)),
    ]


def _decision(record: DecisionRecord) -> Section:
    sureness = CONFIDENCE_OF.get(record.sureness, record.sureness.replace("_", " "))
    if record.kind == "cannot_tell":
        sureness = NO_VERDICT.lower()
    is_told = record.confidence and record.kind != "cannot_tell"
    confidence = record.confidence if is_told else f"Confidence: {sureness}."
    paragraphs = (record.choice, confidence, record.reason, record.over_horizon, f"Current API: {record.today}.")
    return Section("Decision", tuple(text for text in paragraphs if text))


def _options(record: DecisionRecord) -> Section:
    rows = tuple(
        (
            f"{o.label} ({o.barred})" if o.barred else o.label,
            f"{usd(o.usd_per_month)}/month",
            usd_range(o.low_usd_per_month, o.high_usd_per_month),
        )
        for o in record.options
    )
    return Section("Options considered", (), ("Option", "Cost", "Range"), rows)


def _signals(record: DecisionRecord) -> Section:
    rows = tuple(
        (
            s.name,
            RECORD_STATUS.get(s.status, s.status).capitalize(),
            s.value,
            f"{s.threshold} ({s.source})",
            f"{s.why} {s.when}",
        )
        for s in record.signals
    )
    header = ("Trigger", "Status", "Value", "Met", "Why and when")
    return Section("Triggers for self-hosting", (), header, rows)


def _sensitivity(record: DecisionRecord) -> Section:
    rows = tuple((f.what, f.now, f.flips_at, f.becomes) for f in record.flips)
    paragraphs = () if rows else ("No single input changes the decision.",)
    return Section(
        "Sensitivity: what would change the decision",
        paragraphs,
        ("Input", "Now", "Changes when it", "Decision then"),
        rows,
    )


def _assumptions(record: DecisionRecord) -> Section:
    rows = tuple((a.what, a.value, a.basis, a.source, str(a.as_of or "")) for a in record.assumptions)
    return Section("Inputs and prices", (), ("Item", "Value", "Basis", "Source", "As of"), rows)


def _compliance(record: DecisionRecord) -> Section:
    c = record.compliance
    if not c.requirements:
        return Section("Compliance", ("No requirements stated.",))
    words = (
        f"Requirements: {'; '.join(c.requirements)}.",
        f"{counts_words(c.allowed_count, c.ask_count, c.blocked_count)}. Compliance premium: {premium_words(record)}.",
    )
    rows = tuple(
        (status, path)
        for status, paths in (("Allowed", c.survivors), ("To ask", c.to_ask), ("Blocked", c.blocked))
        for path in paths
    )
    return Section("Compliance", (*words, *c.relaxations), ("Status", "Operator, price and reason"), rows)


def _foot(record: DecisionRecord) -> str:
    return f"Created on {record.made_on} with data version {record.digest}. Not legal advice."


def to_markdown(record: DecisionRecord) -> str:
    """The record as Markdown."""
    parts = [f"# {_md(record.name)}: decision of {record.made_on}"]
    for section in sections(record):
        parts.append(f"## {section.title}")
        parts += [_md(p) for p in section.paragraphs if p]
        if section.rows:
            lines = [_md_row(section.header), "|" + "---|" * len(section.header), *map(_md_row, section.rows)]
            parts.append("\n".join(lines))
    return "\n\n".join([*parts, _md(_foot(record))]) + "\n"


def _md(text: str) -> str:
    """Text escaped for Markdown. An address also gets an invisible character, because Markdown finds addresses after it
    has removed escapes."""
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
    """The record as one HTML page to print: no script, nothing fetched, every value escaped."""
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
