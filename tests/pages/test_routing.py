"""Easy requests at a small model: the share on the Workload page, the model on the Candidates page, what the verdict says."""

import pytest
from app_pages import linked, start, words

from calculators.scenario.schema import label

SHARE = "shown_easy_frac"


def test_the_share_is_not_known_until_it_is_entered_and_in_percent() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    field = app.number_input(key=SHARE)
    assert field.label == f"{label('workload.easy_frac')} (%)"
    assert field.value is None
    assert linked(app).workload.easy_frac is None
    field.set_value(40).run()
    assert not app.exception
    assert linked(app).workload.easy_frac == pytest.approx(0.4)
    assert "RouteLLM" in field.help
    app.number_input(key=SHARE).set_value(None).run()
    assert linked(app).workload.easy_frac is None


def test_a_model_for_easy_requests_and_their_share_make_an_option() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    for control in app.segmented_control:
        if str(control.key).startswith("gate."):
            control.set_value("not_acceptable" if control.key.startswith("gate.openai ") else "easy_only")
    app.run()
    assert not app.exception
    assert {one.gate for one in linked(app).candidates} == {"easy_only"}
    verdict = app.switch_page("pages/decide/verdict.py").run()
    assert "their share is not known: measure it and enter it on the Workload page" in words(verdict)
    app.switch_page("pages/inputs/workload.py").run()
    app.number_input(key=SHARE).set_value(60).run()
    verdict = app.switch_page("pages/decide/verdict.py").run()
    assert not verdict.exception
    assert "Send the easy 60% of requests to" in words(verdict)
    for page in (
        "pages/decide/months.py",
        "pages/decide/crossover.py",
        "pages/decide/record.py",
        "pages/engineer/framework.py",
    ):
        assert not app.switch_page(page).run().exception
