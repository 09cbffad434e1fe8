"""Changes as new rows of the data files: rows are appended, never overwritten, and all files are written or none."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import yaml

from calculators.catalog.base import Record, Source
from calculators.catalog.load import DATA_FOLDERS
from calculators.catalog.price_library import seller_name
from calculators.price_updates.changes import Changes
from calculators.price_updates.published import PublishedRent, PublishedTokens
from calculators.price_updates.yaml_rows import as_yaml, with_item, with_key

FIRST_KEYS = ("source", "confidence", "valid_from", "above_input_tok")
DataRow = dict[str, Any]
NamedSource = tuple[str, Source]


def appended_files(changes: Iterable[Changes], root: Path) -> dict[Path, str]:
    """Path below `root` and new text of every data file that the changes touch."""
    texts: dict[Path, str] = {}
    for change in changes:
        publication = change.publication
        source = (publication.key, publication.source)
        for token in change.tokens:
            path = Path("pricing_data/api", f"{token.published.provider}.yaml")
            texts[path] = _with_tokens(_text(texts, path, root), token.published, source)
        for rent in change.rents:
            path = Path("pricing_data/gpu_rents", f"{rent.published.provider}.yaml")
            texts[path] = _with_rent(_text(texts, path, root), rent.published, source)
    return texts


def _text(texts: Mapping[Path, str], path: Path, root: Path) -> str:
    """Empty where there is no such file yet."""
    return texts[path] if path in texts else (root / path).read_text("utf-8") if (root / path).exists() else ""


def _with_tokens(text: str, published: PublishedTokens, source: NamedSource) -> str:
    """Prices by day; a day that has one keeps it."""
    rows = [_plain(price) for price in published.prices]
    context = {"context_tok": published.context_tok} if published.context_tok else {}
    model = {"id": published.model, "prices": rows, **context}
    if not text:
        return _new_file(published.provider, seller_name(published.provider), "models", model, source)
    models = yaml.safe_load(text)["models"]
    place = next((n for n, one in enumerate(models) if one["id"] == published.model), None)
    if place is None:
        return _with_source(with_item(text, ("models",), model), source)
    days = [str(row["valid_from"]) for row in models[place]["prices"]]
    for row in rows:
        day = str(row["valid_from"])
        if day not in days:
            later = [n for n, other in enumerate(days) if other > day]
            at = later[0] if later else None
            text = with_item(text, ("models", place, "prices"), row, at)
            days = sorted([*days, day])
    return _with_source(text, source)


def _with_rent(text: str, published: PublishedRent, source: NamedSource) -> str:
    row = _plain(published.rent)
    if not text:
        return _new_file(published.provider, published.provider_name, "rents", row, source)
    return _with_source(with_item(text, ("rents",), row), source)


def _new_file(provider: str, name: str, what: str, row: DataRow, source: NamedSource) -> str:
    return as_yaml({"provider": provider, "name": name, what: [row], "sources": {source[0]: _plain(source[1])}})


def _with_source(text: str, source: NamedSource) -> str:
    is_there = source[0] in yaml.safe_load(text)["sources"]
    return text if is_there else with_key(text, ("sources",), source[0], _plain(source[1]))


def _plain(record: Record) -> DataRow:
    """A record as the data files write it: without what is not stated, but for a rent's machine and region."""
    values = _whole(record.model_dump())
    return {key: value for key, value in values.items() if value not in (None, []) or key in ("instance", "region")}


def _whole(value: Any) -> Any:
    """Whole numbers without a point, and of a group first what it is about; of length tiers only what is stated."""
    if isinstance(value, dict):
        keys = (*(key for key in FIRST_KEYS if key in value), *value)
        return {key: _whole(value[key]) for key in dict.fromkeys(keys)}
    if isinstance(value, tuple):
        return [{key: item for key, item in _whole(one).items() if item is not None} for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def copied_data(root: Path, files: Mapping[Path, str]) -> Iterator[Path]:
    """A temporary copy of the data with these files in it."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in (name for name in DATA_FOLDERS if (root / name).exists()):
            shutil.copytree(root / name, copy / name)
        for path, text in files.items():
            (copy / path).write_text(text, encoding="utf-8")
        yield copy


def write_all(files: Mapping[Path, str], root: Path) -> None:
    """Writes every file beside its target first, then puts all in place, so that a full disk leaves the old ones. Raises
    OSError."""
    staged: list[tuple[str, Path]] = []
    with ExitStack() as undo:
        for path, text in files.items():
            target = root / path
            with NamedTemporaryFile("w", dir=target.parent, prefix=".new-", delete=False, encoding="utf-8") as file:
                undo.callback(Path(file.name).unlink, missing_ok=True)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            staged.append((file.name, target))
        for name, target in staged:
            os.replace(name, target)
