"""The scenario in the browser: widget values in session state, all of them in the link.

`seed` runs once per session, `scenario` reads the widgets, `publish` writes the link after each run. The URL is read in
the first run only, so an older link never overwrites an edit.
"""

import re
from datetime import date
from typing import Any

import streamlit as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate, evaluations_by_model, sensitivity_of
from calculators.options.option import Option
from calculators.report.capacity_ways import CapacityWay, capacity_ways
from calculators.report.mix_view import MixView, mix_view
from calculators.scenario.defaults import default_scenario
from calculators.scenario.link import MAX_TOKEN_CHARS, from_token, to_token
from calculators.scenario.schema import Scenario, parse_scenario

LINK = "s"
SECTIONS = ("workload", "targets", "api", "hardware", "techniques", "operations", "outlook", "compliance", "evidence")
PAGE_OF = {
    "workload": "pages/inputs/workload.py",
    "targets": "pages/inputs/workload.py",
    "api": "pages/inputs/candidates.py",
    "candidates": "pages/inputs/candidates.py",
    "hardware": "pages/inputs/candidates.py",
    "operations": "pages/inputs/candidates.py",
    "operations.regions": "pages/decide/signals.py",
    "outlook": "pages/inputs/candidates.py",
    "outlook.volume_steps": "pages/inputs/workload.py",
    "techniques": "pages/engineer/techniques.py",
    "compliance": "pages/decide/signals.py",
    "evidence": "pages/decide/signals.py",
    "name": "pages/decide/record.py",
}
"""Page on which a field, or every other field of a section, is entered."""


@st.cache_resource
def catalog() -> Catalog:
    """The data files, read once per process."""
    return load_catalog()


@st.cache_resource(max_entries=64, show_spinner="Sizing fleets …")
def _evaluation(token: str, digest: str, _scenario: Scenario) -> Evaluation:
    """Shared between visitors with the same inputs: results are never changed after they are made."""
    return evaluate(_scenario, catalog())


def seed() -> None:
    """Puts the scenario of the link, or the starting case, into a new session."""
    if "name" in st.session_state:
        return
    token = st.query_params.get(LINK)
    start = default_scenario(date.today())
    if token:
        try:
            start, digest = from_token(token)
            evaluation_of(start)
            if digest != catalog().digest:
                st.session_state["notice"] = (
                    "This link was made with an earlier data version. Its inputs are unchanged; the verdict uses current prices."
                )
        except DataError as error:
            start = default_scenario(date.today())
            st.session_state["notice"] = str(error)
    adopt(start)


def adopt(scenario: Scenario) -> None:
    """Puts the values of a scenario into session state, where widgets read them."""
    plain = scenario.model_dump(mode="json")
    st.session_state["name"] = plain["name"]
    st.session_state["as_of"] = plain["as_of"]
    for section in SECTIONS:
        for field, value in plain[section].items():
            st.session_state[f"{section}.{field}"] = value
    st.session_state["candidates"] = [candidate["model"] for candidate in plain["candidates"]]
    for candidate in plain["candidates"]:
        st.session_state[f"gate.{candidate['model']}"] = candidate["gate"]


def scenario() -> Scenario:
    """The scenario of the widgets. Raises DataError for values that the schema refuses; the widgets keep them."""
    state = {str(key): value for key, value in st.session_state.items()}  # read once: each look-up there is slow
    plain: dict[str, Any] = {"name": state["name"], "as_of": state["as_of"]}
    for section in SECTIONS:
        prefix = f"{section}."
        plain[section] = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    plain["candidates"] = [
        {"model": model, "gate": state.get(f"gate.{model}") or "assumed"} for model in state["candidates"]
    ]
    return parse_scenario(plain)


def evaluation() -> Evaluation:
    """The result for the current inputs, computed once per distinct scenario. Where an input cannot be used, shows what is
    wrong with a link to the page of the input, and stops the page."""
    try:
        return evaluation_of(scenario())
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        if page := page_of(error.field):
            st.page_link(page, label="Correct this input", icon=":material/edit:")
        st.caption("Your inputs are kept.")
        st.stop()


def page_of(field: str) -> str | None:
    """Page on which a scenario field, as 'workload.peak_ratio', is entered; None: on no page."""
    return PAGE_OF.get(field) or PAGE_OF.get(field.partition(".")[0])


