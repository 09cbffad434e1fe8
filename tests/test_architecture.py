"""Rules of the layout that no reviewer should have to check."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from calculators import records, scenario
from calculators.catalog import ROOT
from calculators.units import SUFFIXES

CODE = sorted([*ROOT.glob("*.py"), *(f for d in ("calculators", "pages", "tools") for f in (ROOT / d).rglob("*.py"))])
PURE = sorted((ROOT / "calculators").rglob("*.py"))
SCREEN = ("streamlit", "plotly", "pages")
SCHEMAS = [importlib.import_module(f"calculators.{path.stem}") for path in PURE if path.stem.endswith("records")]
UNITLESS = {
    ("Range", "low"): "the unit is data here: `unit`",
    ("Range", "central"): "the unit is data here: `unit`",
    ("Range", "high"): "the unit is data here: `unit`",
    ("QualityHint", "score"): "each benchmark has its own scale: `benchmark`",
    ("Hardware", "throughput_factor"): "a pure factor: measured over modelled speed",
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_calculators_name_no_screen_library(path: Path) -> None:
    imported = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported.isdisjoint(SCREEN)


def test_importing_every_calculator_loads_no_screen_library() -> None:
    modules = ", ".join(f"calculators.{path.stem}" for path in PURE if path.stem not in ("__init__", "__main__"))
    code = f"import sys, {modules}; print(*sorted(m for m in ('streamlit', 'plotly') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""


def test_no_page_lies_directly_in_pages() -> None:
    """Streamlit would find it and a deep link would skip app.py."""
    assert list((ROOT / "pages").glob("*.py")) == []


def _floats(annotation: Any) -> bool:
    return annotation is float or any(_floats(part) for part in get_args(annotation))


def _float_fields() -> list[tuple[str, str]]:
    models = [
        model
        for module in (*SCHEMAS, scenario)
        for _, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, records.Record) and model.__module__ == module.__name__
    ]
    return [
        (model.__name__, name)
        for model in models
        for name, kind in model.model_fields.items()
        if _floats(kind.annotation)
    ]


def test_every_float_of_a_record_says_its_unit() -> None:
    fields = _float_fields()
    assert len(fields) > 50
    unnamed = {field for field in fields if not field[1].endswith(SUFFIXES)}
    assert unnamed == set(UNITLESS)


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_functions_are_at_most_forty_lines_and_files_four_hundred(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    long = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > 40:
                long.append(node.name)
    assert long == []


def test_every_calculator_has_its_test_module() -> None:
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    usage = {path.stem for path in PURE if path.stem.startswith("usage_")}  # one subject, tested as one
    elsewhere = {  # where the test module has another name
        "__init__": "architecture",
        "__main__": "main",
        "options": "evaluate",
        "option": "decision",
        "scenario_check": "scenario",
        "verdict_context": "ruling",
        "benchmark_fields": "benchmark_file",
        "point_rows": "points",
        "price_records": "records",
        "benchmark_reports": "benchmark_file",
        "efficiency": "throughput",
        "machine": "throughput",
        "runs": "points",
        "load_search": "latency",
        "request_mix": "latency",
        "tails": "latency",
        "replay": "simulate",
        "leases": "fleet",
        "outcomes": "evaluate",
        "notes": "evaluate",
        "ways": "ruling",
        "rule_records": "compliance",
        "signal_records": "signals",
        "savings": "signals",
        "reliability": "signals",
        "record_page": "record",
        "places": "ruling",
        "framework_rules": "framework",
        "technique_records": "techniques",
    }
    assert set(elsewhere.values()) <= tested
    assert {path.stem for path in PURE} - usage - set(elsewhere) <= tested


def test_numbers_with_a_source_are_not_hidden_in_pages() -> None:
    """Pages show; they do not read files or hold prices."""
    for path in (ROOT / "pages").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "open" not in calls, path
