"""Model accuracy: runs with separate pools and with drafts, beside the runs of one pool."""

from app_pages import opened, words


def test_runs_with_separate_pools_are_told_with_their_errors() -> None:
    page = opened("pages/reference/accuracy.py")
    shown = words(page)
    assert "published runs with separate prefill and decode pools" in shown
    assert "pairs of runs with and without multi-token prediction" in shown
    table = next(table.value for table in page.dataframe if "Runs with separate pools" in table.value)
    assert table["Runs with separate pools"].iloc[-1] == "All"
    assert table["Runs"].iloc[-1] == table["Runs"].iloc[:-1].sum() == 210
