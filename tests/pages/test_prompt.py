"""The prompt page as somebody uses it: describe, reorder, drop a log, take what was found. No word of a prompt is shown."""

from pathlib import Path
from typing import Any

import app_pages
import pytest
from prompt_samples import START, as_lines, chat_log
from streamlit.testing.v1 import AppTest

from calculators.scenario.defaults import default_scenario
from calculators.scenario.link import from_token
from calculators.scenario.schema import Api, Scenario

ROOT = Path(__file__).resolve().parents[2]
PAGE = "pages/engineer/prompt.py"


def start(scenario: Scenario | None = None) -> AppTest:
    return app_pages.start(scenario and app_pages.link(scenario)).switch_page(PAGE).run()


def words(app: AppTest) -> str:
    kinds = (app.subheader, app.markdown, app.caption, app.error, app.warning, app.success, app.dataframe, app.table)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def dropped(content: bytes, name: str = "prompts.jsonl") -> AppTest:
    app = start()
    app.session_state["prompt_tab"] = "Analyze real prompts"
    app.run()
    app.file_uploader(key="prompts_file").upload(name, content, "application/jsonl").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(str(warning.value) for warning in app.warning).replace("\\", "")


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def rates(app: AppTest) -> list[list[str]]:
    table = app.table[0].value
    return [[str(v).replace("\\", "") for v in table[c]] for c in ("Hit rate today", "Hit rate, best order")]


def test_moving_the_time_stamp_back_step_by_step_raises_the_hit_rate() -> None:
    app = start()
    assert "breaks the cache for everything after it" in app.subheader[0].value
    found = []
    for number in range(2, 8):
        picker = next(box for box in app.selectbox if box.label == "Block to move")
        picker.set_value(next(option for option in picker.options if option.startswith(f"{number}. "))).run()
        press(app, "Move up")
        found.append(float(rates(app)[0][0].removesuffix("%")))
    assert found == sorted(found)
    assert found[0] < found[-1]
    assert "The prompt is in the best order" in app.subheader[0].value


def test_the_best_order_is_one_press_away_and_survives_another_page() -> None:
    app = start()
    press(app, "Sort into the best order")
    assert "The prompt is in the best order" in app.subheader[0].value
    app.switch_page("pages/reference/prices.py").run().switch_page(PAGE).run()
    assert "The prompt is in the best order" in app.subheader[0].value


def test_a_dropped_log_shows_the_breaker_and_not_a_word_of_it() -> None:
    app = dropped(as_lines(chat_log(stamp=True)))
    assert "80 requests" in app.subheader[0].value
    assert "The cache breaks at a timestamp" in said(app)
    assert "went to claude-opus-5, but the rules and prices here are those of openai" in said(app)
    shown = words(app) + "".join(str(chart.proto.spec) for chart in app.get("plotly_chart"))
    for secret in ("SECRET", "word1", "customers of a shop", START.date().isoformat()):
        assert secret not in shown
    assert all(len(chart.proto.alt) > 20 for chart in app.get("plotly_chart"))


def test_a_history_that_was_cut_is_shown_as_what_kills_the_cache() -> None:
    log = chat_log()
    for line in log:
        line["request"]["messages"] = line["request"]["messages"][-4:]
    assert "the history was cut or edited" in said(dropped(as_lines(log)))


def test_where_the_seller_needs_marks_and_no_request_sets_one_that_is_the_first_thing_said() -> None:
    plain = default_scenario(START.date())
    claude = plain.model_copy(update={"api": Api(provider="anthropic", model="claude-opus-5")})

    def warned(log: list[dict[str, Any]]) -> list[str]:
        app = start(claude)
        app.session_state["prompt_tab"] = "Analyze real prompts"
        app.run()
        app.file_uploader(key="prompts_file").upload("p.jsonl", as_lines(log), "application/jsonl").run()
        return [str(warning.value).replace("\\", "") for warning in app.warning]

    assert warned(chat_log())[0].startswith("No request sets a cache mark, and anthropic caches nothing without one")
    marked = chat_log()
    marked[0]["request"]["system"] = [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]
    assert not any("cache mark" in words for words in warned(marked))


