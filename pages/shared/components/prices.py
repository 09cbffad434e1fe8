"""Tables of the *Prices and profiles* page, each row with source, date and age."""

from collections.abc import Iterable
from datetime import date

import pandas as pd
import streamlit as st

from calculators.catalog.base import Source
from calculators.catalog.glossary import help_text
from calculators.catalog.rent_history import STALE_DAYS
from calculators.report.catalog_view import (
    KV_CACHE_TOK,
    ListedPrice,
    api_prices,
    api_provider_label,
    api_providers,
    estimates,
    hosted_prices,
    model_facts,
    provider_rules,
    rule_models,
    stale_age_days,
)
from calculators.units import count, percent, plural, usd
from pages.shared.state import catalog
from pages.shared.widgets import source_line

FIRST = st.column_config.Column(width=210)
"""For a first column, so that a telephone also shows the second."""


def provenance(source: Source, confidence: str, seen: date | None = None) -> dict[str, object]:
    """Columns with the source of a row, its date and its age where it is stale."""
    day = seen or source.accessed
    age_days = stale_age_days(day, date.today())
    return {
        "As of": day,
        "Stale": f"⚠ {plural(age_days, 'day')}" if age_days else "",
        "Confidence": confidence,
        "Source": source.title,
        "Link": source.url,
    }


def price_table(rows: Iterable[dict[str, object]], **columns: object) -> None:
    """A table of prices or profiles, with how many rows are stale above it."""
    frame = pd.DataFrame(list(rows))
    text = list(frame.select_dtypes(exclude="number"))
    frame[text] = frame[text].fillna("")
    stale_count = int((frame["Stale"] != "").sum())
    st.caption(f"{plural(len(frame), 'row')}, {count(stale_count)} older than {STALE_DAYS} days.")
    link = st.column_config.LinkColumn(display_text="open")
    money = [column for column in frame if "($/" in column]
    numbers = [column for column in frame.select_dtypes("number") if column not in money]
    shown = frame.style.format(usd, subset=money, na_rep="").format(count, subset=numbers, na_rep="")
    st.dataframe(shown, hide_index=True, column_config={"Link": link, **columns}, height=560)


def seller_speed_table() -> None:
    """Published medians of latency and output speed by API seller and model."""
    file = catalog().seller_speeds
    price_table(
        {
            "Model": row.model,
            "Provider": api_provider_label(row.provider, catalog()),
            "TTFT, median (s)": row.ttft_s,
            "TTFT, p95 (s)": row.ttft_p95_s,
            "Output tokens/s": row.output_tok_s,
            "Prompts measured (tokens)": row.prompt_tok,
            **provenance(file.sources[row.source], row.confidence, row.seen),
        }
        for row in file.speeds
    )


def seller_uptime_table() -> None:
    """Published uptime by API seller, and what it promises on the prices used here."""
    file = catalog().seller_speeds
    price_table(
        {
            "Provider": api_provider_label(row.provider, catalog()),
            "Uptime": percent(row.uptime_frac),
            "Worst model": percent(row.worst_model_frac) if row.worst_model_frac is not None else "not published",
            "From": str(row.since or "not stated"),
            "Until": str(row.seen),
            "Promised": _promise_cell(row.provider),
            "Note": row.note or "",
            **provenance(file.sources[row.source], row.confidence, row.seen),
        }
        for row in file.uptimes
    )


def _promise_cell(provider: str) -> str:
    """The uptime that a seller promises on pay as you go."""
    promise = catalog().signal_rules.promise_by_operator.get(provider)
    if promise is None:
        return "not known"
    return "No promise" if promise.uptime_frac is None else percent(promise.uptime_frac)


def gpu_table() -> None:
    """Every GPU profile."""
    price_table(
        {
            "GPU": gpu.name,
            "Memory (GB)": gpu.memory.capacity_gb,
            "Memory bandwidth (GB/s)": gpu.memory.bandwidth_gb_s,
            "BF16, dense (TFLOPS)": gpu.compute.bf16_dense_tflops,
            "FP8, dense (TFLOPS)": gpu.compute.fp8_dense_tflops,
            "FP4, dense (TFLOPS)": gpu.compute.fp4_dense_tflops,
            "Interconnect": gpu.links.kind,
            "Power (W)": gpu.power.tdp_w,
            "Caveats": " ".join(gpu.caveats),
            **provenance(gpu.sources[gpu.compute.source], gpu.compute.confidence),
        }
        for gpu in catalog().gpus.values()
    )


