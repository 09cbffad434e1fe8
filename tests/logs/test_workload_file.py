"""What a workload file says of a reading."""

from datetime import UTC, datetime

from calculators.logs.load_series import LoadSeries
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare
from calculators.logs.workload_file import usage_block

START = datetime(2026, 10, 5, tzinfo=UTC)
FIGURES = dict.fromkeys(("cache_read_tok", "cache_write_tok", "output_tok", "end"))
SHARE = UsageShare(
    value="checkout",
    requests=3.0,
    input_tok=1_234_567,
    cache_read_tok=None,
    cache_write_tok=None,
    output_tok=10,
    spend_usd=float("nan"),
    input_p95_tok=100.123456789,
)


def test_lists_series_and_split_are_carried_in_few_figures() -> None:
    reading = UsageReading(
        kind="aggregate",
        name="sums.csv",
        requests=3,
        input_tok=9,
        start=START,
        groups={"team": (SHARE,)},
        series=LoadSeries(START, 60.0, (1.0, 2.0), None, (0.123456789, float("nan"))),
        read=("3 requests.",),
        assumed=("the peak.",),
        **FIGURES,
    )
    block = usage_block(reading, ("Assumed: x as gpt-4o.", "You pay $3/month."))
    assert (block.read, block.assumed, block.missing) == (("3 requests.",), ("the peak.", "x as gpt-4o."), ())
    assert block.inferred == ("You pay $3/month.",)
    assert block.series is not None
    assert (block.series.requests, block.series.tokens, block.series.spend_usd) == ((1, 2), None, (0.123457, 0))
    team = block.groups["team"][0]
    assert (team.value, team.input_tok, team.spend_usd, team.input_p95_tok) == ("checkout", 1_234_567, None, 100.123)
    assert (block.peaks, block.input_lengths) == ((), None)
