"""What people read: the field's words, one number format, and no name of a field that only the code knows."""

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml
from app_pages import PAGE_PATHS, ROOT, link, start
from streamlit.testing.v1 import AppTest

from calculators.__main__ import main
from calculators.catalog.load import load_catalog
from calculators.comparison.comparison import compare_scenarios
from calculators.comparison.comparison_text import comparison_text
from calculators.evaluate import evaluate, sensitivity_of
from calculators.report.decision_record import freeze
from calculators.report.evaluation_text import to_text
from calculators.report.record_page import to_html, to_markdown
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario

TODAY = date(2026, 11, 29)
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
FORBIDDEN = re.compile(
    r"\btaken on trust\b|\bown fleet\b|\bfleets? of (your|one's|its) own\b|\bdearer\b|\blandlords?\b|\bpoison\w*"
    r"|would not pay for the rest|what (the )?(weights|cache) bears?\b|\bmachines come whole\b|\bmend(s|ed)?\b|\bspoils?\b"
    r"|of this page only|\breckoned\b|\bkill price\b|\bkept record|\bforces\b|\bbears\b|\bwould not do\b"
    r"|\b(utilis|optimis|quantis|modell|prioritis|minimis|maximis|recognis)(e|es|ed|ing|er|ation)\b",
    re.IGNORECASE,
)
NUMBERS = re.compile(
    r"\d %(?![\w(])"  # 32 %
    r"|\d [kMBT]\b(?!\w)"  # 13.1 M
    r"|\$\d{1,3}(,\d{3})+"  # $3,499
    r"|\$[\d.]+[kMBT]? a month\b"
    r"|\d\.\d+0[kMBT%]"  # $3.50k
    r"|(?<![\d.,])(?<!ISO )\d{5,}(?=[ .,;)]|$)"  # 1234567
)
GENERATED = re.compile(r"`[^`]*`|https?://\S+|\b[\w.-]+@[\w.-]+|\b[0-9a-f]{8,}\b")
"""Code, addresses and versions: quoted as they are."""
FIELDS = frozenset(
    name
    for model in [
        Scenario,
        *(f.annotation for f in Scenario.model_fields.values() if hasattr(f.annotation, "model_fields")),
    ]
    for name in model.model_fields
    if "_" in name
)
TEXTS = (
    "title",
    "header",
    "subheader",
    "markdown",
    "caption",
    "error",
    "warning",
    "success",
    "info",
    "metric",
    "expander",
)


def faults(text: str) -> list[str]:
    """Every forbidden phrase, second number format and internal name in a text, with what stands around it."""
    plain = GENERATED.sub(" ", text.replace("\\", "").replace("\u2060", ""))
    names = re.compile(r"\b(" + "|".join(FIELDS) + r")\b")
    return [
        f"{match[0]!r} in …{plain[max(match.start() - 50, 0) : match.end() + 30]!r}"
        for pattern in (FORBIDDEN, NUMBERS, names)
        for match in pattern.finditer(plain)
    ]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Your own fleet wins.",
            "It is dearer.",
            "Utilisation is 3%.",
            "32 % busy",
            "13.1 M requests",
            "$3,499/month",
        ),
        *("costs $3.5k a month", "workload.peak_ratio: is empty", "$3.50k", "1234567 requests"),
    ],
)
def test_each_kind_of_fault_is_seen(text: str) -> None:
    assert faults(text)


def test_what_is_right_is_left_alone() -> None:
    assert (
        faults("Self-hosting costs $3.5k/month at 13.1M requests/month, 32% utilization, `peak_ratio`, 1,024 tokens.")
        == []
    )


@cache
def scenario(name: str) -> Scenario:
    return read_scenario(ROOT / "scenarios" / name, TODAY)


def shown(app: AppTest) -> Iterator[str]:
    """Every text, label, help and table cell of a page."""
    for kind in TEXTS:
        for element in app.get(kind):
            yield str(getattr(element, "value", "") or "")
            yield str(getattr(element, "label", "") or "")
            yield str(getattr(element.proto, "help", "") or "")
    for element in (
        *app.number_input,
        *app.selectbox,
        *app.multiselect,
        *app.slider,
        *app.toggle,
        *app.radio,
        *app.button,
    ):
        yield f"{element.label}\n{element.help}"
    for table in app.dataframe:
        yield table.value.to_csv()
    for chart in app.get("plotly_chart"):
        yield str(getattr(chart.proto, "alt", ""))
        yield from _chart_texts(json.loads(chart.proto.spec))


