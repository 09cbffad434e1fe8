"""Notes on a log."""

from pathlib import Path

from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage


def test_models_far_apart_get_a_warning(tmp_path: Path) -> None:
    lines = [f"2026-10-05T09:0{n}:00Z,{20_000 if n % 2 else 100},10,{'l' if n % 2 else 's'}" for n in range(6)]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens,model"))], now=NOW)
    assert any("differ widely" in note for note in reading.read)


def test_what_was_taken_for_granted_stands_apart_from_what_was_read(tmp_path: Path) -> None:
    """Three hours of a clock without a zone: the zone, the silent minutes and the month are assumptions."""
    lines = [f"2026-10-05 {hour:02}:00:00,100,10" for hour in (9, 10, 11)]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens"))], now=NOW)
    assert "No time zone in the timestamps; UTC assumed." in reading.assumed
    assert "118 minutes without requests count as zero load." in reading.assumed
    assert not {*reading.assumed} & {*reading.read}
    assert any(text.startswith("Requests per month") for text in reading.assumed)
    assert reading.inferred == ()


def test_the_month_of_a_log_of_weeks_is_inferred(tmp_path: Path) -> None:
    lines = [f"2026-10-{day:02}T09:00:00Z,100,10" for day in range(1, 20)]
    reading = read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens"))], now=NOW)
    assert [text.partition(":")[0] for text in reading.inferred] == ["Requests per month"]
    assert not any(text.startswith("Requests per month") for text in reading.assumed)
