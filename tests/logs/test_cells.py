"""What grouping signs mean."""

from calculators.logs.cells import thousands_sign


def test_a_point_in_some_cells_only_groups_thousands() -> None:
    assert thousands_sign(["2.880", "300", "-", ""]) == "."
    assert thousands_sign(["2.880", "300.5"]) == thousands_sign(["0.123"]) == thousands_sign(["1.000", "2.000"]) == ","
