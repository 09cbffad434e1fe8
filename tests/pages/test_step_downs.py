"""Cheaper models of the same maker, on the Candidates page."""

from app_pages import linked, start, words
from streamlit.testing.v1 import AppTest


def _with_sonnet() -> AppTest:
    app = start().switch_page("pages/inputs/candidates.py").run()
    app.selectbox(key="api.provider").set_value("anthropic").run()
    return app.selectbox(key="api.model").set_value("claude-sonnet-5-5").run()


def test_the_quality_of_a_step_down_is_kept_in_the_scenario() -> None:
    app = _with_sonnet()
    assert not app.exception
    assert "Cheaper models of the same maker" in words(app)
    app.segmented_control(key="gate.anthropic claude-haiku-5-5").set_value("not_acceptable").run()
    [haiku] = linked(app).api.step_downs
    assert (haiku.provider, haiku.model, haiku.gate) == ("anthropic", "claude-haiku-5-5", "not_acceptable")


def test_another_model_of_the_seller_can_be_added() -> None:
    app = _with_sonnet()
    app.selectbox(key="added_step_down").set_value("claude-haiku-4-5").run()
    assert not app.exception
    assert [one.model for one in linked(app).api.step_downs] == ["claude-haiku-4-5"]
    assert app.segmented_control(key="gate.anthropic claude-haiku-4-5").value == "assumed"


def test_a_model_that_was_superseded_or_will_be_retired_is_marked_where_it_is_chosen() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    assert "superseded by gpt-" not in words(app)
    app.selectbox(key="api.model").set_value("gpt-5").run()
    assert not app.exception
    assert "gpt-5: superseded by gpt-6.1-sol and " in words(app)
    assert "retired on 2026-12-11." in words(app)
