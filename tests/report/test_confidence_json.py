"""How sure, as plain values: strict JSON that equals the confidence."""

import json

import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.report.confidence_json import with_confidence
from calculators.uncertainty.confidence import confidence_of

CATALOG = load_catalog(FIXED_ROOT)


def test_probability_bands_and_values_are_those_of_the_confidence() -> None:
    evaluation = evaluate(scenario(workload={"requests_per_month": 8e6}), CATALOG)
    confidence = confidence_of(evaluation, CATALOG, 500)
    assert confidence is not None
    plain = json.loads(json.dumps(with_confidence({"verdict": 1}, confidence), allow_nan=False))
    assert plain["verdict"] == 1
    by_option = plain["probability"]["by_option"]
    assert [one["label"] for one in by_option] == [option.label for option in evaluation.allowed]
    assert sum(one["cheapest_frac"] for one in by_option) == pytest.approx(1)
    assert plain["probability"]["samples"] == 500
    assert plain["probability"]["by_month"]["until_month"][-1] == evaluation.horizon.months
    assert len(plain["probability"]["by_volume"]["requests_per_month"]) == len(confidence.volumes)
    assert plain["bands"]["quantiles"] == [0.1, 0.5, 0.9]
    assert plain["bands"]["cumulative_usd"][0]["usd"][-1] == pytest.approx(plain["bands"]["total_usd"][0]["usd"])
    worth = plain["value_of_information_usd"]
    assert worth["by_input"] == {one.spread.field: one.worth_usd for one in confidence.findings}


def test_without_an_allowed_option_everything_is_null() -> None:
    plain = with_confidence({}, None)
    assert plain == {"probability": None, "bands": None, "value_of_information_usd": None}