def test_without_a_fleet_only_the_api_is_shown() -> None:
    plain = default_scenario(START.date())
    app = start(plain.model_copy(update={"targets": plain.targets.model_copy(update={"tpot_ms": 1.0})}))
    assert not app.exception
    assert len(app.table[0].value) == 1


def test_blocks_of_a_log_are_taken_into_the_table() -> None:
    app = dropped(as_lines(chat_log(stamp=True)))
    press(app, "Edit these blocks")
    assert "“System prompt: a timestamp” breaks the cache" in app.subheader[0].value.replace("\\", "")
    assert app.number_input(key="prompt_tenants").value == 4


@pytest.mark.parametrize("real", [False, True])
def test_hit_rates_go_into_the_scenario_and_its_link(real: bool) -> None:
    app = dropped(as_lines(chat_log(stamp=True))) if real else start()
    if not real:  # nobody's rates are those of the example
        assert next(button for button in app.button if button.label == "Use these hit rates").disabled
        press(app, "Sort into the best order")
    best = [float(rate.removesuffix("%")) / 100 for rate in rates(app)[1]]
    press(app, "Use these hit rates")
    value: Any = app.query_params["s"]
    workload = from_token(value[0] if isinstance(value, list) else value)[0].workload
    assert workload.cacheable_frac == pytest.approx(best[0], abs=0.006)
    assert workload.self_hit_frac == pytest.approx(best[1], abs=0.006)


def test_forgotten_prompts_are_gone() -> None:
    app = start()
    app.session_state["prompt_tab"] = "Analyze real prompts"
    app.run()
    app.text_area(key="prompts_text").set_value("SECRET one\n---\nSECRET two").run()
    assert "2 requests of pasted prompts" in app.subheader[0].value
    assert "no times" in words(app)
    press(app, "Delete these prompts")
    assert "Upload or paste real prompts" in app.subheader[0].value
    assert app.text_area(key="prompts_text").value == ""
    app.text_area(key="prompts_text").set_value("SECRET one\n---\nSECRET two").run()  # the very same again
    assert "2 requests of pasted prompts" in app.subheader[0].value


def test_a_bad_log_says_where_and_changes_nothing() -> None:
    app = dropped(b'{"messages": [{"role": "user", "content": "SECRET"}]}\n{"messages": SECRET')
    assert "line 2: not JSON" in app.error[0].value.replace("\\", "")
    assert "SECRET" not in words(app)
    assert "Upload or paste" in app.subheader[0].value


def test_a_seller_that_does_not_publish_its_rules_is_shown_as_unknown() -> None:
    plain = default_scenario(START.date())
    app = start(plain.model_copy(update={"api": Api(provider="mistral", model="mistral-large-4")}))
    assert "Not all its cache rules are published" in words(app)
    sellers = next(f.value for f in app.dataframe if "Seller" in f.value)
    assert sellers["Minimum (tokens)"].iloc[0] == "unknown"


def test_break_even_rates_of_both_lifetimes_are_listed() -> None:
    """21.7% where writes cost 1.25 times the input, 52.6% for an hour at twice."""
    plain = default_scenario(START.date())
    app = start(plain.model_copy(update={"api": Api(provider="anthropic", model="claude-opus-5")}))
    first = next(f.value for f in app.dataframe if "Seller" in f.value).iloc[0]
    assert first["Seller"] == "Anthropic, claude-opus-5"
    assert (first["Minimum (tokens)"], first["Break-even hit rate"]) == ("512", "22%")
    assert first["Longer TTL"] == "1 h, written at 2×, break-even at 53%"
    assert "22%" in words(app)
