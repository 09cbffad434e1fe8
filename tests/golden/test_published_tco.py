"""Published examples of owning against renting or buying, recomputed from the publisher's inputs with the project's functions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from calculators.horizon.finance import net_present_value_usd, payback_month, return_per_year_frac
from calculators.horizon.months import OptionMonths
from calculators.options.month_path import drift_ratios
from calculators.options.option import Option

EXAMPLES = yaml.safe_load((Path(__file__).parent / "published_tco.yaml").read_text())["examples"]
FIGURES = [
    pytest.param(figure, id=f"{example['publisher']}: {figure['what']}")
    for example in EXAMPLES
    for figure in example["figures"]
]
ROUNDED_FRAC = 0.02
"""How far a published figure may lie from ours and still agree: most are rounded to two digits."""


def flows_of(given: dict[str, Any]) -> np.ndarray:
    """Flows of each period: now, and at the end of every one."""
    if "yearly_usd" in given:
        years = given["yearly_usd"]
        flows = np.zeros(12 * len(years) + 1)
        flows[12::12] = years
    elif given.get("is_yearly"):
        return flows_of(given | {"yearly_usd": [given["each_usd"]] * given["periods"]})
    else:
        parts = given.get("month_parts", 1)
        each = drift_ratios(given.get("change_per_year_frac", 0.0), given["periods"]) * given["each_usd"]
        flows = np.append(0.0, np.repeat(each / parts, parts))
    flows[0] += given["now_usd"]
    return flows


def recomputed(figure: dict[str, Any]) -> float | str | None:
    given, flows = figure["flows"], flows_of(figure["flows"])
    months = OptionMonths(
        option=Option(kind="own_hardware", label="published", lines=(), model="any"),
        cost_usd=flows[1:],
        cash_usd=flows,
        tok_per_month=np.full(len(flows) - 1, given.get("tok_per_period", 1.0)),
        today_cash_usd=np.zeros(len(flows)),
        discount_per_year_frac=figure.get("rate_frac", 0.0),
    )
    match figure["measure"]:
        case "payback":
            month = payback_month(flows)
            return "never" if month is None else month / given.get("month_parts", 1)
        case "total":
            return months.tco_usd
        case "npv":
            return net_present_value_usd(flows, figure["rate_frac"])
        case "return":
            return return_per_year_frac(flows)
        case _:
            return months.usd_per_mtok


@pytest.mark.parametrize("figure", FIGURES)
def test_a_published_example_comes_out_as_the_file_says(figure: dict[str, Any]) -> None:
    found, published = recomputed(figure), figure["published"]
    agrees = found == published if "never" in (found, published) else None
    if figure["ours"] == "never":
        assert found == "never"
    else:
        assert found == pytest.approx(figure["ours"], rel=0.001)
        if agrees is None and published is not None:
            agrees = bool(found == pytest.approx(published, rel=ROUNDED_FRAC))
    assert agrees is figure["agrees"]


def test_every_example_says_who_wrote_it_what_follows_and_what_it_leaves_out() -> None:
    assert len(EXAMPLES) >= 10
    for example in EXAMPLES:
        assert example["url"].startswith("https://")
        assert all(example[word] for word in ("title", "date", "publisher", "sells", "inputs", "verdict", "leaves_out"))
    agreed = [figure["agrees"] for example in EXAMPLES for figure in example["figures"]]
    assert agreed.count(True) > agreed.count(False) > 5
