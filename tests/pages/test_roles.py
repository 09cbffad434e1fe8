"""Staffing by role on the Candidates page."""

from app_pages import linked, start, words
from streamlit.testing.v1 import AppTest

CANDIDATES, MONTHS = "pages/inputs/candidates.py", "pages/decide/months.py"
SRE = "Site reliability engineer (on call)"


def page() -> AppTest:
    return start().switch_page(CANDIDATES).run()


def fill(app: AppTest, name: str, fte: float, hires: float = 0.0, pay: float | None = None) -> AppTest:
    app.selectbox(key="role_name").set_value(name)
    app.number_input(key="role_fte").set_value(fte)
    app.number_input(key="role_hires_fte").set_value(hires)
    app.number_input(key="role_usd_per_year").set_value(pay).run()
    return app


def add(app: AppTest, *role: object) -> None:
    fill(app, *role)  # type: ignore[arg-type]
    next(button for button in app.button if button.label == "Add this role").click().run()


def test_roles_take_the_place_of_the_plain_figure_and_give_it_back_when_removed() -> None:
    app = page()
    app.number_input(key="operations.self_host_fte").set_value(3.0).run()
    add(app, SRE, 2.0, 1.0, 250_000.0)
    assert not app.exception
    assert not app.error
    operations = linked(app).operations
    assert operations.self_host_fte is None
    [role] = operations.roles
    assert (role.name, role.fte, role.hires_fte, role.usd_per_year) == (SRE, 2, 1, 250_000)
    assert "operations.self_host_fte" not in {field.key for field in app.number_input}
    assert f"{SRE}: 2 at $250k/year, 1 of them still to be hired." in words(app)
    app.switch_page(MONTHS).run()
    assert not app.exception
    app.switch_page(CANDIDATES).run()
    app.button(key="remove_role_0").click().run()
    assert linked(app).operations.roles == ()
    app.number_input(key="operations.self_host_fte").set_value(2.0).run()
    assert linked(app).operations.self_host_fte == 2


def test_a_role_can_be_of_any_name_and_says_what_is_published_of_a_usual_one() -> None:
    app = fill(page(), SRE, 1.0)
    assert "Published loaded cost: $209k/year ($140k to $305k" in words(app)
    app.selectbox(key="role_name").set_value("Another role").run()
    app.text_input(key="role_other").set_value(" Keeper of <GPUs> *and* $5 ")
    add(app, "Another role", 0.5)
    assert not app.exception
    assert linked(app).operations.roles[0].name == "Keeper of <GPUs> *and* $5"
    assert "Keeper of <GPUs> *and* $5: 0.5 at the engineer cost." in words(app)


def test_a_role_that_cannot_be_is_refused_and_leaves_the_plain_figure() -> None:
    app = page()
    app.number_input(key="operations.self_host_fte").set_value(3.0).run()
    add(app, SRE, 1.0, 2.0)
    assert "still to be hired (FTE) is 2, but People (FTE) is 1; lower the one or raise the other" in words(app)
    operations = linked(app).operations
    assert (operations.roles, operations.self_host_fte) == ((), 3)


def test_hiring_asks_for_ramp_up_and_recruiting_only_where_somebody_is_hired() -> None:
    app = page()
    waiting = app.number_input(key="shown_hiring_weeks")
    assert waiting.value is None
    assert waiting.placeholder == "empty: nobody has to be hired"
    assert "shown_ramp_up_weeks" not in {field.key for field in app.number_input}
    add(app, SRE, 1.0, 1.0)
    assert app.number_input(key="shown_hiring_weeks").placeholder == "expected: 16 weeks"
    app.number_input(key="shown_ramp_up_weeks").set_value(6.0).run()
    app.number_input(key="shown_hiring_cost_frac").set_value(20.0).run()
    assert not app.exception
    outlook = linked(app).outlook
    assert (outlook.hiring_weeks, outlook.ramp_up_weeks, outlook.hiring_cost_frac) == (None, 6, 0.2)
    app.switch_page("pages/decide/crossover.py").run()
    assert not app.exception