def evaluation_of(scenario: Scenario) -> Evaluation:
    """The result for any scenario, cached. Raises DataError."""
    digest = catalog().digest
    return _evaluation(to_token(scenario, digest), digest, scenario)


@st.cache_resource(max_entries=64, show_spinner="Checking what would change the decision …")
def _sensitivity(token: str, digest: str, _evaluation: Evaluation) -> DecisionSensitivity:
    return sensitivity_of(_evaluation, catalog())


def sensitivity(evaluation: Evaluation) -> DecisionSensitivity:
    """What would change the decision, cached."""
    return _sensitivity(to_token(evaluation.scenario, evaluation.digest), evaluation.digest, evaluation)


@st.cache_resource(max_entries=16, show_spinner="Deciding for each API model …")
def _by_model(token: str, digest: str, _evaluation: Evaluation) -> tuple[Evaluation, ...]:
    return evaluations_by_model(_evaluation, catalog())


def by_model(evaluation: Evaluation) -> tuple[Evaluation, ...]:
    """Each API model's traffic decided alone, cached."""
    return _by_model(to_token(evaluation.scenario, evaluation.digest), evaluation.digest, evaluation)


@st.cache_resource(max_entries=16, show_spinner="Comparing ways to hold the capacity …")
def _ways(token: str, digest: str, _evaluation: Evaluation) -> tuple[CapacityWay, ...]:
    return capacity_ways(_evaluation, catalog())


def ways(evaluation: Evaluation) -> tuple[CapacityWay, ...]:
    """The ways to hold the capacity of the cheapest fleet's model, cached."""
    return _ways(to_token(evaluation.scenario, evaluation.digest), evaluation.digest, evaluation)


@st.cache_resource(max_entries=32, show_spinner="Finding the cheapest mix of terms …")
def _mix(token: str, digest: str, label: str, _evaluation: Evaluation, _option: Option | None) -> MixView | None:
    return mix_view(_evaluation, catalog(), _option)


def mix(evaluation: Evaluation, option: Option | None) -> MixView | None:
    """Load by hour of a self-hosted option, or of the configuration whose mix costs least, cached."""
    token = to_token(evaluation.scenario, evaluation.digest)
    return _mix(token, evaluation.digest, option.label if option else "", evaluation, option)


def publish() -> None:
    """Writes the link of the current inputs into the URL."""
    try:
        token = to_token(scenario(), catalog().digest)
    except DataError:
        return
    if len(token) > MAX_TOKEN_CHARS:
        st.session_state["notice"] = (
            "These inputs are too long for a link, so the URL holds an earlier state. Save a decision record instead."
        )
        return
    if st.query_params.get(LINK) != token:
        st.query_params[LINK] = token


def show_notice(page: str) -> None:
    """Shows the notice of `seed` or of an upload until it is dismissed, or another page is opened."""
    notice = st.session_state.get("notice")
    text, shown_on = st.session_state.get("notice_shown", ("", page))
    if notice and notice == text and page != shown_on:
        notice = st.session_state["notice"] = ""
    st.session_state["notice_shown"] = (notice, page)
    if notice:
        left, right = st.columns([7, 1], vertical_alignment="center")
        left.info(escape(notice), icon=":material/info:")
        right.button(
            "Close",
            key="dismiss",
            icon=":material/close:",
            help="Dismiss this note",
            on_click=_dismiss,
            type="tertiary",
        )


def _dismiss() -> None:
    st.session_state["notice"] = ""


def escape(text: str) -> str:
    """Text that Streamlit shows as written: no formula, link, image, color, HTML, heading, list or mail address. Streamlit
    looks for addresses after it has removed escapes, so an invisible character splits them."""
    text = " ".join(text.split())
    for char in "\\`*_{}[]()<>#+!|$~:&@":
        text = text.replace(char, "\\" + char)
    text = _LIST.sub(r"\1\\\2", text)
    return _ADDRESS.sub(lambda match: match[0] + INVISIBLE, text)


INVISIBLE = "\u2060"  # word joiner: no width, no line break
_LIST = re.compile(r"^(\d*)([-=.)])")
_ADDRESS = re.compile(r"\\:(?=//)|\\@|\bwww(?=\.)|mailto|xmpp", re.IGNORECASE)
