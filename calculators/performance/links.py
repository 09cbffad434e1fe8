"""Messages of a replica that spans machines: attention and experts over more GPUs than fast links join.

GPUs that fast links join are an island: a server of eight, or an NVL72 rack. Between islands every GPU has one port of a
network. Per layer and step a replica exchanges two messages, each as fast as the faster of two ways:

    collective  an all-reduce in three parts (within the island, between islands over every port at once, within again), or
                tokens sent once to each island and forwarded there
    direct      every copy of a token goes straight to the GPU of its expert: more bytes, less latency (DeepEP's
                low-latency kernels)

Two halves of a batch take turns (two-batch overlap; DeepSeek-V3, arXiv:2412.19437, section 3.2), so most of the time of
experts' messages is hidden behind the other half's arithmetic, in engines that send directly. Their messages within and
between machines go on at once: an exchange takes as long as the slower of the two. Latencies and rates: hardware_profiles/links.yaml.
"""

from collections.abc import Mapping
from math import ceil

import numpy as np

from calculators.catalog.hardware import Gpu
from calculators.catalog.networks import Links
from calculators.scenario.demand import Array

SERVER_GPUS = 8
"""GPUs of a server; at least as many are joined by links of the machine itself."""
MESSAGES = 2
"""Messages per layer: two all-reduces, or a dispatch of tokens to their experts and the return of the results."""
EXCHANGED = 0.75
"""Mean size of the two messages of an exchange in 16-bit values: tokens are sent in 8 bit and come back in 16."""
NEVER_US = 1e12
Numbers = Mapping[str, Array]


def island_gpus(gpu: Gpu) -> int:
    """GPUs that communicate without a network between machines."""
    return max(gpu.links.domain_gpus, SERVER_GPUS)


def islands_count(gpu: Gpu, gpus: int) -> int:
    """Islands that so many GPUs fill."""
    return ceil(gpus / island_gpus(gpu))


def network_columns(splits: Numbers, shapes: Numbers, gpus: Numbers, links: Links) -> dict[str, Array]:
    """Columns (n, 1) of the messages between islands. `splits`, `shapes`, `gpus`: as of `replica_arrays`."""
    islands = np.ceil(splits["gpus_in_step"] / gpus["island_gpus"])
    exchanges = (splits["attention_ranks"] > 1) & (splits["expert_ranks"] > 1)
    other, picks = (islands - 1) / islands, shapes["experts_per_token"]
    reduced = 2 * other * islands / splits["gpus_in_step"]
    forwarded = EXCHANGED * (islands - 1) * (1 - (1 - 1 / islands) ** picks)
    direct = exchanges & (splits["sends_direct"] > 0)
    stages = splits["pipeline_stages"]
    hops = np.where(stages > 1, np.ceil(splits["gpus_in_step"] * stages / gpus["island_gpus"]) - 1, 0.0)
    return {
        "islands_count": islands,
        "network_bytes_s": np.maximum(gpus["network_bytes_s"], 1.0),
        "collective_bytes_per_tok": shapes["hidden_bytes"] * np.where(exchanges, forwarded, reduced),
        "network_latency_us": np.where(exchanges, links.gather_latency_us.central, links.collective_latency_us.central),
        "direct_bytes_per_tok": shapes["hidden_bytes"] * EXCHANGED * picks * other,
        "direct_latency_us": np.where(direct, links.direct_latency_us.central, NEVER_US),
        "exposed_frac": np.where(direct, links.exposed_frac.central, 1.0),
        "hops_count": hops,
        "hop_latency_us": np.full_like(islands, links.hop_latency_us.central),
        "exchange_latency_us": np.where(
            exchanges & (islands == 1) & (splits["one_phase"] > 0), links.exchange_latency_us.central, 0.0
        ),
        "grouped_gain_ratio": np.where(
            (splits["one_phase"] > 0) | exchanges & (islands > 1), links.grouped_gain_ratio.central, 0.0
        ),
        "grouped_half_tok": np.full_like(islands, links.grouped_half_tok.central),
    }
