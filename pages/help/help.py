"""How to read the result, the method with its equations, and the glossary."""

from itertools import groupby

import streamlit as st

from calculators.catalog.glossary import Term, expanded, glossary
from calculators.catalog.load import ROOT
from pages.shared.state import escape

GROUPS = {
    "traffic": "Traffic",
    "latency": "Latency and reliability",
    "cost": "Cost",
    "decision": "Decision",
    "fleet": "GPUs and fleets",
    "model": "Models and precision",
    "techniques": "Serving techniques",
    "prompts": "Prompts and caches",
    "serving": "Serving engines",
    "compliance": "Compliance",
}


def text_of(name: str) -> str:
    """A text of the docs folder without its title, headings one level down."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8").partition("\n")[2].replace("\n## ", "\n### ")


def entry(term: Term) -> str:
    """One term as a paragraph of Markdown: name, definition, unit, how to get it, effect, source."""
    name = expanded(term.abbreviation) if term.abbreviation else term.term[0].upper() + term.term[1:]
    source = glossary().sources[term.source]
    link = f" Source: [{escape(source.title)}]({source.url}), {source.accessed}." if source.url else ""
    labelled = (("Unit", term.unit), ("How to get it", term.get), ("Effect", term.effect))
    more = " ".join(f"*{label}:* {escape(text).rstrip('.')}." for label, text in labelled if text)
    return f"**{escape(name)}.** {escape(term.definition)} {more}{link}"


def matches(term: Term, words: str) -> bool:
    text = " ".join(filter(None, (*term.names, term.definition, term.get, term.effect))).lower()
    return all(word in text for word in words.lower().split())


reading, method, terms = st.tabs(["How to read the result", "Method", "Glossary"])
reading.markdown(text_of("how_to_read.md"))
method.markdown(text_of("method.md"))
with terms:
    wanted = st.text_input(
        "Search the glossary",
        key="glossary_search",
        placeholder="TTFT, break-even, KV cache ...",
        help="Shows the terms whose name or text contains every word.",
    )
    chosen = [term for term in glossary().terms if matches(term, wanted or "")]
    st.caption(f"{len(chosen)} of {len(glossary().terms)} terms. Terms without a source are our own definitions.")
    for group, members in groupby(chosen, key=lambda term: term.group):
        st.subheader(GROUPS[group])
        st.markdown("\n\n".join(entry(term) for term in members))
