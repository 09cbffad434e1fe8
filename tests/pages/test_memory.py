"""Where the GPU memory goes on *Prefill and decode*, and logged starts on *Model accuracy*."""

from app_pages import opened, words


def test_the_page_shows_the_bar_and_the_line_of_vllm() -> None:
    page = opened("pages/engineer/phases.py")
    assert not page.exception
    assert "Where the GPU memory goes" in words(page)
    assert any("GPU KV cache size:" in code.value for code in page.code)


def test_logged_starts_are_judged_by_kind() -> None:
    page = opened("pages/reference/accuracy.py")
    assert not page.exception
    assert "of them of models that no rule was chosen on: of these, weights are off by" in words(page)
    kinds = next(table.value for table in page.dataframe if "Kind of report" in getattr(table.value, "columns", ()))
    assert {"dense", "did not start", "SGLang"} <= set(kinds["Kind of report"])
