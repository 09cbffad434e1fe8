"""A list of the scenario that is filled entry by entry: added, in order, removed, refused."""

from collections.abc import Sequence
from typing import Any

import pytest
from app_pages import linked, start, words

CANDIDATES, WORKLOAD = "pages/inputs/candidates.py", "pages/inputs/workload.py"


@pytest.mark.parametrize(
    ("page", "field", "entries", "button"),
    [
        (
            WORKLOAD,
            "outlook.volume_steps",
            [{"from_day": "2027-03-01", "ratio": 1.5}, {"from_day": "2028-03-01", "ratio": 2.0}],
            "remove_step_0",
        ),
        (
            CANDIDATES,
            "hardware.existing_gpus",
            [
                {"gpu": gpu, "gpus_count": 8, "gpus_per_machine": 8, "usd_per_gpu_h": 2.0, "paid_until": None}
                for gpu in ("h100-sxm", "b200")
            ],
            "remove_existing_gpus_0",
        ),
        (
            CANDIDATES,
            "hardware.purchase",
            [{"gpu": gpu, "usd_per_server": 3e5, "gpus_per_server": 8} for gpu in ("h100-sxm", "b200")],
            "remove_server_0",
        ),
    ],
)
def test_the_button_of_an_entry_removes_that_one_and_no_other(
    page: str, field: str, entries: Sequence[dict[str, Any]], button: str
) -> None:
    app = start().switch_page(page).run()
    is_group = field == "hardware.purchase"
    before = app.session_state[field]
    app.session_state[field] = {**before, "servers": entries} if is_group else entries
    app.run()
    app.button(key=button).click().run()
    assert not app.exception
    section, name = field.split(".")
    left = getattr(getattr(linked(app), section), name)
    left = left.servers if is_group else left
    assert [one.model_dump(mode="json") for one in left] == entries[1:]


def test_entries_stand_in_the_order_of_their_days_and_a_refused_one_keeps_what_was_typed() -> None:
    app = start().switch_page(WORKLOAD).run()

    def add(day: Any, ratio: float) -> None:
        app.date_input(key="step_from").set_value(day)
        app.number_input(key="step_ratio").set_value(ratio).run()
        next(button for button in app.button if button.label == "Add this step").click().run()

    year = linked(app).as_of.year
    later, sooner = linked(app).as_of.replace(year=year + 2), linked(app).as_of.replace(year=year + 1)
    add(later, 2.0)
    add(sooner, 1.5)
    assert [step.from_day for step in linked(app).outlook.volume_steps] == [sooner, later]
    add(sooner, 3.0)
    assert "twice; keep one" in words(app)
    assert [step.ratio for step in linked(app).outlook.volume_steps] == [1.5, 2.0]
    assert (app.date_input(key="step_from").value, app.number_input(key="step_ratio").value) == (sooner, 3.0)
