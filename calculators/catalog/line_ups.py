"""Records of pricing_data/line_ups.yaml: the sizes in which makers sell their closed models, and the models of each size."""

import re
from collections.abc import Mapping
from functools import cache

from pydantic import Field, model_validator

from calculators.catalog.base import Record, Source, Sourced, SourcedFile
from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.short_names import short_model_name

REVISION_WORDS = re.compile(r"(?:-20\d\d-\d\d-\d\d|-latest|-preview| \(global\))+$")
"""End of a name that says which revision of a model is meant, or where it runs."""


class Size(Record):
    """One size of a maker's models."""

    name: str
    models: tuple[str, ...] = Field(min_length=1)
    """The newest first."""


class LineUp(Sourced):
    """The sizes of one maker."""

    maker: str
    sizes: tuple[Size, ...] = Field(min_length=1)
    """The largest first."""


class LineUps(SourcedFile):
    """Line-ups of all makers."""

    line_ups: tuple[LineUp, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> "LineUps":
        names = [name for line_up in self.line_ups for size in line_up.sizes for name in size.models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"line_ups: {twice} is listed twice; keep one")
        other = next((name for name in names if name != line_up_name(name)), None)
        if other is not None:
            raise ValueError(f"line_ups: {other} is never matched; write {line_up_name(other)}")
        return self


@cache
def line_ups() -> LineUps:
    """Contents of pricing_data/line_ups.yaml. Raises DataError naming file and line."""
    return load_sourced(ROOT / "pricing_data/line_ups.yaml", LineUps)


def line_up_name(model: str) -> str:
    """A model's name as line-ups list it: without place, route, date and revision."""
    return REVISION_WORDS.sub("", short_model_name(model).lower())


@cache
def _places() -> Mapping[str, tuple[LineUp, int]]:
    return {
        name: (line_up, i)
        for line_up in line_ups().line_ups
        for i, size in enumerate(line_up.sizes)
        for name in size.models
    }


def place_in_line_up(model: str) -> tuple[LineUp, int] | None:
    """The line-up that lists a model, and the position of its size; None where none does."""
    return _places().get(line_up_name(model))


def line_up_source(line_up: LineUp) -> Source:
    """Where a line-up was published."""
    return line_ups().sources[line_up.source]
