"""Every input and metric of every page explains itself, and every abbreviation is expanded on its page."""

import re
from datetime import date
from functools import cache

import pytest
from app_pages import INPUT_KINDS, PAGE_PATHS, ROOT, link, opened, start
from benchmark_samples import VLLM, as_bytes
from streamlit.testing.v1 import AppTest

from calculators.catalog.glossary import definition, glossary, help_text
from calculators.catalog.load import load_catalog
from calculators.errors import UnknownId
from calculators.scenario.files import read_scenario

ABBREVIATION = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]*[A-Z][A-Z0-9]*(?=s?(?!\w))")
EVERYDAY = {*("CSV", "JSON", "HTML", "YAML", "URL", "USD", "UTC", "EU", "US", "UK", "GB", "MB", "API", "GPU", "LLM")}
"""What nobody has to look up."""
FORMATS = {"FP32", "BF16", "FP16", "FP8", "FP4", "INT8", "INT4", "INT2", "NVFP4", "MXFP4", "MXFP8"}
"""Names by which engines and GPUs call their number formats."""
FIELDS = {field for term in glossary().terms for field in term.inputs}


def without_help(app: AppTest) -> list[str]:
    """Labels of inputs and metrics that have no help."""
    return [
        f"{kind} {element.label!r}"
        for kind in (*INPUT_KINDS, "metric")
        for element in app.get(kind)
        if not getattr(element, "help", None) and not element.proto.help
    ]


def shown_text(app: AppTest) -> str:
    """What a reader sees, without titles of sources, code and formulas."""
    kinds = ("subheader", "markdown", "caption", "error", "warning", "info", "success")
    parts = [str(element.value) for kind in kinds for element in app.get(kind)]
    parts += [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    parts += [str(element.label) for kind in (*INPUT_KINDS, "button") for element in app.get(kind)]
    text = "\n".join(parts).replace("\\", "")
    return re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`|\$\$.*?\$\$|\$[^$\d\s][^$\n]*\$", " ", text, flags=re.DOTALL)


def help_texts(app: AppTest) -> str:
    """All help of the page's inputs and metrics."""
    elements = [element for kind in (*INPUT_KINDS, "metric") for element in app.get(kind)]
    return "\n".join(str(getattr(element, "help", None) or element.proto.help) for element in elements)


@cache
def names() -> frozenset[str]:
    """Capital letters in the names of GPUs, models, sellers, requirements and operators."""
    catalog = load_catalog()
    every = (
        *(gpu.name for gpu in catalog.gpus.values()),
        *(model.name for model in catalog.models.values()),
        *(seller.name for seller in (*catalog.rent_providers.values(), *catalog.api_providers.values())),
        *(requirement.name for requirement in catalog.requirements.values()),
        *(operator.name for operator in catalog.operators.values()),
    )
    return frozenset(ABBREVIATION.findall(" ".join(every)))


def is_explained(abbreviation: str, page: str) -> bool:
    """Whether the glossary knows it, and `page`, its text with all help, says what it stands for."""
    for term in glossary().terms:
        if term.abbreviation and abbreviation in re.findall(r"\w+", term.abbreviation):
            return term.term.lower() in page.lower()
    try:
        return bool(definition(abbreviation))
    except UnknownId:
        return False


def test_every_page_of_the_navigation_is_walked() -> None:
    assert len(PAGE_PATHS) >= 15
    assert [page for page in PAGE_PATHS if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("page", PAGE_PATHS)
def test_every_input_and_metric_has_help(page: str) -> None:
    app = opened(page)
    assert not app.exception
    assert without_help(app) == []


@pytest.mark.parametrize("page", PAGE_PATHS)
def test_an_input_of_the_scenario_has_the_help_of_the_glossary(page: str) -> None:
    inputs = [element for kind in INPUT_KINDS for element in opened(page).get(kind) if element.key in FIELDS]
    assert [element.key for element in inputs if element.proto.help != help_text(element.key)] == []


@pytest.mark.parametrize("page", PAGE_PATHS)
def test_every_abbreviation_is_in_the_glossary_and_expanded_on_its_page(page: str) -> None:
    text = shown_text(opened(page))
    whole = text + help_texts(opened(page))
    asked = set(ABBREVIATION.findall(text)) - EVERYDAY - FORMATS - names()
    assert sorted(word for word in asked if not is_explained(word, whole)) == []


def test_what_only_requirements_show_has_help() -> None:
    scenario = read_scenario(ROOT / "scenarios/eu-public-sector.yaml", date(2026, 11, 26))
    app = start(link(scenario)).switch_page("pages/decide/signals.py").run()
    assert len(app.metric) == 4
    assert without_help(app) == []


def test_what_only_an_upload_asks_has_help() -> None:
    rows = "\n".join(f"2026-10-05T09:{minute:02d}:00Z,{100 + minute},{20 + minute}" for minute in range(40))
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("odd.csv", f"when,alpha,beta\n{rows}\n".encode(), "text/csv").run()
    assert any("map_" in (box.key or "") for box in app.selectbox)
    assert without_help(app) == []
    app.switch_page("pages/inputs/candidates.py").run()
    app.file_uploader(key="benchmark_file").upload("bench.json", as_bytes(VLLM), "application/json").run()
    assert any("benchmark_" in (box.key or "") for box in app.selectbox)
    assert without_help(app) == []
