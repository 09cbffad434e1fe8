"""What an update does to the verdicts of scenario files, and which prices moved them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate
from calculators.scenario.files import read_scenario
from calculators.units import change, usd

MOST_MOVED_COUNT = 3
LEAST_MOVE_FRAC = 0.005


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """One scenario file's verdict before and after an update."""

    file: str
    before: str
    after: str
    moved: tuple[str, ...]
    """Options whose cost moved most, in words."""

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def verdict_changes(folders: Iterable[Path], today: date, before: Catalog, after: Catalog) -> tuple[VerdictChange, ...]:
    """The verdict of every scenario file in the folders, at the prices of both catalogs. A file that is no scenario says
    why."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return tuple(_verdict_change(path, today, before, after) for path in paths)


def _verdict_change(path: Path, today: date, before: Catalog, after: Catalog) -> VerdictChange:
    try:
        scenario = read_scenario(path, today)
        old, new = evaluate(scenario, before), evaluate(scenario, after)
    except DataError as error:
        return VerdictChange(path.name, str(error), str(error), ())
    return VerdictChange(path.name, old.verdict.sentence, new.verdict.sentence, _moved(old, new))


def _moved(old: Evaluation, new: Evaluation) -> tuple[str, ...]:
    """Options that both hold, and whose cost moved; then what is new or gone at the top."""
    costs = {option.label: option.usd_per_month for option in old.options}
    pairs = [(costs[option.label], option) for option in new.options if option.label in costs]
    ratios = [(option.usd_per_month / was, was, option) for was, option in pairs if was > 0]
    moved = sorted((one for one in ratios if abs(one[0] - 1) > LEAST_MOVE_FRAC), key=lambda one: -abs(one[0] - 1))
    words = [
        f"{option.label}: {usd(was)} to {usd(option.usd_per_month)} a month ({change(ratio)})"
        for ratio, was, option in moved
    ]
    if new.verdict.winner.label not in costs:
        words.insert(0, f"new: {new.verdict.winner.label}, {usd(new.verdict.winner.usd_per_month)} a month")
    return tuple(words[:MOST_MOVED_COUNT])
