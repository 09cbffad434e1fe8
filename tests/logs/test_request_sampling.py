"""Samples of a log."""

from pathlib import Path

import pytest
from request_logs import write

from calculators.logs.request_file import read_head
from calculators.logs.request_sampling import sampling_column


@pytest.mark.parametrize(
    ("header", "cell", "found"),
    [
        ("sampling_rate", "0.25", ("sampling_rate", 4.0)),
        ("SampleRate", "10", ("SampleRate", 10.0)),
        ("itemCount", "2", ("itemCount", 2.0)),
        ("sampling_fraction", "1.0", None),
        ("sample_id", "7", None),
        ("rate", "0.1", None),
    ],
)
def test_columns_that_say_a_row_stands_for_several(
    tmp_path: Path, header: str, cell: str, found: tuple[str, float] | None
) -> None:
    rows = "".join(f"2026-10-05T09:00:0{n}Z,10,1,{cell}\n" for n in range(3))
    path = write(tmp_path, f"timestamp,input_tokens,output_tokens,{header}\n{rows}")
    assert sampling_column(read_head(path, "log.csv")) == found
