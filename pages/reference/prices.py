"""Every price and profile the verdict can rest on, with source, date and age; stale ones marked."""

from datetime import date

import pandas as pd
import streamlit as st

from calculators.api.rates import (
    CLOSED_PROVIDERS,
    ApiOffer,
    api_offer,
    api_rates,
    hosted_offers,
    provider_name,
    text_models,
)
from calculators.catalog.base import Range, Source
from calculators.catalog.glossary import help_text
from calculators.catalog.load import STALE_DAYS
from calculators.catalog.price_library import price_library_version
from calculators.performance.model_size import kv_bytes, parameters
from pages.shared.state import catalog, escape
from pages.shared.widgets import source_line

known, today = catalog(), date.today()


def provenance(source: Source, confidence: str, seen: date | None = None) -> dict[str, object]:
    """The columns that say where a row comes from, and how old it is."""
    day = seen or source.accessed
    age_days = (today - day).days
    return {
        "As of": day,
        "Stale": f"⚠ {age_days} days" if age_days > STALE_DAYS else "",
        "Confidence": confidence,
        "Source": source.title,
        "Link": source.url,
    }


def table(rows: list[dict[str, object]], **columns: object) -> None:
    frame = pd.DataFrame(rows)
    stale = int((frame["Stale"] != "").sum())
    st.caption(f"{len(frame)} rows, {stale} of them older than {STALE_DAYS} days.")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={"Link": st.column_config.LinkColumn(display_text="open"), **columns},
        height=560,
    )


def offer_table(offers: list[tuple[str, ApiOffer]]) -> None:
    """Prices of today, with any dearer tier for long inputs."""
    rates = [api_rates(offer, today) for _, offer in offers]
    table(
        [
            {
                "Model": name,
                "Seller": offer.provider_name,
                "Input, USD/Mtok": tiers[0].input_usd_per_mtok,
                "Cached": tiers[0].cache_read_usd_per_mtok,
                "Output": tiers[0].output_usd_per_mtok,
                "Long inputs": "; ".join(
                    f"above {t.above_input_tok:,.0f} tok: ${t.input_usd_per_mtok:g}, ${t.output_usd_per_mtok:g}"
                    for t in tiers[1:]
                ),
                "Sold as": offer.model,
                **provenance(offer.source, offer.confidence),
                "Note": offer.note or "",
            }
            for (name, offer), tiers in zip(offers, rates, strict=True)
        ],
        **{"Input, USD/Mtok": usd3, "Cached": usd3, "Output": usd3},
    )


usd2 = st.column_config.NumberColumn(format="$%.2f")
usd3 = st.column_config.NumberColumn(format="$%.3f")
rents_count = sum(len(p.rents) for p in known.rent_providers.values())
st.subheader(
    escape(
        f"{len(known.gpus)} GPUs, {len(known.models)} open models, {rents_count} rents and the prices of {price_library_version()}"
    )
)
st.caption(
    "Nothing here is a quote. Prices move by half within a year: check the ones your decision rests on at their source."
)
view = st.segmented_control(
    "Show",
    ["GPU rents", "API prices", "Hosted prices", "GPUs", "Models", "Rules of thumb", "Provider rules"],
    default="GPU rents",
    key="view_prices",
    help=help_text("data table"),
    required=True,
)

if view == "GPU rents":
    table(
        [
            {
                "GPU": known.gpus[r.gpu].name,
                "USD per GPU-hour": r.usd_per_gpu_h,
                "Provider": p.name,
                "Term": r.commitment.replace("_", " "),
                **provenance(p.sources[r.source], r.confidence, r.seen),
                "Machine": r.instance,
                "GPUs a machine": r.gpus_per_instance,
                "Region": r.region,
                "Kind": "index" if p.index else "marketplace" if p.marketplace else "provider",
                "Note": r.note,
            }
            for r, p in sorted(
                ((r, p) for p in known.rent_providers.values() for r in p.rents),
                key=lambda pair: (known.gpus[pair[0].gpu].name, pair[0].usd_per_gpu_h),
            )
        ],
        **{"USD per GPU-hour": usd2},
    )
