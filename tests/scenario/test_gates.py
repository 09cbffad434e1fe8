"""What a model may answer."""

import pytest

from calculators.scenario.gates import answers_all, answers_easy_only
from calculators.scenario.schema import Gate


@pytest.mark.parametrize(
    ("gate", "everything", "easy"),
    [
        ("accepted", True, False),
        ("assumed", True, False),
        ("easy_only", False, True),
        ("not_acceptable", False, False),
    ],
)
def test_a_model_answers_everything_the_easy_requests_or_nothing(gate: Gate, everything: bool, easy: bool) -> None:
    assert answers_all(gate) is everything
    assert answers_easy_only(gate) is easy
