"""What a scan of real prompts found, as plain values and as lines of text. Lengths, kinds and places; never what they say."""

from typing import Any

from calculators.api.cache_terms import CacheTerms, cache_terms
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.logs.prompt_log import PromptLog, most_used
from calculators.prompts.hit_rates import Hits, Setting, api_setting, prompt_hits
from calculators.prompts.scan import PromptScan
from calculators.prompts.tokenizer import ABOUT
from calculators.units import percent

MAKERS = {"claude": "anthropic", "gpt": "openai", "gemini": "google", "deepseek": "deepseek", "grok": "x-ai"}
"""Whose models are named so."""


def maker_of(model: str) -> str | None:
    """Who makes the model of a log; None: its name does not say."""
    return next((provider for word, provider in MAKERS.items() if word in model.lower()), None)


def cache_seller(provider: str | None, model: str | None, log: PromptLog, catalog: Catalog) -> CacheTerms:
    """The rules of a known seller, for the model named or else the one most prompts of the log went to. `provider` None:
    the maker of that model, or OpenAI where its name does not say."""
    name = model if model is not None else most_used(log)
    chosen = provider or maker_of(name) or "openai"
    if chosen not in catalog.rules:
        raise DataError(f"--provider: no rules for {chosen[:40]!r}; give one of {', '.join(catalog.rules)}")
    return cache_terms(chosen, name, catalog)


def scan_report(scan: PromptScan, api: CacheTerms, own: Setting) -> dict[str, Any]:
    """Everything that is shown, by name."""
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
    """Everything that is known to kill the cache, what matters most first."""
    first, *later = [breaker.sentence for breaker in scan.breakers] or [""]
    mended = [f"once that is mended, {words[:1].lower()}{words[1:]}" for words in later]
    found = [*edits(scan), *([first] if first else []), *mended]
    if api.breakpoints_count and not scan.marked:
        found.insert(
            0,
            f"no request sets a cache mark, and {api.provider} finds nothing without one: what is said below is with marks",
        )
    return found


def seller_doubt(scan: PromptScan, provider: str) -> str:
    """Where the log's model is another's than the seller whose rules are applied; empty: it is not, or nobody can tell."""
    maker = maker_of(scan.model)
    if maker is None or maker == provider:
        return ""
    return f"these requests went to {scan.model[:60]}, but the rules and prices here are those of {provider}: change today's API on Candidates"


def edits(scan: PromptScan) -> list[str]:
    """What else kills the cache: conversations that do not go on with all that was said."""
    if not scan.edited_frac:
        return []
    return [
        f"in {percent(scan.edited_frac)} of requests the history was cut or edited: nothing behind the cut is found"
    ]


def unknowns(scan: PromptScan, api: CacheTerms) -> list[str]:
    """What the log or the seller does not say, and what was done about it."""
    found = [f"{api.provider} does not publish all its cache rules: {gap} assumed" for gap in api.assumed_rules]
    if not scan.timed:
        found.append("the log has no times: every prefix is taken to be still kept, so the API may find less")
    if scan.sessions_count == len(scan.rows):
        found.append("no request continues another: sessions are unknown")
    return found


def _side(found: tuple[Hits, Hits]) -> dict[str, Any]:
    now, best = found
    return {
        "step_tok": now.step_tok,
        "hit_frac": now.hit_frac,
        "best_order_hit_frac": best.hit_frac,
        "parts": [{"part": p.part, "tok": p.tok, "hit_tok": p.hit_tok} for p in now.parts],
        "best_order_parts": [{"part": p.part, "tok": p.tok, "hit_tok": p.hit_tok} for p in best.parts],
    }


def scan_text(name: str, scan: PromptScan, plain: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{name}: {len(scan.rows):,} requests, {scan.input_tok:,} input tokens ({ABOUT})"]
    lines += [f"  {b['name']:48} {b['tok']:10,.1f} tokens  changes: {b['changes']}" for b in plain["blocks"]]
    said = plain["breakers"]
    lines += [f"{words[:1].upper()}{words[1:]}." for words in said] or [
        "Nothing in front spoils what stands behind it."
    ]
    for side, words in (("api", f"API ({plain['api']['provider']})"), ("own", "Own GPUs")):
        now, best = plain[side]["hit_frac"], plain[side]["best_order_hit_frac"]
        lines.append(f"{words}: {percent(now)} of input tokens found cached today, {percent(best)} in the best order")
    return "\n".join([*lines, *(f"Note: {note}." for note in plain["notes"])])
