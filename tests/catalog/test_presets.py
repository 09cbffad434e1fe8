"""Typical workloads."""

import pytest
from pydantic import ValidationError

from calculators.catalog.catalog import Catalog
from calculators.catalog.presets import Preset


def test_every_preset_says_what_it_is_in_a_sentence(live_catalog: Catalog) -> None:
    presets = live_catalog.presets.values()
    assert len({preset.name for preset in presets}) == len(presets) >= 5
    assert all(preset.what.endswith(".") for preset in presets)


@pytest.mark.parametrize(("field", "value"), [("peak_ratio", 0.5), ("active_h_per_month", 731), ("cached_frac", 1.1)])
def test_a_preset_out_of_range_is_refused(live_catalog: Catalog, field: str, value: float) -> None:
    plain = next(iter(live_catalog.presets.values())).model_dump()
    with pytest.raises(ValidationError, match=field):
        Preset.model_validate(plain | {field: value})
