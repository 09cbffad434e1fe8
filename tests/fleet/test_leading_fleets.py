"""The fleet that leads a group, and what the cheapest of the leading ones costs."""

from dataclasses import replace

import numpy as np
import pytest
from support import staircase

from calculators.catalog.catalog import Catalog
from calculators.fleet.leading_fleets import by_group, lead_ratios, leading_rents_usd
from calculators.fleet.staircase import Staircase


def _two(catalog: Catalog) -> tuple[Staircase, Staircase]:
    cheap = staircase(catalog, 1_000, 100)
    return cheap, replace(cheap, machine_usd_per_month=110.0, lead_ratio=1.2)


def test_one_of_known_speed_leads_up_to_its_ratio(catalog: Catalog) -> None:
    volumes = np.array([[100.0, 100.0], [110.0, 130.0]])
    assert leading_rents_usd(_two(catalog), volumes) == pytest.approx([110, 100])


def test_of_two_known_ones_the_cheaper_leads(catalog: Catalog) -> None:
    cheap, known = _two(catalog)
    dearer = replace(known, machine_usd_per_month=115.0)
    assert leading_rents_usd([dearer, known], np.array([[115.0], [110.0]])) == pytest.approx([110])
    assert lead_ratios([cheap, known]) == pytest.approx([1, 1.2])
    assert list(by_group([cheap, known]).values()) == [[0, 1]]
