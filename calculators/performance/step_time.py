"""Time of one engine step, and from it TPOT, TTFT and throughput of steady benchmarks.

One step of continuous batching carries `batch` decoding requests, one token each, and sometimes a chunk of a prompt. Its
time on each of the replica's GPUs is the sum of parts that run one after another:

    dense weights  soft maximum of reading them once (bytes / bandwidth) and multiplying by them (FLOP / peak)
    experts        the same for the experts that the step's tokens pick, on the busiest GPU
    KV cache       read once for every decoding request; the states of linear attention are read and written
    attention      over the prompt tokens of the step
    collectives    two all-reduces per layer when the model is split over GPUs
    network        messages between machines, as far as arithmetic does not hide them (performance/links.py)
    overhead       kernel launches per layer, scheduler per step, sampling and bookkeeping per request

The roofline terms follow Williams et al., "Roofline", CACM 2009; the split into prefill and decode follows Pope et al.,
"Efficiently Scaling Transformer Inference", arXiv:2211.05102. Efficiencies are fitted by GPU generation and engine
(hardware_profiles/efficiency.yaml). Everything is vectorized: `m` holds n replicas as arrays (n, 1), other arguments are
arrays (b,) or (n, b), and results are (n, b). Times are in seconds, per GPU of the replica.
"""

import numpy as np
from numpy.typing import NDArray

from calculators.performance.links import MESSAGES
from calculators.performance.replica import ReplicaArrays
from calculators.scenario.demand import Array

MAX_BATCH = 256
"""Usual cap on the batch of an engine (vLLM max_num_seqs)."""
CHUNK_TOK = 8192
"""Token budget of one step: the default of all three engines on large GPUs."""


def expert_share_touched(m: ReplicaArrays, tokens: Array) -> Array:
    """Share of the experts that at least one of `tokens` tokens picks, k of E experts each.

    With random picks, a share (1 - k/E)^n = exp(-x) of the experts would get none of n tokens. Some experts are more
    popular: with gamma-distributed popularity the picks are negative-binomial (Greenwood and Yule, 1920), and
    (1 + x/r)^-r get none, where r = `pick_evenness` is infinite when all are equally popular.
    """
    all_tokens = tokens * m.attention_ranks_count
    picked_frac = np.minimum(m.experts_per_token_count / m.experts_count, 1 - 1e-9)
    first = np.minimum(all_tokens, 1.0)
    others = (all_tokens - first) * -np.log1p(-picked_frac)
    touched: Array = 1 - (1 - first * picked_frac) * (1 + others / m.pick_evenness) ** -m.pick_evenness
    return touched


def weights_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Time to read the weights and multiply `tokens` rows by them."""
    dense, has_experts = dense_s(m, tokens), (m.expert_bytes > 0)[:, 0]
    if has_experts.all():
        return dense + experts_s(m, tokens)
    if has_experts.any():  # called often, and experts are the dearest part
        some = np.broadcast_to(tokens, dense.shape)[has_experts]
        dense[has_experts] += experts_s(m.rows(has_experts), some)
    return dense


def dense_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Time of the weights that every step reads. A GEMM pads its rows to whole tiles, which costs `gemm_pad_tok` more rows."""
    four_bit = np.where(m.four_bit > 0, m.four_bit_read_frac, 1.0)
    read = m.always_read_bytes / (m.bandwidth_bytes_s * m.weight_bandwidth_frac * four_bit)
    rows = tokens + m.gemm_pad_tok * (tokens > 0)
    multiply = m.multiply_factor * m.dense_flop_per_tok * rows / (m.peak_flops * m.compute_frac * m.format_compute_frac)
    return soft_maximum(read, multiply)


