"""Made-up request logs with a planted fault. Every text contains SECRET, which no output may show."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

WORDS = [f"word{i}" for i in range(2_000)]
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def words(rng: random.Random, count: int) -> str:
    return "SECRET " + " ".join(rng.choices(WORDS, k=count))


def tools(rng: random.Random, count: int = 6) -> list[dict[str, Any]]:
    return [
        {"name": f"tool_{i}", "description": words(rng, 15), "input_schema": {"type": "object"}} for i in range(count)
    ]


def chat_log(
    requests: int = 80,
    stamp: bool = False,
    shuffled: bool = False,
    keys: bool = False,
    lines: bool = False,
    tenants: int = 4,
    every_s: float = 5.0,
    examples: int = 0,
    seed: int = 1,
) -> list[dict[str, Any]]:
    """Anthropic-style requests of conversations that go on, in the order of time."""
    rng, made = random.Random(seed), []
    schemas, profiles = tools(rng), [words(rng, 60) for _ in range(tenants)]
    rules = [words(rng, 40) + f" rule {i}.\n" for i in range(10)]
    shown = [{"role": role, "content": words(rng, 20)} for role in ("user", "assistant") * examples]
    chats: dict[int, list[dict[str, str]]] = {}
    for number in range(requests):
        now = START + timedelta(seconds=every_s * number)
        session = rng.randrange(max(requests // 4, 1))
        chat = chats.setdefault(session, [*shown])
        chat.append({"role": "user", "content": words(rng, 25)})
        some = rng.sample(schemas, len(schemas)) if shuffled else schemas
        if keys:
            some = [dict(rng.sample(list(tool.items()), len(tool))) for tool in some]
        stable = "".join(rng.sample(rules, len(rules)) if lines else rules)
        clock = f"The time is {now.isoformat()} now.\n" if stamp else ""
        system = f"You help the customers of a shop.\n{clock}{stable}{profiles[session % tenants]}"
        body = {"model": "claude-opus-5", "system": system, "tools": some, "messages": [*chat]}
        made.append({"timestamp": now.isoformat(), "request": body})
        chat.append({"role": "assistant", "content": words(rng, 30)})
    return made


def as_lines(log: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(line) for line in log).encode()
