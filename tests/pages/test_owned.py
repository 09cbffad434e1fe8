"""GPUs that one already has and figures of a purchase: added on the page, kept, and marked as the user's."""

import pytest
from app_pages import start
from streamlit.testing.v1 import AppTest


def _open() -> AppTest:
    return start().switch_page("pages/inputs/candidates.py").run()


def test_gpus_that_one_has_are_added_listed_and_removed() -> None:
    app = _open()
    app.number_input(key="held_count").set_value(16)
    app.number_input(key="held_usd").set_value(2.2).run()
    next(b for b in app.button if b.label == "Add these GPUs").click().run()
    assert not app.exception
    held = app.session_state["hardware.existing_gpus"]
    assert [(one["gpus_count"], one["usd_per_gpu_h"], one["paid_until"]) for one in held] == [(16, 2.2, None)]
    assert any("16×" in caption.value and "your own" in caption.value for caption in app.caption)
    app.button(key="remove_existing_gpus_0").click().run()
    assert app.session_state["hardware.existing_gpus"] == []


def test_a_number_of_gpus_that_is_no_whole_machine_is_refused_and_nothing_is_lost() -> None:
    app = _open()
    app.number_input(key="held_count").set_value(12)
    app.number_input(key="held_usd").set_value(2.2).run()
    next(b for b in app.button if b.label == "Add these GPUs").click().run()
    assert any("no whole number of machines" in error.value for error in app.error)
    assert app.session_state["hardware.existing_gpus"] == []


def test_a_figure_of_a_purchase_is_taken_in_percent_and_kept() -> None:
    app = _open()
    app.number_input(key="purchase_maintenance_frac_per_year").set_value(4.0).run()
    assert not app.exception
    assert app.session_state["hardware.purchase"]["maintenance_frac_per_year"] == pytest.approx(0.04)
    app.number_input(key="server_usd").set_value(300_000.0).run()
    next(b for b in app.button if b.label == "Add this server price").click().run()
    assert not app.exception
    assert app.session_state["hardware.purchase"]["servers"][0]["usd_per_server"] == 300_000
    assert app.session_state["hardware.purchase"]["maintenance_frac_per_year"] == pytest.approx(0.04)
