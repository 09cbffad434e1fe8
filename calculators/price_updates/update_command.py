"""`python -m calculators update-prices`, and `make update-prices`: newest prices into the data files, a dry run first."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from calculators.catalog.load import ROOT
from calculators.errors import DataError


def add_update_command(commands: Any) -> None:
    """Adds the command and its options to the parser of the command line."""
    update = commands.add_parser("update-prices", help="what the newest prices would change; --write appends them")
    update.add_argument(
        "--write", action="store_true", help="append the new rows to the data files (default: a dry run)"
    )
    update.add_argument(
        "--packages", type=Path, metavar="FOLDER", help="read downloaded packages from here, without a network"
    )
    update.add_argument("--lists", type=Path, metavar="FOLDER", help="also read price lists and quotes (CSV) from here")
    update.add_argument(
        "--scenarios", type=Path, action="append", default=[], metavar="FOLDER", help="also show these verdicts"
    )
    update.add_argument(
        "--accept", action="append", default=[], metavar="NAME", help="write this price although it is held back"
    )
    update.set_defaults(run=_update)


def _update(options: argparse.Namespace) -> None:
    from calculators.price_updates.update import UpdateSettings, update_prices
    from calculators.price_updates.update_text import update_text

    for folder in (*options.scenarios, *filter(None, (options.packages,))):
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
    settings = UpdateSettings(
        today=date.today(),
        write=options.write,
        packages=options.packages,
        lists=options.lists,
        accepted=tuple(options.accept),
        scenarios=(ROOT / "scenarios", *options.scenarios),
        tell=lambda step: print(f"{step} ...", file=sys.stderr, flush=True),
    )
    print(update_text(update_prices(settings, ROOT)))
