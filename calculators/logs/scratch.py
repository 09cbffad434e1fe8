"""Scratch space for what others handed in: nothing of it is on disk when this process is gone, even when it was killed.

A file without a name is gone with the process. Where a path is needed, /proc leads to it; a system without /proc gets a file
with a name of our own instead. Folders, and those files, are removed by a process that waits for the end of this one, and if
that was killed too, at the next start.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

OPEN_FILES = Path("/proc/self/fd")
PREFIX = "crossover-scratch-"


def scratch_file() -> tuple[IO[bytes], Path]:
    """A file for bytes and the path by which this process opens it again. It goes when it is closed."""
    if OPEN_FILES.is_dir():
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as its user wants
        return file, OPEN_FILES / str(file.fileno())
    _sweep()
    named = tempfile.NamedTemporaryFile(prefix=_prefix())  # noqa: SIM115
    return named, Path(named.name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder that goes at the end, and also when this process is killed: a shell waits for that and removes
    it."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_prefix()) as folder:
        command = ["/bin/sh", "-c", 'read -r _; rm -rf -- "$1"', "sh", folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watcher:  # noqa: S603
            try:
                yield Path(folder)
            finally:
                watcher.kill()


def _prefix() -> str:
    return f"{PREFIX}{os.getpid()}-"


def _sweep() -> None:
    """Removes what a process that is no more has left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = path.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not _lives(int(owner)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
