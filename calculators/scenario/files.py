"""A scenario, or its workload alone, from a YAML file."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from calculators.catalog.base import Record
from calculators.catalog.yaml_reader import MAX_YAML_BYTES, at_line, parse_yaml
from calculators.errors import DataError, data_error
from calculators.scenario.schema import Api, Scenario, Workload, parse_scenario
from calculators.scenario.usage_block import UsageBlock, usage_block_yaml

USAGE_BLOCKS = {"workload", "api", "usage"}
USAGE_API = {"provider", "model", "paid_usd_per_month", "paid_source", "mix"}
"""What a file of usage says of the API."""

_Block = TypeVar("_Block", bound=Record)


@dataclass(frozen=True, slots=True)
class UsageFile:
    """A workload file, as the command line writes it. None: it has no such block."""

    workload: Workload
    api: Api | None
    """The API in use."""
    usage: UsageBlock | None
    """What the log was read for, with the figures of its charts."""


def parse_usage_file(content: bytes, name: str) -> UsageFile:
    """The blocks of a YAML file with a `workload:` block. Raises DataError with file, line and label."""
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

    return UsageFile(
        workload=block_of(Workload, "workload"),
        api=block_of(Api, "api") if "api" in value else None,
        usage=block_of(UsageBlock, "usage") if "usage" in value else None,
    )


def usage_file_yaml(file: UsageFile) -> str:
    """The text of a workload file: what `parse_usage_file` reads."""
    blocks: dict[str, dict[str, Any]] = {"workload": file.workload.model_dump(mode="json")}
    if file.api is not None:
        blocks["api"] = file.api.model_dump(mode="json", include=USAGE_API, exclude_none=True)
    text: str = yaml.safe_dump(blocks, sort_keys=False, allow_unicode=True, width=120)
    return text + (usage_block_yaml(file.usage) if file.usage else "")


def read_scenario(path: Path, today: date) -> Scenario:
    """The scenario of a file; `as_of` defaults to `today`. Raises OSError, or DataError with file, line and label."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path.name}: not a file; name a scenario file, as scenarios/azure-conversation.yaml")
    with path.open("rb") as file:
        content = file.read(MAX_YAML_BYTES + 1)
    value, lines = parse_yaml(content, path.name)
    if not isinstance(value, dict):
        raise DataError(f"{path.name}: a scenario is a list of 'key: value' lines; see scenarios/ for examples")
    if "workload" in value and not {*value} - USAGE_BLOCKS:
        raise DataError(
            f"{path.name}: a workload, no whole scenario; upload it on the Workload page, or put its blocks in the place of those "
            "of a scenario file, as scenarios/azure-conversation.yaml"
        )
    value.pop("usage", None)  # of a workload file: it says where the figures come from, and is no input
    return parse_scenario({"as_of": today, **value}, lambda keys: at_line(keys, lines, path.name))
