"""Malformed files end in one clear sentence or in a reading, and show nothing of what their cells hold.

`make fuzz` reads all 2,000 and measures each; here every 23rd is read, so each kind about four times.
"""

import json
import os
import subprocess
import sys

from malformed_files import FILE_COUNT, KINDS, MAX_GROWTH_MIB, malformed_file

from calculators.catalog.load import ROOT

EVERY = 23


def test_the_files_are_the_same_each_time_and_of_every_kind() -> None:
    assert len({malformed_file(number)[2] for number in range(24, 48)}) > 12
    assert malformed_file(30) == malformed_file(30)
    assert {list(KINDS)[number % len(KINDS)] for number in range(0, FILE_COUNT, EVERY)} == set(KINDS)


def _outcomes() -> list[dict[str, object]]:
    """Of a process that reads them one after the other, so that its memory is theirs."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests/helpers")))}
    command = [sys.executable, str(ROOT / "tests/helpers/malformed_files.py"), "--every", str(EVERY), "--json"]
    process = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_each_is_read_or_refused_in_one_sentence_that_shows_no_cell_and_none_takes_much_memory() -> None:
    """A reader that refuses everything would pass all but the last line."""
    outcomes = _outcomes()
    assert len(outcomes) == len(range(0, FILE_COUNT, EVERY))
    assert [outcome for outcome in outcomes if outcome["faults"]] == []
    assert [outcome for outcome in outcomes if outcome["grown_mib"] > MAX_GROWTH_MIB] == []  # type: ignore[operator]
    assert sum(not outcome["refused"] for outcome in outcomes) > 3
