"""Real prompts, dropped or pasted: shared prefixes found, the breaker named, hit rates replayed. Nothing said in them is shown."""

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
from calculators.prompts.order import Block
from calculators.prompts.report import breakers, seller_doubt, unknowns
from calculators.prompts.scan import PromptScan, scan_prompts, sorted_blocks
from calculators.prompts.tokenizer import ABOUT
from calculators.units import percent
from pages.shared.prompt_figures import parts_chart
from pages.shared.prompt_worth import Own, worth
from pages.shared.state import escape

MAX_MB = 20
MAX_PASTED_CHARS = 500_000
KEY, READ, HITS, TAB = "prompt_scan", "prompt_read", "prompt_hits", "prompt_tab"
state = st.session_state


def prompt_upload(result: Evaluation, api: CacheTerms, own: Own | None, headline: DeltaGenerator) -> None:
    """The uploader with everything that may follow it; the finding stands in `headline`. What cannot be read changes
    nothing."""
    left, right = st.columns(2, gap="large")
    file = left.file_uploader(
        "Drop a request log",
        type=["jsonl", "json", "ndjson", "txt", "gz"],
        key="prompts_file",
        max_upload_size=MAX_MB,
        help=help_text("prompts file"),
    )
    text = right.text_area(
        "Or paste prompts, with a line of --- between",
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
        st.caption("What stands below is unchanged.")
    found: PromptScan | None = state.get(KEY)
    if found is None:
        headline.subheader("Drop or paste real prompts to see what they share, and what keeps it from being cached")
        st.caption(
            "At least two requests. Shown are lengths, places and kinds of change, such as a time stamp, never what a prompt says."
        )
        return
    _show(found, result, api, own, headline)


def _read(content: bytes, name: str, id: str) -> None:
    """Once for each upload; a bar shows when it takes longer than a second."""
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


def _hits(found: PromptScan, setting: Setting) -> tuple[Hits, Hits]:
    """Replayed once for each setting, while these prompts are there."""
    known: dict[Setting, tuple[Hits, Hits]] = state[HITS]
    if setting not in known:
        known[setting] = prompt_hits(found, setting)
    return known[setting]


def _show(found: PromptScan, result: Evaluation, api: CacheTerms, own: Own | None, headline: DeltaGenerator) -> None:
    """The finding, what is found of each part, the blocks, and what it is worth."""
    now, best = _hits(found, api_setting(api))
    gain = f"the API finds {percent(now.hit_frac)} of the input cached" + (
        f", {percent(best.hit_frac)} in the best order" if best.hit_frac > now.hit_frac + 0.005 else ""
    )
    with headline:
        st.subheader(escape(f"In {len(found.rows):,} requests of {found.name}, {gain}."))
        if doubt := seller_doubt(found, api.provider):
            st.warning(escape(f"{doubt[:1].upper()}{doubt[1:]}."), icon=":material/help:")
        known = breakers(found, api)
        for words in known:
            st.warning(escape(f"{words[:1].upper()}{words[1:]}."), icon=":material/content_cut:")
        if not known:
            st.success("Nothing in front spoils what stands behind it.", icon=":material/check:")
        st.plotly_chart(parts_chart(now, best), alt=f"By part of the prompt: {gain}.", key="prompt_parts")
    _blocks(found)
    pair = None
    if own is not None:
        setting = own_setting(own.block_tok, own.capacity_tok, own.replicas, own.by_prefix)
        sides = _hits(found, setting)
        pair = (sides[0].hit_frac, sides[1].hit_frac)
    kept = f"{api.cache.kept_s / 60:.0f} min" if found.timed else "always, no times"
    worth(result, (now.hit_frac, best.hit_frac), kept, pair, "until full", "use_log_rates")
    _notes(found, api, own)


def _blocks(found: PromptScan) -> None:
    st.markdown("**The prompt as it is sent, on average**")
    rows = [{"Block": b.name, "Tokens": round(b.tok), "Changes": b.changes} for b in found.blocks]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Block": st.column_config.TextColumn(width="medium")},
    )
    left, right, _ = st.columns([2, 2, 3])
    left.button(
        "Take these blocks",
        icon=":material/edit_note:",
        on_click=_take,
        args=(found,),
        help="Into the table of “Describe it”, with the log's sessions and groups; tools that only come in another order as if sorted.",
    )
    right.button("Forget these prompts", icon=":material/delete:", on_click=_forget)


def _take(found: PromptScan) -> None:
    state["prompt_blocks"] = plain(sorted_blocks(found))
    state["prompt_round"] = state.get("prompt_round", 0) + 1
    state.pop("prompt_now", None)
    state[TAB] = "Describe it"
    state["prompt_tenants"] = max(found.groups_count, 1)
    state["prompt_session"] = min(max(found.requests_per_session, 1.0), 10_000.0)
    if found.session_gap_s is not None:
        state["prompt_gap"] = min(max(found.session_gap_s, 0.1), 86_400.0)


def plain(blocks: tuple[Block, ...] | list[Block]) -> list[tuple[str, float, str]]:
    """Blocks as values that survive a reload."""
    return [(block.name, round(block.tok, 1), block.changes) for block in blocks]


def _forget() -> None:
    """The scan, and the text it came from; an uploaded file is left to its own cross."""
    state.pop(KEY, None)
    state.pop(HITS, None)
    if state.get("prompts_file") is None:  # pasted ones may be pasted again
        state.pop(READ, None)
    state["prompts_text"] = ""


def _notes(found: PromptScan, api: CacheTerms, own: Own | None) -> None:
    words = [*found.notes, *unknowns(found, api)]
    if own is not None:
        words.append(
            f"own servers: {own.replicas} replicas with room for {own.capacity_tok:,.0f} tokens each, the log replayed at its own "
            "rate, so more traffic finds less"
        )
    words.append(f"tokens are counted with {ABOUT}; templates add some")
    words.append("never: not in this log; a release may still change it")
    st.caption(escape(". ".join(word[:1].upper() + word[1:] for word in words) + "."))