def model_table() -> None:
    """Every open model's size, KV cache and public scores."""
    kv_cache = f"KV cache at {count(KV_CACHE_TOK)} tokens (GB)"
    price_table(
        (
            {
                "Model": facts.model.name,
                "Parameters (billion)": facts.total_params_b,
                "Active (billion)": facts.active_params_b,
                "Layers": facts.model.shape.layers,
                "Attention": facts.model.shape.attention.kind.upper(),
                kv_cache: facts.kv_cache_gb,
                "Released precision": facts.model.published.native_precision.upper(),
                "Context window (tokens)": count(facts.model.published.context_tok),
                "License": facts.model.licence,
                "Public scores": "; ".join(f"{q.benchmark} {q.score:g}" for q in facts.model.quality_hints) or "none",
                "Superseded by": facts.superseded_by,
                "Caveats": " ".join(facts.model.caveats),
                **provenance(facts.model.sources[facts.model.shape.source], facts.model.shape.confidence),
            }
            for facts in model_facts(catalog())
        ),
    )


def _offer_table(prices: Iterable[ListedPrice]) -> None:
    """Today's prices per million tokens, with any tiers for long inputs."""
    price_table(
        {
            "Model": price.model,
            "Provider": price.offer.provider_name,
            "Input ($/Mtok)": price.rates[0].input_usd_per_mtok,
            "Cached input ($/Mtok)": price.rates[0].cache_read_usd_per_mtok,
            "Output ($/Mtok)": price.rates[0].output_usd_per_mtok,
            "Long inputs": price.long_inputs,
            "Model id": price.offer.model,
            **provenance(price.offer.source, price.offer.confidence),
            "Retired on": price.retired_on,
            "Note": price.offer.note or "",
        }
        for price in prices
    )


def api_price_table() -> None:
    """Prices of the models of one provider, to choose."""
    provider = st.selectbox(
        "Provider",
        api_providers(),
        key="view_provider",
        format_func=lambda id: api_provider_label(id, catalog()),
        help=help_text("data table"),
    )
    st.caption("Today's prices. Announced price changes apply from their date.")
    _offer_table(api_prices(provider, date.today(), catalog()))


def hosted_price_table() -> None:
    """Prices of every hosted open model."""
    _offer_table(hosted_prices(date.today(), catalog()))


def estimate_table() -> None:
    """Every rule of thumb for the cost of self-hosting."""
    price_table(
        {
            "Estimate": row.name,
            "Low": row.low,
            "Central": row.central,
            "High": row.high,
            "Unit": row.value.unit,
            "Definition": row.value.what,
            "By source": row.by_source,
            **provenance(catalog().ownership.sources[row.value.source], row.value.confidence),
        }
        for row in estimates(catalog())
    )


def provider_rule_table() -> None:
    """Every provider's rules for the prompt cache and the batch API, and its SLA."""
    known = catalog()
    price_table(
        (
            {
                "Provider": api_provider_label(rule.provider, known),
                "Models": rule_models(rule, variant),
                "Cache minimum (tokens)": _or_empty(variant.min_tok if variant else rule.cache_min_tok),
                "Cache TTL (s)": _or_empty(variant.ttl_s if variant else rule.cache_ttl_s),
                "Cache block (tokens)": _or_empty(variant.step_tok if variant else rule.cache_step_tok),
                "Cache breakpoints (max)": _or_empty(variant.breakpoints_count if variant else None),
                "Batch discount": percent(rule.batch_discount_frac) if rule.batch_discount_frac is not None else "",
                "Uptime SLA": percent(rule.sla_uptime_frac) if rule.sla_uptime_frac is not None else "",
                "Note": rule.note or "",
                **provenance(known.rules_file.sources[(variant or rule).source], (variant or rule).confidence),
            }
            for rule, variant in provider_rules(known)
        ),
        Provider=FIRST,
    )
    assumed = known.rules_file.assumed
    st.caption(
        f"Empty: not published. Assumed where cache rules are not published: {count(assumed.min_tok)}-token minimum, "
        f"{count(assumed.ttl_s)} s TTL, {count(assumed.step_tok)}-token blocks "
        f"({source_line(known.rules_file.sources[assumed.source])})."
    )


def _or_empty(value: float | None) -> str:
    return "" if value is None else count(value)
