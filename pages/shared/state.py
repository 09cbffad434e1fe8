"""The scenario in the browser: widget values in session state, the whole of it in the link.

`seed` runs once per session, `scenario` reads the widgets, `publish` writes the link after each run. The address is
never read again after the first run, so an edit can not be lost to an older link.
"""

import re
from datetime import date
from typing import Any

import streamlit as st

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate
from calculators.scenario.defaults import default_scenario
from calculators.scenario.link import MAX_TOKEN_CHARS, from_token, to_token
from calculators.scenario.schema import Scenario, parse_scenario

LINK = "s"
WHERE = {"techniques": "Six techniques", "compliance": "Signals and compliance", "evidence": "Signals and compliance"}
"""On which page a section is typed; the others on Workload and Candidates."""
SECTIONS = ("workload", "targets", "api", "hardware", "techniques", "operations", "compliance", "evidence")


@st.cache_resource
def catalog() -> Catalog:
    """The data files, read once per process."""
    return load_catalog()


@st.cache_resource(max_entries=64, show_spinner="Sizing fleets …")
def _evaluation(token: str, digest: str, _scenario: Scenario) -> Evaluation:
    """Shared between visitors with the same inputs: results are never changed after they are made."""
    return evaluate(_scenario, catalog())


def seed() -> None:
    """First run of a session: values from the link, or the starting case."""
    if "name" in st.session_state:
        return
    token = st.query_params.get(LINK)
    start = default_scenario(date.today())
    if token:
        try:
            start, digest = from_token(token)
            evaluate(start, catalog())
            if digest != catalog().digest:
                st.session_state["notice"] = (
                    "This link was made with other prices than today's. Its inputs are kept; the verdict below uses the prices of now."
                )
        except DataError as error:
            start = default_scenario(date.today())
            st.session_state["notice"] = str(error)
    adopt(start)


def adopt(scenario: Scenario) -> None:
    """Put a scenario's values where the widgets find them."""
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
    """What the widgets say. Values the schema refuses raise DataError; the widgets keep them."""
    state = st.session_state
    plain: dict[str, Any] = {"name": state["name"], "as_of": state["as_of"]}
    for section in SECTIONS:
        prefix = f"{section}."
        plain[section] = {
            str(key).removeprefix(prefix): value for key, value in state.items() if str(key).startswith(prefix)
        }
    plain["candidates"] = [
        {"model": model, "gate": state.get(f"gate.{model}") or "assumed"} for model in state["candidates"]
    ]
    return parse_scenario(plain)


def evaluation() -> Evaluation:
    """The result for the current inputs, computed once for each distinct scenario. Stops the page with a clear message
    when an input cannot be used."""
    try:
        return evaluation_of(scenario())
    except DataError as error:
        st.error(f"These inputs cannot be used yet: {escape(str(error))}", icon=":material/error:")
        pages = next(
            (page for section, page in WHERE.items() if str(error).startswith(section)), "Workload or Candidates"
        )
        st.caption(f"Nothing you entered is lost. Correct the value on the {pages} page.")
        st.stop()


def evaluation_of(scenario: Scenario) -> Evaluation:
    """The result for any scenario, from the cache where it was asked before. Raises DataError."""
    digest = catalog().digest
    return _evaluation(to_token(scenario, digest), digest, scenario)


def publish() -> None:
    """Keep the link in the address bar equal to the inputs."""
    try:
        token = to_token(scenario(), catalog().digest)
    except DataError:
        return
    if len(token) > MAX_TOKEN_CHARS:
        st.session_state["notice"] = (
            "These inputs are too long for a link: the address holds an earlier state. Keep a record."
        )
        return
    if st.query_params.get(LINK) != token:
        st.query_params[LINK] = token


def show_notice() -> None:
    """What `seed` or an upload had to say, until it is dismissed."""
    if notice := st.session_state.get("notice"):
        left, right = st.columns([12, 1], vertical_alignment="center")
        left.warning(escape(notice), icon=":material/info:")
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
    """Text as it is, wherever Streamlit would read Markdown: no formula, link, image, colour, HTML, heading, list or mail
    address. Addresses are found after escapes are gone, so an invisible character parts them."""
    text = " ".join(text.split())
    for char in "\\`*_{}[]()<>#+!|$~:&@":
        text = text.replace(char, "\\" + char)
    text = _LIST.sub(r"\1\\\2", text)
    return _ADDRESS.sub(lambda found: found[0] + INVISIBLE, text)


INVISIBLE = "\u2060"  # word joiner: no width, no line break
_LIST = re.compile(r"^(\d*)([-=.)])")
_ADDRESS = re.compile(r"\\:(?=//)|\\@|\bwww(?=\.)|mailto|xmpp", re.IGNORECASE)
