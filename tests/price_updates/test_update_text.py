"""An update in words."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from calculators.catalog.base import Source
from calculators.catalog.prices import ApiPrice
from calculators.price_updates import update_text as text_module
from calculators.price_updates.ages import Ages
from calculators.price_updates.changes import Changes, TokenChange
from calculators.price_updates.published import HeldBack, Publication, PublishedTokens
from calculators.price_updates.update import Update
from calculators.price_updates.update_text import update_text
from calculators.price_updates.verdict_changes import VerdictChange

DAY = date(2026, 11, 20)
PRICE = ApiPrice(source="k", confidence="medium", valid_from=DAY, input_usd_per_mtok=2, output_usd_per_mtok=8)
CHANGES = Changes(
    Publication("k", Source(title="A list 1.0", accessed=DAY, kind="library")),
    (
        TokenChange(PublishedTokens("p", "m", (PRICE,)), None, False),
        TokenChange(PublishedTokens("p", "n", (PRICE,)), None, True),
    ),
    (),
    (HeldBack("p/o", "$1 input", "input was $9, now $1: more than 2x"),),
)
UPDATE = Update(
    changes=(CHANGES,),
    problems=("litellm: not downloaded: are you offline?",),
    files=(Path("pricing_data/api/p.yaml"),),
    written=False,
    rent_ages=(Ages(3, 200, 2), Ages(4, 100, 1)),
    token_ages=(Ages(1, 10, 0), Ages(2, 5, 0)),
    forgotten=("Old Cloud",),
    unknown=(("newmodel-70b", 3),),
    verdicts=(
        VerdictChange("a.yaml", "Stay.", "Move.", ("x: $2 to $1 a month (50% lower)",)),
        VerdictChange("b.yaml", "Stay.", "Stay.", ()),
    ),
    digests=("aaa", "bbb"),
)


def test_every_part_of_an_update_is_said() -> None:
    assert update_text(UPDATE).splitlines() == [
        "Not read: litellm: not downloaded: are you offline?",
        "A list 1.0: 1 new or changed price, 1 confirmed",
        "  p/m: $2 input, $8 output, $2 cached per million tokens (was new)",
        "Held back for a person to look at: 1 price",
        "  p/o: $1 input; input was $9, now $1: more than 2x",
        "  To write one all the same: ACCEPT='NAME', as it stands before the colon.",
        "",
        "Rows to append: 2, in 1 file. Data version aaa -> bbb.",
        "Rents: 3 current, median age 200 days, 2 older than 180 days before; 4 current, median age 100 days, 1 older than 180 days after.",
        "Token prices of our own files: 1 current, median age 10 days, 0 older than 180 days before; "
        "2 current, median age 5 days, 0 older than 180 days after.",
        "Providers without a rent of the last 180 days: Old Cloud.",
        "Hosted models that the app does not know: newmodel-70b (3 sellers).",
        "a.yaml: was: Stay.",
        "  now: Move.",
        "  x: $2 to $1 a month (50% lower)",
        "b.yaml: unchanged: Stay.",
        "A dry run: nothing is written. WRITE=1 appends these rows.",
    ]


def test_an_update_without_news_says_so() -> None:
    text = update_text(replace(UPDATE, changes=(), problems=(), files=(), forgotten=(), unknown=(), verdicts=()))
    assert "Nothing to write." in text
    assert "Held back for a person to look at: no price" in text
    assert update_text(replace(UPDATE, written=True)).endswith("Written.")


def test_a_long_list_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "MOST_LINES", 2)
    held = tuple(HeldBack(f"p/{n}", "$1", "why") for n in range(5))
    text = update_text(replace(UPDATE, changes=(replace(CHANGES, held=held),)))
    assert "  and 3 more" in text
