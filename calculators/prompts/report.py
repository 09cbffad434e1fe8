"""Results of a prompt scan as plain values and as text: lengths, kinds and positions, never prompt text."""

from typing import Any

from calculators.api.cache_terms import CacheTerms, cache_terms
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.logs.prompt_log import PromptLog, most_used
from calculators.prompts.hit_rates import Hits, Setting, api_setting, prompt_hits
from calculators.prompts.scan import PromptScan
from calculators.prompts.tokenizer import ABOUT
from calculators.units import count, percent, plural

MAKERS = {"claude": "anthropic", "gpt": "openai", "gemini": "google", "deepseek": "deepseek", "grok": "x-ai"}
"""Maker of a model by a word in its name."""


def maker_of(model: str) -> str | None:
    """Maker of a model, by its name; None if the name does not say."""
    return next((provider for word, provider in MAKERS.items() if word in model.lower()), None)


def cache_seller(provider: str | None, model: str | None, log: PromptLog, catalog: Catalog) -> CacheTerms:
    """Cache terms of a seller for `model`, or for the most used model of the log. `provider` None: the maker of that model,
    or OpenAI if its name does not say. Raises DataError for a seller without rules."""
    name = model if model is not None else most_used(log)
    chosen = provider or maker_of(name) or "openai"
    if chosen not in catalog.rules:
        raise DataError(f"--provider: no cache rules for {chosen[:40]!r}. Choose one of {', '.join(catalog.rules)}.")
    return cache_terms(chosen, name, catalog)


def scan_report(scan: PromptScan, api: CacheTerms, own: Setting) -> dict[str, Any]:
    """Results of a scan as plain values, by name: the JSON of `prompt-scan`."""
    breaker = scan.breaker
    return {
        "requests_count": len(scan.rows),
        "input_tok": scan.input_tok,
        "tokenizer": ABOUT,
        "sessions_count": scan.sessions_count,
        "requests_per_session": scan.requests_per_session,
        "session_gap_s": scan.session_gap_s,
        "has_times": scan.timed,
        "history_edited_frac": scan.edited_frac,
        "notes": [*scan.notes, *unknowns(scan, api)],
        "breakers": breakers(scan, api),
        "blocks": [{"name": b.name, "tok": b.tok, "changes": b.changes} for b in scan.blocks],
        "breaker": None
        if breaker is None
        else {
            "part": breaker.part,
            "what": breaker.what,
            "changes": breaker.changes,
            "at_tok": breaker.at_tok,
            "requests_frac": breaker.requests_frac,
            "lost_frac": breaker.lost_frac,
        },
        "api": {"provider": api.provider, **_side(prompt_hits(scan, api_setting(api)))},
        "own": _side(prompt_hits(scan, own)),
    }


def breakers(scan: PromptScan, api: CacheTerms) -> list[str]:
    """Sentences on everything that breaks the cache, most important first."""
    first, *later = [breaker.sentence for breaker in scan.breakers] or [""]
    fixed = [f"Once that is fixed: {sentence[:1].lower()}{sentence[1:]}" for sentence in later]
    unmarked = (
        [
            f"No request sets a cache mark, and {api.provider} caches nothing without one. The results below assume marks."
        ]
        if api.breakpoints_count and not scan.marked
        else []
    )
    return [*unmarked, *edits(scan), *([first] if first else []), *fixed]


def seller_doubt(scan: PromptScan, provider: str) -> str:
    """Warning where the log's model has another maker than the seller whose rules are applied; empty if not, or unknown."""
    maker = maker_of(scan.model)
    if maker is None or maker == provider:
        return ""
    return f"These requests went to {scan.model[:60]}, but the rules and prices here are those of {provider}. Change the current API on the Candidates page."


def edits(scan: PromptScan) -> list[str]:
    """Sentence on conversations whose history was cut or edited, which breaks the cache from the cut on."""
    if not scan.edited_frac:
        return []
    return [
        f"In {percent(scan.edited_frac)} of requests the history was cut or edited: nothing after the cut is cached."
    ]


def unknowns(scan: PromptScan, api: CacheTerms) -> list[str]:
    """Sentences on what the log or the seller does not say, and what is assumed instead."""
    notes = [f"{api.provider} does not publish all its cache rules. Assumed: {rule}." for rule in api.assumed_rules]
    if not scan.timed:
        notes.append(
            "The log has no timestamps: prefixes are assumed never to expire, so the real API hit rate may be lower."
        )
    if scan.sessions_count == len(scan.rows):
        notes.append("No request continues another: sessions are unknown.")
    return notes


def _side(hits: tuple[Hits, Hits]) -> dict[str, Any]:
    now, best = hits
    return {
        "step_tok": now.step_tok,
        "hit_frac": now.hit_frac,
        "best_order_hit_frac": best.hit_frac,
        "parts": [{"part": p.part, "tok": p.tok, "hit_tok": p.hit_tok} for p in now.parts],
        "best_order_parts": [{"part": p.part, "tok": p.tok, "hit_tok": p.hit_tok} for p in best.parts],
    }


def scan_text(name: str, scan: PromptScan, plain: dict[str, Any]) -> str:
    """Results of a scan as lines of text, for the terminal."""
    lines = [f"{name}: {plural(len(scan.rows), 'request')}, {count(scan.input_tok)} input tokens ({ABOUT})"]
    lines += [f"  {b['name']:48} {count(b['tok']):>8} tokens  changes: {b['changes']}" for b in plain["blocks"]]
    lines += plain["breakers"] or ["No part of the prompt breaks the cache for the parts after it."]
    for side, words in (("api", f"API ({plain['api']['provider']})"), ("own", "Self-hosted")):
        now, best = plain[side]["hit_frac"], plain[side]["best_order_hit_frac"]
        lines.append(f"{words}: cache hit rate {percent(now)} today, {percent(best)} in the best order")
    return "\n".join([*lines, *(f"Note: {note}" for note in plain["notes"])])
