"""Your own prices, typed on the Candidates page."""

from app_pages import linked, start, words
from streamlit.testing.v1 import AppTest


def _candidates() -> AppTest:
    return start().switch_page("pages/inputs/candidates.py").run()


def test_a_typed_api_price_and_rent_bind_and_can_be_removed() -> None:
    app = _candidates()
    app.selectbox(key="own_seller").set_value("openai").run()
    app.selectbox(key="own_model").set_value("gpt-5.4").run()
    app.number_input(key="own_input_usd_per_mtok").set_value(1.0)
    app.number_input(key="own_output_usd_per_mtok").set_value(2.0)
    next(button for button in app.button if button.label == "Add this API price").click().run()
    assert not app.exception
    [price] = linked(app).api.own_prices
    assert (price.provider, price.model, price.output_usd_per_mtok, price.is_new_seller) == (
        "openai",
        "gpt-5.4",
        2.0,
        False,
    )
    assert "gpt-5.4 on OpenAI: $1 input, $2 output per million tokens. Its list price is not used." in words(app)
    app.selectbox(key="own_cloud").set_value("nebius").run()
    app.number_input(key="own_usd_per_machine_h").set_value(16.0)
    next(button for button in app.button if button.label == "Add this machine price").click().run()
    assert linked(app).hardware.own_rents[0].rent_usd_per_gpu_h == 2.0
    app.button(key="remove_own_prices_0").click().run()
    assert linked(app).api.own_prices == ()


def test_a_price_that_cannot_be_one_says_why_and_changes_nothing() -> None:
    app = _candidates()
    app.selectbox(key="own_seller").set_value("openai").run()
    app.selectbox(key="own_model").set_value("gpt-5.4").run()
    next(button for button in app.button if button.label == "Add this API price").click().run()
    assert "Input (USD per million tokens)" in words(app)
    assert linked(app).api.own_prices == ()


def test_committed_spend_is_typed_in_two_fields_that_need_each_other() -> None:
    app = _candidates()
    app.number_input(key="api.committed_usd_per_month").set_value(50_000.0).run()
    assert "Months left of the commitment is empty; fill in both, or neither." in words(app)
    app.number_input(key="api.committed_months").set_value(6).run()
    assert not app.exception
    api = linked(app).api
    assert (api.committed_usd_per_month, api.committed_months) == (50_000.0, 6)
