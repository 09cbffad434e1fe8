"""Simulator of continuous batching, one engine step at a time: the reference for the closed form of `queueing.py`.

A test instrument, never shown to users: it shares `step_time.step_s` with the closed form, so it checks the queueing, not
the step times. The engine is one replica (or one attention rank of it) that in every step

    mixed          decodes one token for every running request and fills the rest of the token budget with prompts,
                   oldest first (vLLM V1; Sarathi-Serve, Agrawal et al., arXiv:2403.02310)
    prefill_first  computes only prompts while any waits, and decodes only when none does (SGLang's default, vLLM V0)

Requests are admitted first come, first served, when a slot is free and the KV cache of the whole answer fits, and are
never preempted. (vLLM admits by prompt and preempts when memory runs out, so it holds somewhat more.)
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calculators.performance.replica import ReplicaArrays
from calculators.performance.step_time import CHUNK_TOK, MAX_BATCH, cache_bytes, prompt_attention_s, step_s
from calculators.scenario.demand import Array

Policy = Literal["mixed", "prefill_first"]
CONTEXT_POINTS = 1024


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests to simulate. Arrays (r,), in order of arrival."""

    arrival_s: Array
    input_tok: Array
    output_tok: Array
    hit_frac: float = 0.0

    @property
    def fresh_tok(self) -> Array:
        """Uncached prompt tokens, at least one."""
        return np.maximum(np.round(self.input_tok * (1 - self.hit_frac)), 1.0)

    def faster(self, factor: float) -> "Requests":
        """The same requests, arriving `factor` times as fast."""
        return Requests(self.arrival_s / factor, self.input_tok, self.output_tok, self.hit_frac)


@dataclass(frozen=True, slots=True)
class SimulatedEngine:
    """Scheduler policy and limits. `kv_room_bytes` None: the memory that the weights leave."""

    policy: Policy = "mixed"
    max_batch: int = MAX_BATCH
    budget_tok: int = CHUNK_TOK
    kv_room_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class ServedRequests:
    """Result of a simulation: arrays (r,) in order of arrival, then counters of the whole run. Times in seconds."""

    ttft_s: Array
    tpot_s: Array
    """Mean time between the tokens of a request; NaN where it has only one."""
    finish_s: Array
    end_s: float
    busy_s: float
    steps_count: int
    most_running: int
    most_kv_frac: float
    most_step_tok: int
    rejected_count: int
    """Requests whose KV cache can never fit; they are dropped, with NaN latencies."""


class StepTimes:
    """Step times of one replica (`m` has one row) as tables, so that a step costs a look-up.

    Relies on `step_s` being a sum of a function of (batch, prompt tokens), the KV-cache reads as a function of (batch,
    mean context), and prompt attention as a function of the prompt tokens computed. tests/calibration/test_simulator.py
    checks it.
    """

    def __init__(self, m: ReplicaArrays, max_batch: int, budget_tok: int, max_context_tok: float) -> None:
        batch: Array = np.arange(max_batch + 1, dtype=float)
        prompts: Array = np.arange(budget_tok + 1, dtype=float)
        zero, batch = np.zeros(1), batch[:, None]
        self._tokens = step_s(m, batch, zero, prompts, zero)
        self._spacing_tok = max(max_context_tok, 1.0) / (CONTEXT_POINTS - 1)
        contexts: Array = np.arange(CONTEXT_POINTS, dtype=float) * self._spacing_tok
        self._cache = step_s(m, batch, contexts, zero, zero) - self._tokens[:, :1]
        lengths = np.maximum(contexts, 1e-9)
        self._attention = (m.kernel_factor * prompt_attention_s(m, lengths, lengths / 2))[0].tolist()

    def step_s(self, batch: int, context_tok: float, prompt_tok: int, attention_s: float) -> float:
        """Time of one step; `attention_s` is that of its prompt tokens."""
        at = context_tok / self._spacing_tok
        left = min(int(at), CONTEXT_POINTS - 2)
        low, high = self._cache.item(batch, left), self._cache.item(batch, left + 1)
        cache = low + (at - left) * (high - low)
        return self._tokens.item(batch, prompt_tok) + cache + attention_s

    def attention_s(self, done_tok: int, chunk_tok: int) -> float:
        """Attention time of the next `chunk_tok` tokens of a prompt of which `done_tok` are computed or cached."""
        return self._from_start_s(done_tok + chunk_tok) - self._from_start_s(done_tok)

    def _from_start_s(self, prompt_tok: int) -> float:
        at = prompt_tok / self._spacing_tok
        left = min(int(at), CONTEXT_POINTS - 2)
        low, high = self._attention[left], self._attention[left + 1]
        return float(low + (at - left) * (high - low))


