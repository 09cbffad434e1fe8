"""Scenarios by chance."""

from datetime import date
from typing import Any

from hypothesis import strategies as st
from support import scenario

from calculators.scenario.schema import Scenario


@st.composite
def roles(draw: st.DrawFn) -> dict[str, Any]:
    """A team of up to four roles, of which some people are still to be hired."""
    names = draw(st.lists(st.sampled_from(["SRE", "Manager", "ML engineer", "Datacenter"]), max_size=4, unique=True))
    people = [draw(st.floats(0.1, 5)) for _ in names]
    hires = st.sampled_from([0.0, 0.0, 0.5, 1.0])
    pays = st.none() | st.floats(5e4, 4e5)
    return {
        "roles": [
            {"name": name, "fte": fte, "hires_fte": fte * draw(hires), "usd_per_year": draw(pays)}
            for name, fte in zip(names, people, strict=True)
        ]
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    fraction = st.floats(0, 0.5)
    return scenario(
        name=draw(st.text(max_size=40).filter(lambda text: text.isprintable())),
        as_of=draw(st.dates(date(2020, 1, 1), date(2100, 1, 1))),
        workload={
            "requests_per_month": draw(st.floats(1, 1e12)),
            "input_tok": draw(st.floats(1, 1e7)),
            "output_tok": draw(st.floats(1, 1e6)),
            "cached_frac": draw(fraction),
            "cache_write_frac": draw(fraction),
            "peak_ratio": draw(st.floats(1, 10_000)),
        },
        targets={
            "ttft_p95_ms": draw(st.none() | st.floats(1, 600_000)),
            "tpot_ms": draw(st.none() | st.floats(1, 1e4)),
        },
        hardware={
            "gpus": draw(st.lists(st.sampled_from(["h100-sxm", "l40s"]), max_size=2, unique=True)),
            "rent_usd_per_gpu_h": draw(st.dictionaries(st.sampled_from(["h100-sxm", "b200"]), st.floats(1e-3, 1e3))),
            "max_gpus": draw(st.integers(1, 10_000)),
        },
        operations={
            "spare_replicas": draw(st.integers(0, 20)),
            **draw(st.fixed_dictionaries({"self_host_fte": st.none() | st.floats(0, 1_000)}) | roles()),
        },
    )
