"""Real prompts, uploaded or pasted: shared prefixes, the cache breaker and replayed hit rates. No prompt text is shown."""

import hashlib
import time

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from calculators.api.cache_terms import CacheTerms
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.evaluate import Evaluation
from calculators.logs.prompt_log import parse_prompts
from calculators.prompts.hit_rates import Hits, Setting, api_setting, own_setting, prompt_hits
from calculators.prompts.order import Block, FleetCache
from calculators.prompts.report import breakers, seller_doubt, unknowns
from calculators.prompts.scan import PromptScan, scan_prompts, sorted_blocks
from calculators.prompts.seller_rules import duration
from calculators.prompts.tokenizer import ABOUT
from calculators.units import count, percent, plural
from pages.shared.components.prompt_worth import worth_table
from pages.shared.figures.prompts import parts_chart
from pages.shared.state import escape

MAX_MB = 20
MAX_PASTED_CHARS = 500_000
KEY, READ, HITS, TAB = "prompt_scan", "prompt_read", "prompt_hits", "prompt_tab"
state = st.session_state


def prompt_upload(result: Evaluation, api: CacheTerms, own: FleetCache | None, headline: DeltaGenerator) -> None:
    """The uploader and its results; the headline goes into `headline`. An unreadable file changes nothing."""
    left, right = st.columns(2, gap="large")
    file = left.file_uploader(
        "Upload a request log",
        type=["jsonl", "json", "ndjson", "txt", "gz"],
        key="prompts_file",
        max_upload_size=MAX_MB,
        help=help_text("prompts file"),
    )
    text = right.text_area(
        "Or paste prompts, separated by a line of ---",
        key="prompts_text",
        height=120,
        max_chars=MAX_PASTED_CHARS,
        help=help_text("prompts file"),
    )
    try:
        if file is not None:
            _read(bytes(file.getbuffer()), file.name, file.file_id)
        elif text.strip():
            content = text.encode("utf-8", "replace")
            _read(content, "pasted prompts", hashlib.sha256(content).hexdigest())
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        st.caption("The results below are unchanged.")
    scan: PromptScan | None = state.get(KEY)
    if scan is None:
        headline.subheader("Upload or paste real prompts to see which prefixes they share and what breaks the cache")
        st.caption(
            "Two requests or more. Only lengths, positions and kinds of change (such as a timestamp) are shown, never prompt text."
        )
        return
    _show(scan, result, api, own, headline)


def _read(content: bytes, name: str, id: str) -> None:
    """Scans an upload once; a progress bar appears after one second."""
    if state.get(READ) == id:
        return
    place, start = st.empty(), time.monotonic()

    def progress(share: float, what: str) -> None:
        if time.monotonic() - start > 1:
            place.progress(min(max(share, 0.0), 1.0), text=what)

    try:
        state[KEY] = scan_prompts(parse_prompts(content, name, progress), progress)
        state[READ], state[HITS] = id, {}
    finally:
        place.empty()


def _hits(scan: PromptScan, setting: Setting) -> tuple[Hits, Hits]:
    """Hit rates as sent and in the best order, replayed once for each cache setting."""
    known: dict[Setting, tuple[Hits, Hits]] = state[HITS]
    if setting not in known:
        known[setting] = prompt_hits(scan, setting)
    return known[setting]


def _show(
    scan: PromptScan, result: Evaluation, api: CacheTerms, own: FleetCache | None, headline: DeltaGenerator
) -> None:
    """Headline, hit rates by part, blocks, and what the best order is worth."""
    now, best = _hits(scan, api_setting(api))
    gain = f"the API cache hit rate is {percent(now.hit_frac)}" + (
        f", {percent(best.hit_frac)} in the best order" if best.hit_frac > now.hit_frac + 0.005 else ""
    )
    with headline:
        st.subheader(escape(f"In {plural(len(scan.rows), 'request')} of {scan.name}, {gain}."))
        if doubt := seller_doubt(scan, api.provider):
            st.warning(escape(doubt), icon=":material/help:")
        known = breakers(scan, api)
        for words in known:
            st.warning(escape(words), icon=":material/content_cut:")
        if not known:
            st.success("No part of the prompt breaks the cache for the parts after it.", icon=":material/check:")
        st.plotly_chart(parts_chart(now, best), alt=f"By part of the prompt: {gain}.", key="prompt_parts")
    _blocks(scan)
    own_rates = None
    if own is not None:
        setting = own_setting(own.block_tok, own.capacity_tok, own.replicas, own.by_prefix)
        sides = _hits(scan, setting)
        own_rates = (sides[0].hit_frac, sides[1].hit_frac)
    ttl = duration(api.cache.kept_s) if scan.timed else "unlimited (no timestamps)"
    worth_table(
        result,
        ((now.hit_frac, best.hit_frac), ttl),
        (own_rates, "until full") if own_rates else None,
        "use_log_rates",
    )
    _notes(scan, api, own)


def _blocks(scan: PromptScan) -> None:
    st.markdown("**Average prompt, as sent**")
    rows = [{"Block": b.name, "Tokens": round(b.tok), "Changes": b.changes} for b in scan.blocks]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Block": st.column_config.TextColumn(width="medium")},
    )
    left, right, _ = st.columns([2, 2, 3])
    left.button(
        "Edit these blocks",
        icon=":material/edit_note:",
        on_click=_take,
        args=(scan,),
        help="Copies the blocks, sessions and tenants of the log to “Describe the prompt”. Tools that only change order count as sorted.",
    )
    right.button("Delete these prompts", icon=":material/delete:", on_click=_forget)


def _take(scan: PromptScan) -> None:
    state["prompt_blocks"] = plain(sorted_blocks(scan))
    state["prompt_round"] = state.get("prompt_round", 0) + 1
    state.pop("prompt_now", None)
    state[TAB] = "Describe the prompt"
    state["prompt_tenants"] = max(scan.groups_count, 1)
    state["prompt_session"] = min(max(scan.requests_per_session, 1.0), 10_000.0)
    if scan.session_gap_s is not None:
        state["prompt_gap"] = min(max(scan.session_gap_s, 0.1), 86_400.0)


def plain(blocks: tuple[Block, ...] | list[Block]) -> list[tuple[str, float, str]]:
    """Blocks as plain values that survive a reload."""
    return [(block.name, round(block.tok, 1), block.changes) for block in blocks]


def _forget() -> None:
    """Deletes the scan and pasted text; an uploaded file has its own delete button."""
    state.pop(KEY, None)
    state.pop(HITS, None)
    if state.get("prompts_file") is None:  # pasted ones may be pasted again
        state.pop(READ, None)
    state["prompts_text"] = ""


def _notes(scan: PromptScan, api: CacheTerms, own: FleetCache | None) -> None:
    words = [*scan.notes, *unknowns(scan, api)]
    if own is not None:
        words.append(
            f"Self-hosted: {plural(own.replicas, 'replica')} with room for {count(own.capacity_tok)} tokens each; the log is "
            "replayed at its own rate, so more traffic lowers the hit rate."
        )
    words.append(f"Tokens are counted with {ABOUT}; chat templates add some.")
    words.append("“Never” means not within this log; a release may still change it.")
    st.caption(escape(" ".join(words)))