class _Simulation:
    """State of one simulation."""

    def __init__(self, m: ReplicaArrays, requests: Requests, engine: SimulatedEngine) -> None:
        self.engine, self.count = engine, len(requests.arrival_s)
        self.arrival_s = requests.arrival_s.tolist()
        self.input_tok = requests.input_tok.astype(int).tolist()
        self.output_tok = np.maximum(requests.output_tok, 1).astype(int).tolist()
        self.left_tok = requests.fresh_tok.astype(int).tolist()
        room = float(m.kv_room_bytes[0, 0]) if engine.kv_room_bytes is None else engine.kv_room_bytes
        self.kv_frac = (cache_bytes(m, requests.input_tok + requests.output_tok)[0] / max(room, 1e-9)).tolist()
        longest = float(np.max(requests.input_tok + requests.output_tok))
        self.times = StepTimes(m, engine.max_batch, engine.budget_tok, longest)
        self.waiting: deque[int] = deque()
        self.prefilling: deque[int] = deque()
        self.finishing: dict[int, list[int]] = {}  # decode step -> requests whose last token it makes
        self.next = self.decoding = self.context_tok = self.decode_steps = self.steps = 0
        self.now_s = self.busy_s = self.kv_used_frac = self.most_kv_frac = 0.0
        self.most_running = self.most_step_tok = self.rejected = 0
        self.first_s, self.finish_s = [np.nan] * self.count, [np.nan] * self.count

    def arrive(self) -> None:
        """Queue all requests that have arrived; when the engine is idle, time jumps to the next arrival."""
        if not (self.waiting or self.prefilling or self.decoding) and self.next < self.count:
            self.now_s = max(self.now_s, self.arrival_s[self.next])
        while self.next < self.count and self.arrival_s[self.next] <= self.now_s:
            if self.kv_frac[self.next] <= 1:
                self.waiting.append(self.next)
            else:
                self.rejected += 1
            self.next += 1

    def admit(self) -> bool:
        """Admit the oldest waiting request; False without a free slot or memory."""
        running = self.decoding + len(self.prefilling)
        if not self.waiting or running >= self.engine.max_batch:
            return False
        if self.kv_used_frac + self.kv_frac[self.waiting[0]] > 1 + 1e-9:
            return False
        i = self.waiting.popleft()
        self.prefilling.append(i)
        self.kv_used_frac += self.kv_frac[i]
        self.most_kv_frac = max(self.most_kv_frac, self.kv_used_frac)
        self.most_running = max(self.most_running, running + 1)
        return True

    def take_prompts(self) -> tuple[int, float, list[int]]:
        """Prompt tokens of this step, the time of their attention, and the requests whose prompt is then complete."""
        budget = self.engine.budget_tok - (self.decoding if self.engine.policy == "mixed" else 0)
        taken, attention_s, complete, place = 0, 0.0, [], 0
        while taken < budget and (place < len(self.prefilling) or self.admit()):
            i = self.prefilling[place]
            chunk = min(self.left_tok[i], budget - taken)
            done = self.input_tok[i] - self.left_tok[i]
            attention_s += self.times.attention_s(done, chunk)
            self.left_tok[i] -= chunk
            taken += chunk
            place += 1
            if self.left_tok[i] == 0:
                complete.append(i)
        for _ in complete:
            self.prefilling.popleft()
        return taken, attention_s, complete

    def step(self) -> None:
        """Run one engine step."""
        taken, attention_s, complete = self.take_prompts()
        batch = 0 if self.engine.policy == "prefill_first" and taken else self.decoding
        duration = self.times.step_s(batch, self.context_tok / batch if batch else 0.0, taken, attention_s)
        self.most_step_tok = max(self.most_step_tok, batch + taken)
        self.now_s += duration
        self.busy_s += duration
        self.steps += 1
        if batch:
            self.decode_steps += 1
            self.context_tok += batch
            for i in self.finishing.pop(self.decode_steps, ()):
                self.decoding -= 1
                self.context_tok -= self.input_tok[i] + self.output_tok[i]
                self.leave(i)
        for i in complete:
            self.first_token(i)

    def first_token(self, i: int) -> None:
        """Record the first token of request `i`; it decodes from now on, or leaves."""
        self.first_s[i] = self.now_s
        if self.output_tok[i] == 1:
            self.leave(i)
            return
        self.decoding += 1
        self.context_tok += self.input_tok[i] + 1
        self.finishing.setdefault(self.decode_steps + self.output_tok[i] - 1, []).append(i)

    def leave(self, i: int) -> None:
        """Record the last token of request `i` and free its KV cache."""
        self.finish_s[i] = self.now_s
        self.kv_used_frac -= self.kv_frac[i]


def simulate(m: ReplicaArrays, requests: Requests, engine: SimulatedEngine | None = None) -> ServedRequests:
    """Latency of every request on one replica (`m` has one row)."""
    run = _Simulation(m, requests, engine or SimulatedEngine())
    while run.next < run.count or run.waiting or run.prefilling or run.decoding:
        run.arrive()
        if run.waiting or run.prefilling or run.decoding:
            run.step()
    first_s, finish_s = np.array(run.first_s), np.array(run.finish_s)
    gaps = np.maximum(requests.output_tok, 1) - 1
    return ServedRequests(
        ttft_s=first_s - requests.arrival_s,
        tpot_s=np.divide(finish_s - first_s, gaps, out=np.full(run.count, np.nan), where=gaps > 0),
        finish_s=finish_s,
        end_s=run.now_s,
        busy_s=run.busy_s,
        steps_count=run.steps,
        most_running=run.most_running,
        most_kv_frac=run.most_kv_frac,
        most_step_tok=run.most_step_tok,
        rejected_count=run.rejected,
    )


def percentiles(values: Array, at: Sequence[float] = (0.5, 0.95, 0.99)) -> Array:
    """Percentiles of the finite values; NaN if there are none."""
    served = values[np.isfinite(values)]
    return np.quantile(served, at) if served.size else np.full(len(at), np.nan)