def _chart_texts(value: object, key: str = "") -> Iterator[str]:
    """Titles, names, labels and hover texts of a chart; what the browser fills in later is left out."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _chart_texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _chart_texts(item, key)
    elif isinstance(value, str) and key in (
        "text",
        "name",
        "title",
        "hovertemplate",
        "texttemplate",
        "ticktext",
        "x",
        "y",
    ):
        yield re.sub(r"%\{[^}]*\}", "N", value)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        *(("azure-conversation.yaml", page) for page in PAGE_PATHS),
        *(("air-gapped.yaml", page) for page in PAGE_PATHS if page.startswith("pages/decide/")),
    ],
)
def test_pages_speak_the_fields_words(name: str, page: str) -> None:
    app = start(link(scenario(name))).switch_page(page).run()
    assert not app.exception
    assert [fault for text in shown(app) for fault in faults(text)] == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_verdict_and_record_speak_the_fields_words(path: Path) -> None:
    result = evaluate(scenario(path.name), load_catalog())
    sensitivity = sensitivity_of(result, load_catalog())
    record = freeze(result, sensitivity, TODAY)
    html = re.sub(r"<style>.*?</style>|<[^>]+>", " ", to_html(record), flags=re.DOTALL)
    # the record quotes the scenario as the file that it can be loaded from
    texts = (to_text(result, sensitivity), html.split("schema_version")[0], to_markdown(record).split("```")[0])
    assert [fault for text in texts for fault in faults(text)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("small-internal-tool", "steady-extraction"),
        ("near-the-crossover", "health-data-unknown"),
        ("azure-conversation", "peaky-at-scale"),
    ],
)
def test_a_comparison_speaks_the_fields_words(one: str, other: str) -> None:
    comparison = compare_scenarios(scenario(f"{one}.yaml"), scenario(f"{other}.yaml"), load_catalog())
    assert faults(comparison_text(comparison, (one, other))) == []


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_generated_files_speak_the_fields_words(engine: str, tmp_path: Path) -> None:
    assert (
        main(["serve-files", str(ROOT / "scenarios/air-gapped.yaml"), "--engine", engine, "--out", str(tmp_path)]) == 0
    )
    files = sorted(tmp_path.iterdir())
    assert len(files) >= 4
    comments = [
        line
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.lstrip().startswith("#")
    ]
    assert [fault for line in comments for fault in faults(line)] == []


def test_the_command_line_names_no_internal_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = yaml.safe_load((ROOT / "scenarios/steady-extraction.yaml").read_text(encoding="utf-8"))
    for section, field, value in (
        *(("workload", "requests_per_month", None), ("workload", "peak_ratio", 0.5), ("targets", "tpot_ms", -1)),
        *(("hardware", "max_gpus", 0), ("operations", "horizon_months", "soon"), ("workload", "input_p95_tok", "many")),
    ):
        changed = {**base, section: {**base.get(section, {}), field: value}}
        path = tmp_path / "scenario.yaml"
        path.write_text(yaml.safe_dump(changed), encoding="utf-8")
        assert main(["decide", str(path)]) == 2
        error = capsys.readouterr().err
        assert re.search(rf"\b{field}\b", error) is None, error


def test_data_and_glossary_speak_the_fields_words() -> None:
    """Words in YAML that reach the screen. Comments, ids, sources and quotations of others are theirs."""

    def texts(value: object, key: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, item in value.items():
                if name not in ("sources", "id", "quote", "title", "url"):
                    yield from texts(item, str(name))
        elif isinstance(value, list):
            for item in value:
                yield from texts(item, key)
        elif isinstance(value, str) and " " in value:
            yield value

    folders = ("glossary", "technique_data", "serving_data", "pricing_data")
    told = [
        f"{path.name}: {match[0]} in {text[:80]}"
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.yaml"))
        for text in texts(
            yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        )
        for match in FORBIDDEN.finditer(text)
    ]
    assert told == []


@pytest.mark.parametrize("folder", ["calculators", "pages"])
def test_the_code_speaks_the_fields_words(folder: str) -> None:
    """Sentences that only some inputs bring up, docstrings and comments too."""
    told = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for match in FORBIDDEN.finditer(line)
    ]
    assert told == []
