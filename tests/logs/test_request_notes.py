"""Notes on a log."""

from pathlib import Path

from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage


def test_models_far_apart_get_a_warning(tmp_path: Path) -> None:
    lines = [f"2026-10-05T09:0{n}:00Z,{20_000 if n % 2 else 100},10,{'l' if n % 2 else 's'}" for n in range(6)]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens,model"))], now=NOW)
    assert any("differ widely" in note for note in reading.read)
