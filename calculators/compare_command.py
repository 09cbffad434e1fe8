"""`python -m calculators compare A.yaml B.yaml`: two sets of assumptions side by side, and why their answers differ."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

from calculators.errors import DataError


def add_compare_command(commands: Any) -> None:
    """Adds the command and its options to the parser of the command line."""
    parser = commands.add_parser("compare", help="two sets of assumptions side by side, and the gap by input")
    parser.add_argument("a", type=Path, metavar="A.yaml", help="a scenario file, or a decision record (.json)")
    parser.add_argument("b", type=Path, metavar="B.yaml", help="another one")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> None:
    from calculators.catalog.load import load_catalog
    from calculators.comparison.comparison import compare_evaluations
    from calculators.comparison.comparison_json import comparison_json
    from calculators.comparison.comparison_text import comparison_text

    catalog, today = load_catalog(), date.today()
    (a, first), (b, second) = (_answer(path, today, catalog) for path in (options.a, options.b))
    comparison = compare_evaluations(a, b, catalog)
    if options.json:
        print(json.dumps(comparison_json(comparison, (first, second)), indent=1, allow_nan=False))
    else:
        print(comparison_text(comparison, (first, second)))


def _answer(path: Path, today: date, catalog: Any) -> tuple[Any, str]:
    """The evaluation of a scenario file, or of the scenario in a decision record, and what it is called."""
    from calculators.evaluate import evaluate
    from calculators.report.decision_record import MAX_BYTES, read_record
    from calculators.scenario.files import read_scenario

    called = path.name
    if path.suffix == ".json":
        with path.open("rb") as file:
            record = read_record(file.read(MAX_BYTES + 1), path.name)
        scenario, called = record.scenario, f"{path.name}, decided on {record.made_on}, again with today's data"
    else:
        scenario = read_scenario(path, today)
    try:
        return evaluate(scenario, catalog), called
    except DataError as error:
        raise DataError(f"{path.name}: {error}", error.field) from None
