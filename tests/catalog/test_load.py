"""Loading, looking up, and refusing data files that contradict each other."""

import shutil
from pathlib import Path

import pytest
from support import FIXED_ROOT

from calculators.catalog.load import ROOT, load_catalog, load_sourced
from calculators.catalog.techniques import Framework
from calculators.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the fixed catalog to break."""
    return Path(shutil.copytree(FIXED_ROOT, tmp_path / "data"))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


BREAKS = [
    ("hardware_profiles/gpus/l40s.yaml", "capacity_gb: 48", "capacity_gb: -48", "l40s.yaml, line "),
    ("hardware_profiles/gpus/l40s.yaml", "id: l40s", "id: l40", "it must equal the file name, 'l40s'"),
    (
        "hardware_profiles/gpus/l40s.yaml",
        "id: l40s",
        "id: l40s\nid: l40s",
        "l40s.yaml, line 2: the key 'id' is given twice",
    ),
    (
        "hardware_profiles/gpus/l40s.yaml",
        "id: l40s",
        "id: l40s\ncolour: green",
        "l40s.yaml, line 2: colour is not a known key",
    ),
    ("pricing_data/api/testhost.yaml", "source: test,", "source: tset,", "source 'tset' is not in this file's sources"),
    ("pricing_data/api/testhost.yaml", "accessed: 2026-11-01", "accessed: 2126-11-01", "accessed in the future"),
    ("pricing_data/api/testhost.yaml", "output_usd_per_mtok: 10}", "output_usd_per_ktok: 10}", "output_usd_per_ktok"),
    ("pricing_data/api/testhost.yaml", "valid_from: 2026-12-01", "valid_from: 2026-01-01", "valid_from must ascend"),
    (
        "pricing_data/gpu_rents/singles.yaml",
        "gpu: l40s",
        "gpu: l41s",
        "GPU 'l41s' has no profile; add hardware_profiles",
    ),
    (
        "model_profiles/gpt-oss-120b.yaml",
        "model: gpt-oss-120b",
        "model: gpt-oss-12b",
        "testhost does not sell 'gpt-oss-12b'",
    ),
    ("model_profiles/gpt-oss-120b.yaml", "- openai/gpt-oss-120b", "- llama-3.3-70b", "already names"),
    (
        "model_profiles/gpt-oss-120b.yaml",
        "shape:",
        "superseded_by: {source: test, confidence: low, model: gpt-9}\nshape:",
        "superseded_by: model 'gpt-9' has no profile; add model_profiles/gpt-9.yaml",
    ),
    (
        "model_profiles/gpt-oss-120b.yaml",
        "shape:",
        "superseded_by: {source: test, confidence: low, model: gpt-oss-120b}\nshape:",
        "superseded_by: 'gpt-oss-120b' leads back to gpt-oss-120b; remove one of them",
    ),
    (
        "model_profiles/gpt-oss-120b.yaml",
        "sliding_window_tok: 128",
        "head_dim: 64",
        "the key 'head_dim' is given twice",
    ),
    ("pricing_data/ownership.yaml", "low: 0.5, central: 1,", "low: 1.5, central: 1,", "needs low <= central <= high"),
]


@pytest.mark.parametrize(("path", "old", "new", "message"), BREAKS)
def test_a_broken_data_file_is_named_with_what_is_wrong(
    root: Path, path: str, old: str, new: str, message: str
) -> None:
    _replace(root / path, old, new)
    with pytest.raises(DataError) as error:
        load_catalog(root)
    assert message in str(error.value)
    assert Path(path).stem in str(error.value)


def test_every_broken_file_is_listed_at_once(root: Path) -> None:
    _replace(root / "hardware_profiles/gpus/l40s.yaml", "id: l40s", "id: l40")
    _replace(root / "pricing_data/ownership.yaml", "low: 0.5, central: 1,", "low: 1.5, central: 1,")
    (root / "pricing_data/workload_presets.yaml").unlink()
    with pytest.raises(DataError) as error:
        load_catalog(root)
    for name in ("l40s.yaml", "ownership.yaml", "workload_presets.yaml: the file is missing"):
        assert name in str(error.value)


def test_an_empty_folder_is_an_error(root: Path) -> None:
    shutil.rmtree(root / "hardware_profiles/gpus")
    with pytest.raises(DataError, match="gpus: no readable data files"):
        load_catalog(root)


def test_the_digest_names_the_state_of_the_data(root: Path, tmp_path: Path) -> None:
    before = load_catalog(root).digest
    assert before == load_catalog(FIXED_ROOT).digest
    changed = Path(shutil.copytree(root, tmp_path / "changed"))
    _replace(changed / "pricing_data/gpu_rents/singles.yaml", "usd_per_gpu_h: 3.0", "usd_per_gpu_h: 3.01")
    assert load_catalog(changed).digest != before


def test_a_file_beside_the_catalog_must_name_its_sources_too(tmp_path: Path) -> None:
    text = (ROOT / "technique_data/framework.yaml").read_text(encoding="utf-8")
    path = tmp_path / "framework.yaml"
    path.write_text(text.replace("source: llm_d", "source: somebody"), encoding="utf-8")
    with pytest.raises(DataError, match=r"framework.yaml: source 'somebody' is not in this file's sources"):
        load_sourced(path, Framework)
    with pytest.raises(DataError, match="missing"):
        load_sourced(tmp_path / "none.yaml", Framework)
