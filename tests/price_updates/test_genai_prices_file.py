"""The source file of the price library, read as text: what the library itself says of the same package."""

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
from price_packages import GPT, genai_wheel, wheel

from calculators.api.rates import api_offer
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.changes import _says
from calculators.price_updates.genai_prices_file import read_genai_prices

DAY = date(2026, 11, 30)


def test_the_installed_package_reads_as_the_library_prices_it(tmp_path: Path, live_catalog: Catalog) -> None:
    """Every model of every seller: standard and batch, length tiers, announced changes."""
    spec = find_spec("genai_prices")
    assert spec is not None
    assert spec.origin is not None
    data = (Path(spec.origin).parent / "data.py").read_bytes()
    published = read_genai_prices(wheel(tmp_path, "genai_prices", "0", {"genai_prices/data.py": data}), DAY).tokens
    sound = [one for one in published if not one.problem]
    assert len(sound) > 500
    wrong = [one.name for one in sound if not _says(one, api_offer(one.provider, one.model, live_catalog))]
    assert set(wrong) == {f"{one.provider}/{one.model}" for one in live_catalog.corrections_file.prices} & {
        s.name for s in sound
    }
    problems = {one.problem.partition(":")[0] for one in published if one.problem}
    assert problems == {"its price differs by the hour"}


def test_announced_changes_tiers_and_batch_are_read(tmp_path: Path) -> None:
    model = (
        "ModelInfo(id='m', prices=[ConditionalPrice(prices=ModelPrice(input_mtok=TieredPrices(base=Decimal('1'), "
        "tiers=[Tier(start=200000, price=Decimal('2'))]), output_mtok=Decimal('4'))), "
        "ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)), "
        "prices=ModelPrice(input_mtok=Decimal('3'), output_mtok=Decimal('6')))], price_variants=[PriceVariant("
        "when={'processing': 'batch'}, prices=ModelPrice(input_mtok=Decimal('0.5'), output_mtok=Decimal('2')))])"
    )
    [one] = read_genai_prices(genai_wheel(tmp_path, model), DAY).tokens
    now, later = one.prices
    assert (now.valid_from, later.valid_from) == (DAY, date(2027, 1, 1))
    assert (now.input_usd_per_mtok, now.tiers[0].above_input_tok, now.tiers[0].input_usd_per_mtok) == (1, 200_000, 2)
    assert (now.tiers[0].output_usd_per_mtok, now.batch_input_usd_per_mtok, later.input_usd_per_mtok) == (4, 0.5, 3)


def test_resold_retired_and_wordless_models_are_left_out_and_nothing_is_run(tmp_path: Path) -> None:
    retired = GPT.replace("context_window", "deprecated=True, context_window")
    no_text = "ModelInfo(id='image', prices=ModelPrice(output_image_mtok=Decimal('30')))"
    strange = "ModelInfo(id='strange', prices=ModelPrice(input_mtok={'per': 'word'}, output_mtok=Decimal('1')))"
    by_hour = (
        "ModelInfo(id='by-hour', prices=[ConditionalPrice(constraint=TimeOfDateConstraint(start_time=datetime.time(1, 0)), "
        "prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('2')))])"
    )
    read = {
        one.model: one
        for one in read_genai_prices(genai_wheel(tmp_path, retired, no_text, strange, by_hour), DAY).tokens
    }
    assert set(read) == {"strange", "by-hour"}
    assert "not known here" in read["strange"].problem
    assert "differs by the hour" in read["by-hour"].problem
    [priced] = read_genai_prices(genai_wheel(tmp_path, GPT), DAY).tokens
    assert priced.name == "openai/gpt-5.4"


@pytest.mark.parametrize("text", ["providers = load()", "def", "x = 1", "providers = [Provider(id='a')]", "(" * 5000])
def test_a_file_laid_out_in_another_way_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="left as they were") as error:
        read_genai_prices(wheel(tmp_path, "genai_prices", "9", {"genai_prices/data.py": text}), DAY)
    assert "\n" not in str(error.value)
