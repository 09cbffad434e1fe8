"""Changes as rows of the data files: what was there stays, and all files are written or none."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from support import FIXED_ROOT

from calculators.api.rates import api_offer, api_rates
from calculators.catalog.base import Source
from calculators.catalog.load import load_catalog
from calculators.catalog.prices import ApiPrice, LengthTier, Rent
from calculators.price_updates import data_files
from calculators.price_updates.changes import Changes, RentChange, TokenChange
from calculators.price_updates.data_files import appended_files, copied_data, write_all
from calculators.price_updates.published import Publication, PublishedRent, PublishedTokens

DAY = date(2026, 11, 20)
PUBLICATION = Publication("k-1", Source(title="A list", url="https://example.org", accessed=DAY, kind="library"))


def _price(day: date, input_usd: float, **more: object) -> ApiPrice:
    return ApiPrice(
        source="k-1", confidence="medium", valid_from=day, input_usd_per_mtok=input_usd, output_usd_per_mtok=8, **more
    )


def _changed(*tokens: PublishedTokens, rents: tuple[PublishedRent, ...] = ()) -> list[Changes]:
    of_tokens = tuple(TokenChange(one, None, False) for one in tokens)
    return [Changes(PUBLICATION, of_tokens, tuple(RentChange(one, None, False) for one in rents), ())]


def _rent(provider: str) -> PublishedRent:
    row = {
        "source": "k-1",
        "confidence": "medium",
        "gpu": "h100-sxm",
        "instance": "big",
        "gpus_per_instance": 8,
        "region": None,
    }
    return PublishedRent(
        provider, "New one", Rent.model_validate({**row, "commitment": "1y", "usd_per_gpu_h": 2, "seen": DAY})
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(FIXED_ROOT, tmp_path / "data")
    return tmp_path / "data"


def test_rows_are_appended_and_an_old_date_sees_what_it_saw(root: Path) -> None:
    """A price before an announced one, length tiers, a new model, a new seller of rents and one that is there."""
    tier = LengthTier(above_input_tok=200_000, input_usd_per_mtok=9, output_usd_per_mtok=18)
    files = appended_files(
        _changed(
            PublishedTokens("testhost", "closed-dated", (_price(DAY, 4.5), _price(date(2026, 12, 1), 1))),
            PublishedTokens("testhost", "closed", (_price(DAY, 4.5, tiers=(tier,)),)),
            PublishedTokens("openai", "gpt-5.4", (_price(DAY, 2.0),), 1000),
            rents=(_rent("eights"), _rent("newcomer")),
        ),
        root,
    )
    before = load_catalog(root)
    write_all(files, root)
    load_catalog.cache_clear()
    after = load_catalog(root)
    assert before.digest != after.digest

    def usd(provider: str, model: str, day: date) -> list[float]:
        return [rates.input_usd_per_mtok for rates in api_rates(api_offer(provider, model, after), day)]

    assert [usd("testhost", "closed-dated", day) for day in (date(2026, 11, 19), DAY, date(2026, 12, 1))] == [
        [5],
        [4.5],
        [4],
    ]
    assert usd("testhost", "closed", DAY) == [4.5, 9]
    library_usd = [
        rates.input_usd_per_mtok for rates in api_rates(api_offer("openai", "gpt-5.4", before), date(2026, 11, 19))
    ]
    assert [usd("openai", "gpt-5.4", day) for day in (date(2026, 11, 19), DAY)] == [library_usd, [2]]
    assert after.rent_providers["newcomer"].name == "New one"
    assert after.rent_providers["eights"].rents[:2] == before.rent_providers["eights"].rents
    text = (root / "pricing_data/api/testhost.yaml").read_text("utf-8")
    assert text.startswith((FIXED_ROOT / "pricing_data/api/testhost.yaml").read_text("utf-8").splitlines()[0])
    assert not list(root.rglob(".new-*"))


def test_no_change_is_no_file(root: Path) -> None:
    assert appended_files(_changed(), root) == {}


def test_a_copy_holds_the_new_files_and_leaves_the_old_ones(root: Path) -> None:
    path = Path("pricing_data/api/testhost.yaml")
    with copied_data(root, {path: "x: 1\n"}) as copy:
        assert (copy / path).read_text("utf-8") == "x: 1\n"
        assert (copy / "pricing_data/ownership.yaml").exists()
    assert not copy.exists()
    assert (root / path).read_text("utf-8") != "x: 1\n"


def test_a_disk_that_fills_up_leaves_every_old_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path("pricing_data/api/testhost.yaml"), Path("pricing_data/gpu_rents/eights.yaml")]
    old = [(root / path).read_text("utf-8") for path in paths]
    calls: list[int] = []

    def full(_: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(data_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_all({path: "new: 1\n" for path in paths}, root)
    assert [(root / path).read_text("utf-8") for path in paths] == old
    assert not list(root.rglob(".new-*"))
