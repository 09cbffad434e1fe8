"""A scenario, or its workload alone, from a YAML file."""

from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from calculators.catalog.base import Record
from calculators.catalog.yaml_reader import MAX_YAML_BYTES, at_line, parse_yaml
from calculators.errors import DataError, data_error
from calculators.scenario.schema import Api, Scenario, Workload, parse_scenario

_Block = TypeVar("_Block", bound=Record)


def parse_usage_file(content: bytes, name: str) -> tuple[Workload, Api | None]:
    """The workload of a YAML file with a `workload:` block, as the command line writes it, and the API in use where it has
    an `api:` block. Raises DataError with file, line and label."""
    value, lines = parse_yaml(content, name)
    block = value.get("workload") if isinstance(value, dict) else None
    if not isinstance(block, dict):
        raise DataError(
            f"{name}: no 'workload:' block; write it with python -m calculators workload FILE > workload.yaml"
        )

    def block_of(record: type[_Block], key: str) -> _Block:
        try:
            return record.model_validate(value[key])
        except ValidationError as error:
            raise data_error(error, record, lambda keys: at_line((key, *keys), lines, name)) from None

    return block_of(Workload, "workload"), block_of(Api, "api") if "api" in value else None


def read_scenario(path: Path, today: date) -> Scenario:
    """The scenario of a file; `as_of` defaults to `today`. Raises OSError, or DataError with file, line and label."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path.name}: not a file; name a scenario file, as scenarios/azure-conversation.yaml")
    with path.open("rb") as file:
        content = file.read(MAX_YAML_BYTES + 1)
    value, lines = parse_yaml(content, path.name)
    if not isinstance(value, dict):
        raise DataError(f"{path.name}: a scenario is a list of 'key: value' lines; see scenarios/ for examples")
    if "workload" in value and not {*value} - {"workload", "api"}:
        raise DataError(
            f"{path.name}: a workload, no whole scenario; upload it on the Workload page, or put its blocks in the place of those "
            "of a scenario file, as scenarios/azure-conversation.yaml"
        )
    return parse_scenario({"as_of": today, **value}, lambda keys: at_line(keys, lines, path.name))
