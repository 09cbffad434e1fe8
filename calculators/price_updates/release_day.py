"""The day of a package's release: its prices are as old, however late it is downloaded.

An index that follows PEP 700 says when each file was uploaded. A wheel dates the files inside, unless its build tool gives all
of them one constant day, which is at midnight.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

import requests

from calculators.price_updates.packages import Wheel, times_in

INDEX_TIMEOUT_S = 30
PYPI = "https://pypi.org/simple"
JSON_INDEX = "application/vnd.pypi.simple.v1+json"
_SETTING = re.compile(r"^(?P<group>[^.]+)\.(?P<key>[a-z-]+)='(?P<value>.*)'$", re.MULTILINE)
SETTING_GROUPS = (":env:", "download", "global")
"""Where pip takes a setting from, first match first."""


def release_day(wheel: Wheel, today: date, ask_index: bool) -> date:
    """The day on which the index got the wheel, where it is asked and says so; else the newest day inside the wheel; else the
    day of the file, which is that of the download. Never after `today`. Raises DataError in one line for a broken wheel."""
    days = filter(None, _days(wheel, today, ask_index))
    return min(next(days), today)


def _days(wheel: Wheel, today: date, ask_index: bool) -> Iterator[date | None]:
    """From the best witness to the last one, each asked only where those before are silent."""
    if ask_index:
        yield _uploaded(wheel)
    yield max((moment.date() for moment in times_in(wheel) if _is_plausible(moment, today)), default=None)
    yield datetime.fromtimestamp(wheel.path.stat().st_mtime, UTC).date()


def _is_plausible(moment: datetime, today: date) -> bool:
    return moment.date() <= today and (moment.hour, moment.minute, moment.second) != (0, 0, 0)


def _uploaded(wheel: Wheel) -> date | None:
    """By the index that pip downloads from; None where it cannot be asked or does not say."""
    settings = _pip_settings()
    url = f"{settings.get('index-url', PYPI).rstrip('/')}/{re.sub(r'[-_.]+', '-', wheel.name).lower()}/"
    try:
        told = requests.get(
            url, headers={"Accept": JSON_INDEX}, timeout=INDEX_TIMEOUT_S, verify=settings.get("cert", True)
        )
        told.raise_for_status()
        [uploaded] = [one["upload-time"] for one in told.json()["files"] if one["filename"] == wheel.path.name]
        return datetime.fromisoformat(uploaded).astimezone(UTC).date()
    except (requests.RequestException, OSError, ValueError, KeyError, TypeError):
        return None


def _pip_settings() -> Mapping[str, str]:
    """Settings of pip by key: its index and its certificates, out of the environment or its files."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    told = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    values = {(one["group"], one["key"]): one["value"] for one in _SETTING.finditer(told.stdout)}
    return {key: values[group, key] for group in reversed(SETTING_GROUPS) for of, key in values if of == group}
