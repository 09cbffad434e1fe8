"""Inputs of GPUs that one already has, and of what one knows of a purchase."""

from datetime import date

import streamlit as st

from calculators.catalog.base import Range
from calculators.catalog.glossary import expanded, help_text
from calculators.scenario.typed_prices import ExistingGpus, OwnServer, Purchase
from calculators.units import plural, significant, usd
from pages.shared.components.candidates import gpu_label
from pages.shared.entries import Entry, add_entry, entry_list
from pages.shared.state import catalog
from pages.shared.widgets import choice, source_line

HELD, PURCHASE = "hardware.existing_gpus", "hardware.purchase"
SERVERS = f"{PURCHASE}.servers"
LENSES = {"sunk": "Sunk: paid anyway", "full": "Full: charged to the fleet"}
PERCENT = 100.0


def own_gpus() -> None:
    """GPUs that one already has and what a purchase would cost, each with a form that adds an entry."""
    with st.expander("GPUs you already have, and servers you could buy"):
        held, bought = st.columns(2, gap="large")
        with held:
            _held()
        with bought:
            _servers()
            _figures()


def _held() -> None:
    entry_list(HELD, _held_words, "existing_gpus")
    gpu = _gpu("held_gpu", HELD)
    count, each = st.columns(2)
    gpus = count.number_input(_title(ExistingGpus, "gpus_count"), 1, 10_000, 8, key="held_count", help=help_text(HELD))
    machine = each.number_input(
        _title(ExistingGpus, "gpus_per_machine"), 1, 144, 8, key="held_each", help=help_text(HELD)
    )
    price, until = st.columns(2)
    cost = price.number_input(
        _title(ExistingGpus, "usd_per_gpu_h"), 0.0, 1_000.0, None, key="held_usd", format="%.6g", help=help_text(HELD)
    )
    day = until.date_input(
        _title(ExistingGpus, "paid_until"), None, key="held_until", format="YYYY-MM-DD", help=help_text(HELD)
    )
    st.caption("Without a day they are your own, and the cost is what running them takes.")
    if st.button("Add these GPUs", disabled=cost is None):
        paid_until = day.isoformat() if isinstance(day, date) else None
        row = {"gpu": gpu, "gpus_count": gpus, "gpus_per_machine": machine, "usd_per_gpu_h": cost}
        add_entry(HELD, {**row, "paid_until": paid_until})
    choice(tuple(LENSES), "hardware.existing_lens", format_func=LENSES.get)


def _held_words(one: Entry) -> str:
    until = f"paid until {one['paid_until']}" if one["paid_until"] else "your own"
    return f"{one['gpus_count']}× {gpu_label(one['gpu'])} at {usd(one['usd_per_gpu_h'])}/GPU-hour, {until}."


def _servers() -> None:
    entry_list(SERVERS, _server_words, "server")
    gpu = _gpu("server_gpu", PURCHASE)
    price, each = st.columns(2)
    cost = price.number_input(
        _title(OwnServer, "usd_per_server"),
        0.0,
        1e8,
        None,
        key="server_usd",
        format="%.6g",
        placeholder="empty: none",
        help=help_text(PURCHASE),
    )
    count = each.number_input(
        _title(OwnServer, "gpus_per_server"), 1, 144, 8, key="server_gpus", help=help_text(PURCHASE)
    )
    if st.button("Add this server price", disabled=not cost):
        row = {"gpu": gpu, "usd_per_server": cost, "gpus_per_server": count}
        add_entry(SERVERS, row)


def _server_words(one: Entry) -> str:
    return f"{plural(one['gpus_per_server'], 'GPU')} {gpu_label(one['gpu'])}: {usd(one['usd_per_server'])} a server."


def _figures() -> None:
    """Every other figure of a purchase; an empty one uses the rule of thumb in gray."""
    owning, rules = catalog().ownership, catalog().outlook
    fields: dict[str, Range | None] = {
        "network_and_spares_frac": owning.network_and_spares_frac,
        "installation_frac": rules.installation_frac,
        "maintenance_frac_per_year": rules.maintenance_frac_per_year,
        "residual_3y_frac": owning.residual_frac_by_year.get(3),
        "life_years": owning.depreciation_years,
        "colocation_usd_per_kw_month": owning.colocation_usd_per_kw_month,
        "electricity_usd_per_kwh": None,
        "pue_ratio": owning.pue_ratio,
        "lease_frac_per_year": rules.lease_frac_per_year,
    }
    st.caption(f"Electricity counts with the {expanded('PUE')} of your own room.")
    left, right = st.columns(2)
    for place, (name, rule) in enumerate(fields.items()):
        with (left, right)[place % 2]:
            _figure(name, rule)


def _figure(name: str, rule: Range | None) -> None:
    scale, key = PERCENT if "_frac" in name else 1.0, f"purchase_{name}"
    value = st.session_state[PURCHASE][name]
    st.session_state[key] = None if value is None else round(value * scale, 9)
    told = "empty: colocation" if rule is None else f"{significant(rule.central * scale)}{'%' if scale > 1 else ''}"
    sources = {**catalog().ownership.sources, **catalog().outlook.sources}
    source = "" if rule is None else f"\n\nRule of thumb: {rule.what}. Source: {source_line(sources[rule.source])}."
    title = _title(Purchase, name)
    st.number_input(
        title.replace("share of price", "% of price") if scale == 1 or "share" in title else f"{title} (%)",
        None,
        None,
        None,
        key=key,
        format="%.6g",
        placeholder=told,
        help=f"{help_text(PURCHASE)}{source}",
        on_change=_take,
        args=(name, key, scale),
    )


def _take(name: str, key: str, scale: float) -> None:
    value = st.session_state[key]
    taken = None if value is None else round(value / scale, 9)
    st.session_state[PURCHASE] = {**st.session_state[PURCHASE], name: taken}


def _gpu(key: str, field: str) -> str:
    gpus = list(catalog().offered_gpus)
    return str(st.selectbox(_title(ExistingGpus, "gpu"), gpus, format_func=gpu_label, key=key, help=help_text(field)))


def _title(record: type[ExistingGpus | OwnServer | Purchase], name: str) -> str:
    return str(record.model_fields[name].title)
