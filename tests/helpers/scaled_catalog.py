"""A catalog in another currency."""

from dataclasses import replace

from calculators.catalog.base import Range
from calculators.catalog.catalog import Catalog


def _scaled_range(value: Range, k: float) -> Range:
    return value.model_copy(update={"low": value.low * k, "central": value.central * k, "high": value.high * k})


def scaled(catalog: Catalog, k: float) -> Catalog:
    """Every dollar of the catalog times k."""
    apis = {}
    for name, provider in catalog.api_providers.items():
        models = tuple(
            m.model_copy(
                update={
                    "prices": tuple(
                        p.model_copy(update={f: v * k for f, v in p if f.endswith("_usd_per_mtok") and v is not None})
                        for p in m.prices
                    )
                }
            )
            for m in provider.models
        )
        apis[name] = provider.model_copy(update={"models": models})
    rents = {
        name: p.model_copy(
            update={"rents": tuple(r.model_copy(update={"usd_per_gpu_h": r.usd_per_gpu_h * k}) for r in p.rents)}
        )
        for name, p in catalog.rent_providers.items()
    }
    book = catalog.ownership
    money = {f: _scaled_range(v, k) for f, v in book if "_usd_" in f and isinstance(v, Range)}
    money |= {f: _scaled_range(v, k) for f, v in book if f.endswith("usd_per_kw_month")}
    servers = {gpu: _scaled_range(v, k) for gpu, v in book.server_usd_per_gpu.items()}
    return replace(
        catalog,
        api_providers=apis,
        rent_providers=rents,
        ownership=book.model_copy(update={**money, "server_usd_per_gpu": servers}),
    )