def experts_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Time of the experts that the tokens pick, on the busiest GPU.

    With expert ranks the picks fall like balls into bins: the fullest of n bins holds about sqrt(2 ln n) - 0.6 standard
    deviations more than the mean (for n = 2 to 16 within 0.03 of the expected maximum of n normal numbers). The rows of
    each picked expert are padded to whole tiles; gathering, scaling and scattering its tokens is memory traffic.
    """
    spread = np.maximum(np.sqrt(2 * np.log(m.expert_ranks_count)) - 0.6, 0.0)
    touched = expert_share_touched(m, tokens)
    held = m.experts_count / m.expert_ranks_count
    busiest = np.minimum(touched + spread * np.sqrt(touched * (1 - touched) / held), 1.0)
    width = m.expert_width / (m.expert_width + m.expert_half_width)
    read = m.expert_bytes * busiest / (m.bandwidth_bytes_s * m.expert_bandwidth_frac * width)
    picks = tokens * m.attention_ranks_count * m.experts_per_token_count
    mine = np.maximum(picks / m.expert_ranks_count, 1e-9)
    uneven = np.minimum(1 + spread / np.sqrt(mine), m.expert_ranks_count)
    pads = m.expert_pad_tok * touched * m.experts_count / m.experts_per_token_count / m.attention_ranks_count
    rate = m.peak_flops * m.expert_compute_frac * m.format_compute_frac / m.multiply_factor
    multiply = m.expert_flop_per_tok * (tokens * uneven + pads) / rate
    shuffle = tokens * uneven * m.expert_passes * m.expert_activation_bytes / m.bandwidth_bytes_s
    time = soft_maximum(read, multiply) + shuffle
    grouped = (m.grouped_gain_ratio > 0)[:, 0]
    if not grouped.any():
        return np.asarray(time)
    gain = grouped_ratio(m, picks / m.experts_count)
    return np.asarray(np.where(grouped[:, None], soft_maximum(read, multiply / gain) + shuffle / gain, time))


def grouped_ratio(m: ReplicaArrays, expert_tok: Array) -> Array:
    """How many times faster experts that were sent `expert_tok` tokens each are multiplied than those sent few: kernels that
    take whole groups of sorted tokens fill their tiles."""
    return np.asarray(1 + m.grouped_gain_ratio * expert_tok / (expert_tok + m.grouped_half_tok))


def kv_read_s(m: ReplicaArrays, batch: Array, context_tok: Array) -> Array:
    """Time of decode attention: reading `batch` KV caches of `context_tok` tokens each and multiplying by them.

    Kernels of 2024 read a cache again for every query head that shares it (vLLM's first PagedAttention, SOSP 2023).
    """
    again = m.heads_per_cache_count**m.group_read_exponent
    moved = batch * (again * read_bytes(m, context_tok) + 2 * m.state_bytes)
    read = moved / (m.bandwidth_bytes_s * m.kv_bandwidth_frac)
    multiply = batch * decode_attention_flop(m, context_tok) / (m.attention_peak_flops * m.compute_frac)
    return m.cache_read_ratio * soft_maximum(read, multiply)


def read_bytes(m: ReplicaArrays, context_tok: Array) -> Array:
    """KV-cache bytes that a decoding token reads of one request on one GPU."""
    chosen, sliding = chosen_tok(m, context_tok), np.minimum(context_tok, m.window_tok)
    indexed = m.index_bytes_per_tok * context_tok
    return m.kv_full_bytes_per_tok * chosen + m.kv_sliding_bytes_per_tok * sliding + indexed


def decode_attention_flop(m: ReplicaArrays, context_tok: Array) -> Array:
    """Attention FLOP of one decoding token on one GPU."""
    full = m.decode_flop_per_tok2 * chosen_tok(m, context_tok)
    sliding = m.sliding_flop_per_tok2 * np.minimum(context_tok, m.window_tok)
    return full + sliding + m.index_flop_per_tok2 * context_tok


def chosen_tok(m: ReplicaArrays, context_tok: Array) -> Array:
    """Mean cached tokens that full-attention layers attend to per decoding token: all, or the selected ones in sparse layers."""
    return context_tok - m.sparse_frac * np.maximum(context_tok - m.sparse_tok, 0.0)


def cache_bytes(m: ReplicaArrays, context_tok: Array) -> Array:
    """KV-cache bytes that one request holds on one GPU."""
    sliding = m.kv_sliding_bytes_per_tok * np.minimum(context_tok, m.window_tok)
    return (m.kv_full_bytes_per_tok * m.kept_frac + m.index_bytes_per_tok) * context_tok + sliding


def prompt_attention_s(m: ReplicaArrays, prompt_tok: Array, attended_tok: Array) -> Array:
    """Time of prompt attention: `prompt_tok` tokens over `attended_tok` earlier ones on average (half of a causal prompt)."""
    flop = prompt_tok * prompt_attention_flop(m, attended_tok)
    return m.cache_prompt_ratio * flop / (m.attention_peak_flops * m.prefill_attention_frac)


def prompt_attention_flop(m: ReplicaArrays, attended_tok: Array) -> Array:
    """Attention FLOP of one prompt token on one GPU."""
    chosen = attended_tok - m.sparse_frac * (attended_tok - at_most(attended_tok, m.sparse_tok))
    sliding = m.sliding_flop_per_tok2 * at_most(attended_tok, m.window_tok)
    return m.prompt_flop_per_tok2 * chosen + sliding + m.index_flop_per_tok2 * attended_tok


def at_most(attended_tok: Array, limit_tok: Array) -> Array:
    """Mean of min(position, limit) over a causal prompt whose mean position is `attended_tok`."""
    limited = limit_tok - limit_tok**2 / (4 * np.maximum(attended_tok, 1e-9))
    return np.where(2 * attended_tok <= limit_tok, attended_tok, limited)


def collectives_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Time of two all-reduces per layer within an island; a ring moves 2(n-1)/n of the activations over each link. With attention ranks,
    sending tokens to the experts and back moves about as much."""
    n = m.tensor_parallel_count * m.attention_ranks_count / m.islands_count
    moved_bytes = tokens * m.hidden_bytes * 2 * (n - 1) / n
    once = m.parallel_factor * (
        m.collective_latency_us + m.exchange_latency_us
    ) * 1e-6 + m.link_factor * moved_bytes / (m.link_bytes_s * m.link_frac)
    return np.where(n > 1, 2 * m.layers_count * once, 0.0)


def network_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Time (n, b) of a step's messages between islands, none of it hidden."""
    collective = m.network_latency_us * 1e-6 + tokens * m.collective_bytes_per_tok / m.network_bytes_s
    direct = m.direct_latency_us * 1e-6 + tokens * m.direct_bytes_per_tok / m.network_bytes_s
    once = np.minimum(collective, direct)
    return np.where(m.islands_count > 1, MESSAGES * m.layers_count * once, 0.0)


def exposed_network_s(m: ReplicaArrays, tokens: Array, beside_s: Array) -> Array:
    """The part of `network_s` that is not hidden behind arithmetic of `beside_s`, and the hops between pipeline stages."""
    exposed, far = np.zeros(np.shape(beside_s)), ((m.islands_count > 1) | (m.hops_count > 0))[:, 0]
    if far.any():  # most replicas are within a machine, and this is called often
        some, rows = m.rows(far), np.broadcast_to(tokens, exposed.shape)[far]
        beside_links = some.kernel_factor * collectives_s(some, rows) * forwards_beside(some)
        whole = np.maximum(network_s(some, rows), beside_links)
        hop = some.hop_latency_us * 1e-6 + rows * some.hidden_bytes / (
            some.tensor_parallel_count * some.network_bytes_s
        )
        hidden = (1 - some.exposed_frac) * np.minimum(whole, np.asarray(beside_s)[far])
        exposed[far] = whole - hidden + some.hops_count * hop
    return exposed


def overhead_s(m: ReplicaArrays, batch: Array) -> Array:
    """Time of kernel launches, of synchronization between GPUs per layer, and of the scheduler per step and per request."""
    parallel = m.tensor_parallel_count * m.attention_ranks_count > 1
    kernels = m.launch_factor * m.release_ratio * m.kernels_count * m.kernel_us + m.unpacking_us
    between = m.parallel_factor * m.layers_count * m.layer_overhead_parallel_us * parallel
    return (kernels + between + m.step_overhead_us + batch * m.request_overhead_us) * 1e-6


def step_s(m: ReplicaArrays, batch: Array, context_tok: Array, prompt_tok: Array, attended_tok: Array) -> Array:
    """Time of one engine step with `batch` decoding requests and `prompt_tok` prompt tokens. Broadcasts."""
    prompts = m.kernel_factor * prompt_attention_s(m, prompt_tok, attended_tok)
    return rows_s(m, batch + prompt_tok) + beside_rows_s(m, batch, context_tok) + prompts


def beside_rows_s(m: ReplicaArrays, batch: Array, context_tok: Array) -> Array:
    """Part of a step's time that `batch` decoding requests take besides `rows_s`: their caches and the overhead."""
    return m.kernel_factor * kv_read_s(m, batch, context_tok) + overhead_s(m, batch)


def rows_s(m: ReplicaArrays, tokens: Array) -> Array:
    """Part of a step's time that depends only on the number of its tokens: weights, collectives and networks."""
    weights = m.kernel_factor * weights_s(m, tokens)
    alone = m.kernel_factor * ~forwards_beside(m)
    return weights + alone * collectives_s(m, tokens) + exposed_network_s(m, tokens, weights)


def forwards_beside(m: ReplicaArrays) -> NDArray[np.bool_]:
    """Where (n, 1) the links of a machine forward messages while its ports send others: exchanges between machines of engines
    that overlap two halves of a batch."""
    return (m.islands_count > 1) & (m.exposed_frac < 1)


def tpot_s(m: ReplicaArrays, batch: Array, input_tok: Array, output_tok: Array, fresh_tok: Array) -> Array:
    """Time per output token in steady state. While one request generates `output_tok` tokens, each of the `batch` requests
    brings one prompt with `fresh_tok` uncached tokens: batch x fresh / output prompt tokens per step on average."""
    return decode_s(m, batch, input_tok, output_tok, batch * fresh_tok / output_tok, fresh_tok)


def decode_s(
    m: ReplicaArrays, batch: Array, input_tok: Array, output_tok: Array, prompt_tok: Array, fresh_tok: Array
) -> Array:
    """Mean step time with `prompt_tok` prompt tokens per step on average.

    Prompts come in lumps, a whole prompt or chunk at a time: most steps carry no prompt tokens, few carry many.
    """
    none, context = np.zeros(1), input_tok + output_tok / 2
    lump = np.maximum(np.minimum(fresh_tok, CHUNK_TOK), prompt_tok)
    plain = step_s(m, batch, context, none, none)
    mixed = step_s(m, batch, context, lump, input_tok / 2)
    return plain + prompt_tok / lump * (mixed - plain)


def closed_loop_s(
    m: ReplicaArrays,
    batch: Array,
    input_tok: Array,
    output_tok: Array,
    held_steps: float | Array = 0.0,
    budget_tok: float | Array = CHUNK_TOK,
) -> tuple[Array, Array]:
    """Mean TTFT and TPOT of a closed loop: `batch` clients each send the next request when the last one is answered.

    A request waits for `held_steps` steps of decoding, for which the engine is set to hold it, and for one more: half of
    the running one and half of the next, which is launched before the running one ends. Then it waits for its own prompt
    and for a fitted part of the others', as they come together at the start of a run, as many in a step as fit into
    `budget_tok`. While it waits it does not decode, so on average only the decoding part of the clients' time shares the
    steps.
    """
    none, context = np.zeros(1), input_tok + output_tok / 2
    decoding = np.ones(np.broadcast(batch, input_tok, m.layers_count).shape)
    together = np.clip(np.floor(budget_tok / input_tok), 1.0, np.maximum(batch, 1.0))
    launch = launch_s(m)
    for _ in range(3):
        others = np.maximum(batch - 1, 0.0) * decoding
        tpot = decode_s(m, 1 + others, input_tok, output_tok, others * input_tok / output_tok, input_tok)
        plain = step_s(m, 1 + others, context, none, none)
        own = prefill_s(m, others, context, input_tok, input_tok)
        ahead = m.first_token_others_ratio * np.maximum(batch - 1, 0.0) * (own + launch / together)
        ttft = first_token_overhead_s(m) + m.first_token_own_ratio * own + ahead + (1 + held_steps) * plain
        decoding = output_tok * tpot / (ttft + output_tok * tpot)
    return ttft, tpot


def first_token_overhead_s(m: ReplicaArrays) -> Array:
    """Time (n, 1) before and beside the arithmetic of a first token: the engine's front end, and the launch of a prefill's
    kernels, which no CUDA graph replays."""
    return m.first_token_overhead_ms * 1e-3 + launch_s(m)


def launch_s(m: ReplicaArrays) -> Array:
    """Time (n, 1) in which the kernels of a prefill are launched one by one."""
    return m.prefill_kernels_count * m.first_token_kernel_us * 1e-6


def wave_s(
    m: ReplicaArrays, batch: Array, input_tok: Array, output_tok: Array, held_steps: float | Array = 0.0
) -> tuple[Array, Array]:
    """Mean TTFT and TPOT of a closed loop whose requests are all of one length: they end together, so their prompts come
    together, a budget of tokens at a time, and whoever is prefilled early decodes, or waits, until the last one is. The
    engine is set to hold them for `held_steps` steps first.
    """
    none, context = np.zeros(1), input_tok + output_tok / 2
    together = m.first_token_own_ratio * prefill_s(m, none, context, batch * input_tok, input_tok)
    steps = np.maximum(np.ceil(batch * input_tok / np.maximum(input_tok, CHUNK_TOK) - 1e-9), 1.0)
    before = together * (steps + 1) / (2 * steps)
    plain = step_s(m, batch, context, none, none)
    return first_token_overhead_s(m) + before + held_steps * plain, plain + (together - before) / output_tok


def static_batch_s(m: ReplicaArrays, batch: Array, input_tok: Array, output_tok: Array) -> tuple[Array, Array]:
    """TTFT and TPOT of a batch that starts and ends together: all prompts are prefilled, then all requests decode."""
    none = np.zeros(1)
    first = prefill_s(m, none, input_tok, batch * input_tok, input_tok)
    return first, step_s(m, batch, input_tok + output_tok / 2, none, none)


def prefill_s(m: ReplicaArrays, batch: Array, context_tok: Array, fresh_tok: Array, prompt_tok: Array) -> Array:
    """Time of a chunked prefill while `batch` other requests decode in the same steps."""
    chunk = np.minimum(fresh_tok, CHUNK_TOK)
    return fresh_tok / chunk * step_s(m, batch, context_tok, chunk, prompt_tok / 2)


def largest_batch(m: ReplicaArrays, input_tok: Array, output_tok: Array, cap: float | Array = MAX_BATCH) -> Array:
    """Requests whose KV caches fit at once, at most `cap`; below 1 not even one fits."""
    per_request = cache_bytes(m, input_tok + output_tok) + m.state_bytes
    unlimited = np.full(np.broadcast(m.kv_room_bytes, per_request).shape, np.inf)
    room = np.divide(m.kv_room_bytes, per_request, out=unlimited, where=per_request > 0)
    return np.minimum(np.where(m.kv_room_bytes > 0, room, 0.0), cap)


def soft_maximum(a: Array, b: Array) -> Array:
    """Soft maximum (a^4 + b^4)^(1/4), scaled against over- and underflow; a higher power would make a sharper knee."""
    top = np.maximum(a, b)
    ratio = np.divide(np.minimum(a, b), top, out=np.zeros(np.broadcast(a, b).shape), where=top > 0)
    square = ratio * ratio
    return np.asarray(top * np.sqrt(np.sqrt(1 + square * square)))
