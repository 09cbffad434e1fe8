"""2,000 malformed logs, the same each time, and what the reader makes of them.

Run by hand with `make fuzz`: every file with its CPU time and its memory.
"""

import argparse
import json
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from malformed_packed import PACKED_KINDS
from malformed_text import TEXT_KINDS

from calculators.errors import DataError
from calculators.logs.request_mapping import guess_columns
from calculators.logs.usage_files import read_usage, usage_workload_yaml
from calculators.logs.usage_questions import UsageAnswers

FILE_COUNT = 2_000
MAX_CPU_S, MAX_GROWTH_MIB, MAX_SENTENCE_CHARS = 5.0, 300.0, 300
KINDS = {**TEXT_KINDS, **PACKED_KINDS}
NAMES = (
    "log.csv",
    "../x",
    "a\nb.csv",
    "httpfs://x/y.csv",
    "*.csv",
    "x' OR 1.csv",
    "<b>.json",
    "y" * 400,
    "",
    "log.jsonl.gz",
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PRIVATE = ("CANARY", "canary@")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `said` is all text that a person may see of it."""

    kind: str
    refused: bool
    said: str


def malformed_file(number: int) -> tuple[str, str, bytes]:
    """Kind, name and content of one of the files."""
    random = Random(f"usage {number}")
    kind = list(KINDS)[number % len(KINDS)]
    content = KINDS[kind](random)
    return (
        kind,
        random.choice(NAMES),
        content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"),
    )


def outcome(folder: Path, number: int) -> Outcome:
    """Reads one file as the command line and the page do. Any exception but DataError is the reader's fault."""
    kind, name, content = malformed_file(number)
    path = folder / (name if name and "/" not in name and len(name) < 200 else "log")
    path.write_bytes(content)
    try:
        return Outcome(kind, False, _read(path, name))
    except DataError as error:
        return Outcome(kind, True, str(error))
    finally:
        path.unlink()


def _read(path: Path, name: str) -> str:
    answers = UsageAnswers()
    reading = read_usage([path], answers, names=[name], now=NOW)
    said = [json.dumps(reading.to_json(), allow_nan=False)]
    said += [part for question in reading.questions for part in (question.text, *question.answers)]
    if not reading.questions:
        said.append(usage_workload_yaml(reading, answers))
    else:
        said.append(repr(guess_columns(path)))
    return "\n".join(said)


def faults(result: Outcome) -> Iterator[str]:
    """What is wrong with what was said."""
    if any(private in result.said for private in PRIVATE):
        yield "shows what a cell holds"
    if result.refused and not (result.said.isprintable() and 10 < len(result.said) <= MAX_SENTENCE_CHARS):
        yield f"says {len(result.said)} characters, or none that can be printed"


def peak_mib() -> float:
    """Most memory that this process had since the last `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def forget_peak() -> float:
    """Starts the measure of `peak_mib` anew; the memory of this moment."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mib()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(folder: Path, number: int) -> dict[str, Any]:
    """What became of one file, with what is wrong with it, CPU seconds and memory."""
    before_mib, before_s = forget_peak(), _cpu_s()
    try:
        result = outcome(folder, number)
        wrong = list(faults(result))
    except Exception as error:
        result = Outcome(malformed_file(number)[0], False, "")
        wrong = [f"raises {error!r}"[:200]]
    return {
        "number": number,
        "kind": result.kind,
        "refused": result.refused,
        "said": result.said[:400],
        "faults": wrong,
        "cpu_s": round(_cpu_s() - before_s, 2),
        "grown_mib": round(peak_mib() - before_mib),
    }


def main() -> int:
    """Ends with status 1 if a file is read or refused wrongly, or takes too long or too much memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1, help="read every so many of the files")
    parser.add_argument("--json", action="store_true", help="all outcomes, one a line")
    options = parser.parse_args()
    ends, worst, wrong_count = Counter[str](), dict.fromkeys(("cpu_s", "grown_mib"), (0.0, "")), 0
    with tempfile.TemporaryDirectory() as folder:
        outcome(Path(folder), 16)  # so that what is imported late is not counted
        for number in range(0, FILE_COUNT, options.every):
            record = measured(Path(folder), number)
            wrong = record["faults"] or record["cpu_s"] > MAX_CPU_S or record["grown_mib"] > MAX_GROWTH_MIB
            wrong_count += bool(wrong)
            if wrong or options.json:
                print(json.dumps(record), flush=True)
            ends[f"{record['kind']}: {'refused' if record['refused'] else 'read'}"] += 1
            worst = {name: max(most, (record[name], f"{record['kind']} {number}")) for name, most in worst.items()}
    if not options.json:
        print(*(f"{count:5} {end}" for end, count in sorted(ends.items())), sep="\n")
        print(f"Most CPU and memory: {worst}; {wrong_count} files with a fault.")
    return bool(wrong_count)


if __name__ == "__main__":
    sys.exit(main())