elif view == "GPUs":
    table(
        [
            {
                "GPU": g.name,
                "Memory, GB": g.memory.capacity_gb,
                "Bandwidth, GB/s": g.memory.bandwidth_gb_s,
                "BF16, dense TFLOPS": g.compute.bf16_dense_tflops,
                "FP8, dense TFLOPS": g.compute.fp8_dense_tflops,
                "FP4, dense TFLOPS": g.compute.fp4_dense_tflops,
                "Link": g.links.kind,
                "Power, W": g.power.tdp_w,
                "Caveats": " ".join(g.caveats),
                **{
                    k: v
                    for k, v in provenance(g.sources[g.compute.source], g.compute.confidence).items()
                    if k != "Link"
                },
            }
            for g in known.gpus.values()
        ],
        Link=st.column_config.TextColumn(),
    )
elif view == "Models":
    table(
        [
            {
                "Model": m.name,
                "Parameters, billion": parameters(m.shape).total / 1e9,
                "Active, billion": parameters(m.shape).active / 1e9,
                "Layers": m.shape.layers,
                "Attention": m.shape.attention.kind.upper(),
                "KV cache at 8k tokens, GB": float(kv_bytes(m.shape, 8192.0)) / 1e9,
                "Released in": m.published.native_precision.upper(),
                "Context, tokens": m.published.context_tok,
                "Licence": m.licence,
                "Public scores": "; ".join(f"{q.benchmark} {q.score:g}" for q in m.quality_hints) or "none in our data",
                "Caveats": " ".join(m.caveats),
                **provenance(m.sources[m.shape.source], m.shape.confidence),
            }
            for m in known.models.values()
        ],
        **{
            name: st.column_config.NumberColumn(format="%.1f")
            for name in ("Parameters, billion", "Active, billion", "KV cache at 8k tokens, GB")
        },
    )
elif view == "API prices":
    provider = st.selectbox("Provider", CLOSED_PROVIDERS, key="view_provider", format_func=provider_name)
    st.caption(
        f"Prices of today, {today}; longer inputs can cost more, and changes already announced are used on their day."
    )
    sold = [api_offer(provider, model, known) for model in text_models(provider, today)]
    offer_table([(offer.model, offer) for offer in sold])
elif view == "Hosted prices":
    offer_table([(m.name, offer) for m in known.models.values() for offer in hosted_offers(m, today, known)])
elif view == "Rules of thumb":
    own = known.ownership
    ranges = [(name, value) for name, value in own if isinstance(value, Range)]
    ranges += [
        (f"{field}: {gpu}", value)
        for field in ("server_usd_per_gpu", "server_power_kw_per_gpu")
        for gpu, value in getattr(own, field).items()
    ]
    table(
        [
            {
                "What": r.what,
                "Low": r.low,
                "Central": r.central,
                "High": r.high,
                "Unit": r.unit,
                **provenance(own.sources[r.source], r.confidence),
                "Field": name,
            }
            for name, r in ranges
        ]
    )
else:
    table(
        [
            {
                "Provider": r.provider,
                "Models": ", ".join(v.models) if v else "others" if r.cache_by_model else "all",
                "Cache from, tokens": v.min_tok if v else r.cache_min_tok,
                "Cache kept, s": v.ttl_s if v else r.cache_ttl_s,
                "Cache steps, tokens": v.step_tok if v else r.cache_step_tok,
                "Cache marks, at most": v.breakpoints_count if v else None,
                "Batch discount": r.batch_discount_frac,
                "Promised uptime": r.sla_uptime_frac,
                "Note": r.note,
                **provenance(known.rules_file.sources[(v or r).source], (v or r).confidence),
            }
            for r in known.rules.values()
            for v in (*r.cache_by_model, None)
        ],
        **{
            "Batch discount": st.column_config.NumberColumn(format="percent"),
            "Promised uptime": st.column_config.NumberColumn(format="%.4f"),
        },
    )
    assumed = known.rules_file.assumed
    st.caption(
        f"Empty: not published. Where a cache's rules are not, {assumed.min_tok:,} tokens at least, {assumed.ttl_s} s and steps of "
        f"{assumed.step_tok} tokens are calculated with: {source_line(known.rules_file.sources[assumed.source])}."
    )
