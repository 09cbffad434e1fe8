"""Load by hour as plain values, for `decide --json`."""

from typing import Any

from calculators.fleet.fleet_schedule import FleetSchedule
from calculators.report.mix_text import SCHEDULE_NAMES
from calculators.report.mix_view import MixView
from calculators.units import SECONDS_PER_HOUR


def load_by_hour_json(view: MixView | None) -> dict[str, Any] | None:
    """The week, the cheapest mix of terms, and fleets that follow the load; null where nothing can be self-hosted."""
    if view is None:
        return None
    mix, config, week = view.mix, view.best.capacity.config, view.week
    single, single_usd = mix.best_single
    return {
        "headline": view.headline,
        "week": {
            "basis": "log" if week.is_day_known else "typical",
            "busiest_ratio": float(week.load_ratio.max()),
            "below_mean_frac": float((week.load_ratio < 1).mean()),
            "load_ratio": week.load_ratio.tolist(),
        },
        "configuration": {
            "words": view.configuration,
            "model": config.model.id,
            "precision": config.precision,
            "gpu": config.gpu.id,
            "gpus_per_replica": config.gpus_count,
        },
        "compared": {
            "configurations": view.best.config_count,
            "in_full": view.best.tried_count,
            "is_exact": view.best.is_exact,
        },
        "shares": _shares(view),
        "api": _api(view),
        "waiting_usd_per_month": mix.waiting_usd_per_month,
        "beside_machines_usd_per_month": mix.beside_usd_per_month,
        "usd_per_month": mix.usd_per_month,
        "api_only_usd_per_month": view.with_api.usd_per_month if view.with_api and not view.with_api.shares else None,
        "best_single": {"term": single, "usd_per_month": single_usd},
        "saving_usd_per_month": mix.saving_usd_per_month,
        "single_usd_per_month": dict(mix.single_usd),
        "start_up_s": view.start_up_s,
        "schedules": [_schedule(one, view) for one in view.fleets],
        "notes": [*([view.compared] if view.compared else []), *view.notes],
    }


def _shares(view: MixView) -> list[dict[str, Any]]:
    """Machines on each term, those that are needed longest first."""
    return [
        {
            "term": row.term,
            "provider": share.term.offer.provider,
            "machine": share.term.offer.machine,
            "machines": row.machines,
            "gpus": row.gpus,
            "least_h_per_month": share.least_on_h,
            "most_h_per_month": share.most_on_h,
            "usd_per_month": share.usd_per_month,
            "reason": row.reason,
        }
        for share, row in zip(view.mix.shares, view.rows, strict=False)
    ]


def _api(view: MixView) -> dict[str, Any] | None:
    """What the API takes over; null where it takes nothing."""
    mix = view.mix
    if mix.question.api is None or not mix.overflow_frac + mix.batched_frac:
        return None
    return {
        "label": mix.question.api.label,
        "overflow_frac": mix.overflow_frac,
        "batched_frac": mix.batched_frac,
        "usd_per_month": mix.api_usd_per_month,
    }


def _schedule(one: FleetSchedule, view: MixView) -> dict[str, Any]:
    words = next(row.why for row in view.schedules if row.name == SCHEDULE_NAMES[one.kind])
    return {
        "kind": one.kind,
        "usd_per_month": one.usd_per_month,
        "machine_h_per_month": one.machine_h_per_month,
        "least_machines": one.least_machines,
        "most_machines": one.most_machines,
        "machines_by_hour": list(one.machines_by_hour),
        "starts_per_month": one.starts_per_month,
        "start_up_h_per_month": one.starts_per_month * view.start_up_s / SECONDS_PER_HOUR,
        "why": words,
    }
