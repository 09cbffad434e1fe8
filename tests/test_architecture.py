"""Rules of the layout that no reviewer should have to check."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from calculators.catalog.base import Record
from calculators.catalog.load import ROOT
from calculators.scenario import schema as scenario
from calculators.units import SUFFIXES

CODE = sorted([*ROOT.glob("*.py"), *(f for d in ("calculators", "pages", "tools") for f in (ROOT / d).rglob("*.py"))])
PURE = sorted((ROOT / "calculators").rglob("*.py"))
SCREEN = ("streamlit", "plotly", "pages")
ROOMS = sorted(path.parent.name for path in (ROOT / "calculators").glob("*/__init__.py"))
UNITLESS = {
    ("Range", "low"): "the unit is data here: `unit`",
    ("Range", "central"): "the unit is data here: `unit`",
    ("Range", "high"): "the unit is data here: `unit`",
    ("AxisRule", "value"): "its id ends in the unit",
    ("Condition", "default"): "the unit of the engine's option",
    ("Condition", "at_most"): "the unit of the engine's option",
    ("Condition", "at_least"): "the unit of the engine's option",
    ("QualityHint", "score"): "each benchmark has its own scale: `benchmark`",
    ("Hardware", "throughput_factor"): "a pure factor: measured over modelled speed",
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SCHEMAS = [
    importlib.import_module(_module(path))
    for path in (ROOT / "calculators/catalog").glob("*.py")
    if path.stem != "efficiency"  # fitted coefficients: their units are those of the terms that they scale
]


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
    modules = ", ".join(_module(path) for path in PURE if path.stem != "__main__")
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
        if issubclass(model, Record) and model.__module__ == module.__name__
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


def test_every_room_lists_its_modules_in_reading_order() -> None:
    for room in ROOMS:
        folder = ROOT / "calculators" / room
        lines = (importlib.import_module(f"calculators.{room}").__doc__ or "").splitlines()
        listed = [line.split()[0] for line in lines[lines.index("Modules in reading order:") + 1 :] if line]
        assert sorted(listed) == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"), room


def test_numbers_with_a_source_are_not_hidden_in_pages() -> None:
    """Pages show; they do not read files or hold prices."""
    for path in (ROOT / "pages").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "open" not in calls, path
