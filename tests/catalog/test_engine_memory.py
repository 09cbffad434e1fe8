"""Which entry of an engine's memory a version takes."""

import pytest

from calculators.catalog.efficiency import EngineId
from calculators.catalog.engine_memory import engine_family, version_of
from calculators.catalog.load import load_catalog

LIVE = load_catalog()


@pytest.mark.parametrize(
    ("version", "since"),
    [("0.5.3", "0"), ("0.6.5", "0.6.4"), ("0.10.1", "0.8"), ("0.19.0", "0.17"), ("0.21.0", "0.21"), ("1.2", "0.21")],
)
def test_a_version_takes_the_newest_entry_before_it(version: str, since: str) -> None:
    assert LIVE.engine_memory.of("vllm", version).since == since


def test_without_a_version_the_entry_names_the_engine() -> None:
    since = {engine: LIVE.engine_memory.of(engine).since for engine in ("vllm", "vllm-2024", "sglang")}
    assert since == {"vllm": "0.21", "vllm-2024": "0.5.4", "sglang": "0"}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0.19.0", (0, 19, 0)), ("v0.8.5.post1", (0, 8, 5)), ("0.21.0rc2", (0, 21, 0)), ("nightly", ()), ("", ())],
)
def test_versions_are_read_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_of(text) == numbers


def test_every_engine_of_the_throughput_model_has_a_family() -> None:
    engines: tuple[EngineId, ...] = ("vllm-2024-rocm", "tensorrt-llm-2024", "sglang", "deepspeed")
    assert [engine_family(engine) for engine in engines] == ["vllm", "tensorrt-llm", "sglang", "deepspeed"]
