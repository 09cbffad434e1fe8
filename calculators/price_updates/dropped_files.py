"""Rents in files that a team drops into a folder: catalogues of gpuhunt or SkyPilot, or a list of quotes.

A list of quotes has the columns provider, gpu, gpus (of one machine), term, day, and usd_per_gpu_h or usd_per_machine_h;
instance, region and currency may follow. A catalogue carries its seller and its day in its name, as runpod-2026-11-28.csv.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from calculators.catalog.base import COMMITMENT_MONTHS, Source
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.machine_rents import SoldMachine, rents_of_machines
from calculators.price_updates.published import HeldBack, Publication, PublishedRent
from calculators.units import MONTHS_PER_YEAR

MAX_FILE_BYTES = 40_000_000
ListRow = Mapping[str, str]
GPUHUNT = {"instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot"}
SKYPILOT = {"instancetype", "acceleratorname", "acceleratorcount", "price", "spotprice", "region"}
QUOTES = {"provider", "gpu", "gpus", "term", "day"}
_NAME = re.compile(r"^(?P<seller>[a-z][a-z0-9]*(?:[.\-][a-z][a-z0-9]*)*)[-_.](?P<day>\d{4}-\d{2}-\d{2})$")


def read_dropped(folder: Path, today: date, catalog: Catalog) -> tuple[list[Publication], list[str]]:
    """What the CSV files of a folder publish, and a line for each that is not read. Raises DataError without such a
    folder."""
    if not folder.is_dir():
        raise DataError(f"{folder.name}: no such folder; name one that holds price lists as CSV files")
    publications, problems = [], []
    for path in sorted(folder.glob("*.csv")):
        try:
            publications.append(_read(path, today, catalog))
        except DataError as error:
            problems.append(f"{path.name}: {error}")
    return publications, problems


def _read(path: Path, today: date, catalog: Catalog) -> Publication:
    rows = _rows(path)
    columns = set(rows[0]) if rows else set()
    if columns >= QUOTES:
        return _quotes(path, rows, today, catalog)
    if columns >= GPUHUNT:
        return _catalogue(path, rows, _gpuhunt, today, catalog)
    if columns >= SKYPILOT:
        return _catalogue(path, rows, _skypilot, today, catalog)
    raise DataError(f"columns of no known list; a list of quotes has {', '.join(sorted(QUOTES))} and usd_per_gpu_h")


def _rows(path: Path) -> list[ListRow]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"more than {MAX_FILE_BYTES:,} bytes; keep the rows with GPUs only")
    try:
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig")))
        return [
            {key.strip().lower(): (value or "").strip() for key, value in row.items() if isinstance(key, str)}
            for row in reader
        ]
    except (UnicodeDecodeError, csv.Error):
        raise DataError("no CSV text in UTF-8; save it as such") from None


# --- catalogues ----------------------------------------------------------------------------------------------------------


def _catalogue(
    path: Path,
    rows: Sequence[ListRow],
    machines_of: Callable[[str, ListRow], list[SoldMachine]],
    today: date,
    catalog: Catalog,
) -> Publication:
    name = _NAME.match(path.stem.lower())
    if name is None:
        raise DataError("its name must be its seller and its day; rename it as runpod-2026-11-28.csv")
    seller, day = name["seller"], _past_day(name["day"], today)
    machines, held = _machines_of(rows, lambda row: machines_of(seller, row), seller)
    key = f"{seller}-list-{day}"
    rents, more = rents_of_machines(machines, key, day, catalog)
    source = Source(title=f"Price list {path.name}", accessed=day, kind="secondary", note="dropped by your team")
    return Publication(key, source, rents=rents, held=(*held, *more))


def _machines_of(
    rows: Sequence[ListRow], machines_of: Callable[[ListRow], list[SoldMachine]], seller: str
) -> tuple[list[SoldMachine], list[HeldBack]]:
    machines, held = [], []
    for number, row in enumerate(rows, start=2):
        try:
            machines += machines_of(row)
        except ValueError:
            held.append(
                HeldBack(f"{seller}, line {number}", "its price", "a number, a term or a size that cannot be read")
            )
    return machines, held


def _gpuhunt(seller: str, row: ListRow) -> list[SoldMachine]:
    if not float(row["gpu_count"] or 0):
        return []
    machine = SoldMachine(
        provider=seller,
        instance=row["instance_name"],
        gpu_name=row["gpu_name"],
        memory_gb=float(row["gpu_memory"] or 0) or None,
        gpus_count=float(row["gpu_count"]),
        region=row["location"],
        commitment="spot" if row["spot"].lower() == "true" else "on_demand",
        usd_per_h=float(row["price"]),
    )
    return [machine]


def _skypilot(seller: str, row: ListRow) -> list[SoldMachine]:
    prices = {"on_demand": row["price"], "spot": row["spotprice"]}
    return [
        SoldMachine(
            provider=seller,
            instance=row["instancetype"],
            gpu_name=row["acceleratorname"],
            memory_gb=None,
            gpus_count=float(row["acceleratorcount"] or 0) or None,
            region=row["region"],
            commitment=commitment,
            usd_per_h=float(usd),
        )
        for commitment, usd in prices.items()
        if usd and row["acceleratorname"]
    ]


def _past_day(written: str, today: date) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise DataError(f"{written[:20]!r} is no day; write it as 2026-11-28") from None
    if day > today:
        raise DataError(f"{written} lies in the future; correct the day")
    return day


# --- quotes --------------------------------------------------------------------------------------------------------------


def _quotes(path: Path, rows: Sequence[ListRow], today: date, catalog: Catalog) -> Publication:
    """Quotes of several days become rows of their own days; the source carries the newest."""
    if any(row.get("currency", "USD").upper() not in ("", "USD") for row in rows):
        raise DataError("prices in another currency than USD; convert them, and say the rate in your own notes")
    days = {row["day"]: _past_day(row["day"], today) for row in rows}
    key = f"quotes-{path.stem.lower()}"[:60]
    rents: list[PublishedRent] = []
    held: list[HeldBack] = []
    for written, day in days.items():
        machines, unread = _machines_of([row for row in rows if row["day"] == written], _quoted, path.name)
        priced, more = rents_of_machines(machines, key, day, catalog, confidence="high")
        rents += priced
        held += [*unread, *more]
    source = Source(
        title=f"Quotes in {path.name}", accessed=max(days.values()), kind="quote", note="dropped by your team"
    )
    return Publication(key, source, rents=tuple(rents), held=tuple(held))


def _quoted(row: ListRow) -> list[SoldMachine]:
    gpus_count, per_machine = float(row["gpus"]), row.get("usd_per_machine_h", "")
    machine = SoldMachine(
        provider=row["provider"].lower().replace(" ", "-"),
        instance=row.get("instance", ""),
        gpu_name=row["gpu"],
        memory_gb=None,
        gpus_count=gpus_count,
        region=row.get("region", ""),
        commitment=_term(row["term"]),
        usd_per_h=float(per_machine) if per_machine else float(row.get("usd_per_gpu_h", "")) * gpus_count,
    )
    return [machine]


def _term(written: str) -> str:
    """Raises ValueError for a term that no row of the data has."""
    words = re.sub(r"[\s_-]+", " ", written.lower()).strip()
    if words in ("on demand", "spot"):
        return words.replace(" ", "_")
    match = re.fullmatch(r"(\d+) ?(y|years?|months?)", words)
    months = int(match[1]) * (1 if match[2].startswith("m") else MONTHS_PER_YEAR) if match else 0
    terms = [term for term, of_term in COMMITMENT_MONTHS.items() if of_term == months]
    if not terms:
        raise ValueError(written)
    return terms[0]
