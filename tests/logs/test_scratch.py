"""Nothing of a log is on disk when the process that read it is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from request_logs import CANARY, HEADER

from calculators.logs import scratch
from calculators.logs.scratch import scratch_file, scratch_folder

ROOT = Path(__file__).parents[2]


def _killed(code: str, folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False)
    assert process.returncode == -signal.SIGKILL


def _left(path: Path) -> bytes:
    """What a file holds; nothing if it is a folder, or goes while this test looks at it."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return b""


def _files(folder: Path) -> list[Path]:
    """Every file below a folder; a folder that goes meanwhile has none (`os.walk` passes over it, `rglob` raises)."""
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]


def test_a_killed_process_leaves_no_folder(tmp_path: Path) -> None:
    """SIGKILL cannot be caught: what is on disk then has to be removed by somebody else."""
    code = (
        "import os, signal\n"
        "from calculators.logs.scratch import scratch_folder\n"
        "with scratch_folder() as folder:\n"
        "    (folder / 'spill').write_text('numbers')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    _killed(code, tmp_path)
    for _ in range(200):
        if not list(tmp_path.iterdir()):
            return
        time.sleep(0.05)
    raise AssertionError("a scratch folder is left")


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "json"])
def test_a_command_that_is_killed_while_it_reads_leaves_nothing_of_the_log(tmp_path: Path, suffix: str) -> None:
    """In the middle of the queries: unpacked, rewritten as records, and in the engine's tables."""
    path = tmp_path / f"log.{suffix}"
    code = (
        "import gzip, json, os, signal, sys\n"
        "from pathlib import Path\n"
        "from calculators import __main__\n"
        "from calculators.logs import request_log\n"
        f"path, rows = Path({str(path)!r}), [(f'2026-10-05T09:00:{{n % 60:02}}Z', n, 1, {CANARY!r}) for n in range(9_000)]\n"
        f"text = {HEADER!r} + ',prompt\\n' + ''.join(','.join(map(str, row)) + '\\n' for row in rows)\n"
        f"objects = [dict(zip(({HEADER!r} + ',prompt').split(','), row)) for row in rows]\n"
        "kinds = {'.csv': text.encode(), '.gz': gzip.compress(text.encode()), '.json': json.dumps({'data': objects}, indent=1).encode()}\n"
        "path.write_bytes(kinds[path.suffix])\n"
        "request_log.check_totals = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['calculators', 'workload', str(path)]\n"
        "__main__.main()\n"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    _killed(code, folder)
    assert CANARY.encode() not in b"".join(_left(path) for path in _files(folder) if not path.is_symlink())


def test_a_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    file, path = scratch_file()
    file.write(b"text")
    file.flush()
    assert path.read_bytes() == b"text"
    assert list(tmp_path.iterdir()) == []


def test_without_proc_a_file_has_a_name_of_ours_and_goes_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "OPEN_FILES", tmp_path / "nowhere")
    file, path = scratch_file()
    file.write(b"text")
    file.flush()
    assert path.read_bytes() == b"text"
    assert path.name.startswith(f"{scratch.PREFIX}{os.getpid()}-")
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_goes_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of a process that lives is kept, and so is what is not ours."""
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f"{scratch.PREFIX}{gone.pid}-a").mkdir()
    (tmp_path / f"{scratch.PREFIX}{gone.pid}-a" / "spill").write_text(CANARY)
    (tmp_path / f"{scratch.PREFIX}{gone.pid}-b").write_text(CANARY)
    kept = {f"{scratch.PREFIX}{os.getpid()}-c", f"{scratch.PREFIX}x", "other"}
    for name in kept:
        (tmp_path / name).write_text("")
    with scratch_folder() as folder:
        assert {path.name for path in tmp_path.iterdir()} == {*kept, folder.name}
