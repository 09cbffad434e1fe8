"""Prices of one's own over the shipped data."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from support import FIXED_ROOT

from calculators.api.rates import api_offer, api_rates, hosted_offers
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import PRIVATE_OFFERS, load_catalog
from calculators.catalog.private_offers import PrivateOffers, with_private_offers
from calculators.errors import DataError, UnknownId

DAY = date(2026, 11, 23)
FILE = """
sources:
  contract: {title: Contract 17, accessed: 2026-11-01, kind: quote}
api:
  - provider: testhost
    models:
      - id: closed
        prices:
          - {source: contract, confidence: high, valid_from: 2026-11-01, input_usd_per_mtok: 1.5, output_usd_per_mtok: 6}
  - provider: ours
    name: Our host
    models:
      - id: llama
        open_model: llama-3.3-70b
        prices:
          - {source: contract, confidence: high, valid_from: 2026-01-01, input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.2}
gpu_rents:
  - provider: eights
    rents:
      - {source: contract, confidence: high, gpu: h100-sxm, instance: null, gpus_per_instance: 8, region: null,
         commitment: on_demand, usd_per_gpu_h: 1.2, seen: 2026-11-01}
"""


def test_a_file_of_the_company_binds_beside_the_shipped_data(tmp_path: Path, catalog: Catalog) -> None:
    root = tmp_path / "data"
    shutil.copytree(FIXED_ROOT, root)
    (root / PRIVATE_OFFERS).write_text(FILE, encoding="utf-8")
    ours = load_catalog(root)
    offer = api_offer("testhost", "closed", ours)
    assert (offer.is_yours, offer.source.title, api_rates(offer, DAY)[0].output_usd_per_mtok) == (
        True,
        "Contract 17",
        6,
    )
    assert not api_offer("testhost", "closed-cached", ours).is_yours
    names = {o.provider_name for o in hosted_offers(ours.model("llama-3.3-70b"), DAY, ours)}
    assert names == {o.provider_name for o in hosted_offers(catalog.model("llama-3.3-70b"), DAY, catalog)} | {
        "Our host"
    }
    rents = {(provider.provider, rent.usd_per_gpu_h) for provider, rent in ours.rents("h100-sxm")}
    assert ("eights", 1.2) in rents
    assert ("eights", 2.0) not in rents
    assert ("singles", 3.0) in rents
    assert ours.digest != catalog.digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("provider: testhost", "provider: testhosst", "unknown seller 'testhosst'; did you mean 'testhost'"),
        ("provider: eights", "provider: eight", "unknown GPU cloud provider 'eight'; did you mean 'eights'"),
        ("gpu: h100-sxm", "gpu: h1000", "unknown GPU 'h1000'"),
        ("open_model: llama-3.3-70b", "open_model: lama-3.3", "unknown model 'lama-3.3'"),
        (
            "source: contract, confidence: high, valid_from: 2026-11-01",
            "source: other, confidence: high, valid_from: 2026-11-01",
            "'other'",
        ),
        ("input_usd_per_mtok: 1.5", "input_usd_per_mtok: -1.5", "line"),
        ("open_model:", "openmodel:", "openmodel"),
    ],
)
def test_what_a_file_of_the_company_gets_wrong_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    root = tmp_path / "data"
    shutil.copytree(FIXED_ROOT, root)
    assert old in FILE
    (root / PRIVATE_OFFERS).write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_catalog(root)
    assert words in str(error.value)
    assert "private_offers.yaml" in str(error.value)


def test_a_new_seller_needs_a_name_and_the_shipped_file_is_not_there(catalog: Catalog) -> None:
    rows = {
        "models": [
            {"id": "m", "prices": [{"source": "s", "confidence": "high", "valid_from": DAY, "input_usd_per_mtok": 1}]}
        ]
    }
    rows["models"][0]["prices"][0]["output_usd_per_mtok"] = 1  # type: ignore[index]
    source = {"s": {"title": "t", "accessed": DAY, "kind": "quote"}}
    offers = PrivateOffers.model_validate({"sources": source, "api": [{"provider": "nobody-at-all", **rows}]})
    with pytest.raises(UnknownId, match="A new one needs a 'name'"):
        with_private_offers(catalog, offers)
    assert not (Path(__file__).parents[2] / PRIVATE_OFFERS).exists()
    named = offers.model_copy(update={"api": (offers.api[0].model_copy(update={"name": "New"}),)})
    assert with_private_offers(catalog, named).api_providers["nobody-at-all"].name == "New"
    assert "nobody-at-all" not in catalog.api_providers
