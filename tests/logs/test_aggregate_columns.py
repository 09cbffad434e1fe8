"""Names of the columns of sums."""

from calculators.logs.aggregate_columns import COLUMNS, CURRENCY, END, LAST_DAY, MODEL, SPEND, START


def test_a_name_means_one_thing() -> None:
    quantities = [name for groups in COLUMNS.values() for group in groups for name in group]
    every = [*quantities, *START, *END, *LAST_DAY, *SPEND, *CURRENCY, *MODEL]
    assert len(every) == len(set(every))
    assert all(name == "".join(char for char in name.lower() if char.isalnum()) for name in every)
