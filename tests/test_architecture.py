"""Rules of the layout that no reviewer should have to check."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
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
    ("Reading", "low"): "the unit of its range",
    ("Reading", "high"): "the unit of its range",
    ("AxisRule", "value"): "its id ends in the unit",
    ("Condition", "default"): "the unit of the engine's option",
    ("Condition", "at_most"): "the unit of the engine's option",
    ("Condition", "at_least"): "the unit of the engine's option",
    **{("LaunchSpeed", side): "a pure ratio of speeds" for side in ("low", "central", "high")},
    ("LaunchSpeed", "whole_from_batch"): "requests at once, as of `batch`",
    ("QualityHint", "score"): "each benchmark has its own scale: `benchmark`",
    ("Hardware", "throughput_factor"): "a pure factor: measured over modelled speed",
}


@cache
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


def _definitions(path: Path) -> list[str]:
    """Public names that a module defines at its top level."""
    names: list[str] = []
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return [name for name in names if not name.startswith("_")]


def test_a_public_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for path in PURE:
        for name in _definitions(path):
            places.setdefault(name, []).append(_name(path))
    twice = {name: paths for name, paths in places.items() if len(paths) > 1}
    twice.pop("main", None)  # the entry of each module that can be run
    assert twice == {}


@cache
def _record_fields() -> dict[str, int]:
    """Number of fields of each dataclass of the package, by its name."""
    return {
        node.name: sum(isinstance(line, ast.AnnAssign) for line in node.body)
        for path in PURE
        for node in _tree(path).body
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list)
    }


@pytest.mark.parametrize("path", [*CODE, *sorted((ROOT / "tests").rglob("*.py"))], ids=_name)
def test_no_record_is_filled_by_position_beyond_five_fields(path: Path) -> None:
    fields = _record_fields()
    assert len(fields) > 100
    positional = [
        f"{node.func.id}, line {node.lineno}"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and fields.get(node.func.id, 0) > 5
        if len(node.args) > 5 or any(isinstance(argument, ast.Starred) for argument in node.args)
    ]
    assert positional == []


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_variables_are_named_after_what_they_hold(path: Path) -> None:
    assigned = {
        node.id for node in ast.walk(_tree(path)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert "found" not in assigned


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("[a-z]*/*.py")), ids=_name)
def test_a_page_is_at_most_a_hundred_and_twenty_lines(path: Path) -> None:
    if path.parent.name != "shared":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def test_every_module_has_a_test_of_its_own() -> None:
    """tests/<room>/test_<module>.py, and nothing else: no table of exceptions."""
    modules = {path.relative_to(ROOT / "calculators") for path in PURE if path.stem not in ("__init__", "__main__")}
    lost = [str(m) for m in modules if not (ROOT / "tests" / m.parent / f"test_{m.name}").is_file()]
    assert sorted(lost) == []


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_every_public_function_and_record_says_what_it_is(path: Path) -> None:
    bare = [
        node.name
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if ast.get_docstring(node) is None
    ]
    assert bare == []


def test_what_the_data_files_name_is_there() -> None:
    """Comments of data files say which module reads them."""
    named = {
        (path.name, match)
        for folder in (
            "pricing_data",
            "hardware_profiles",
            "technique_data",
            "serving_data",
            "glossary",
            "model_profiles",
        )
        for path in (ROOT / folder).rglob("*.yaml")
        for match in re.findall(r"calculators/[a-z_/]+\.py", path.read_text(encoding="utf-8"))
    }
    assert [f"{name}: {module}" for name, module in sorted(named) if not (ROOT / module).is_file()] == []


def test_numbers_with_a_source_are_not_hidden_in_pages() -> None:
    """Pages show; they do not read files or hold prices."""
    for path in (ROOT / "pages").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "open" not in calls, path
