"""Catalogues and quotes that a team drops into a folder."""

from datetime import date
from pathlib import Path

import pytest

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.dropped_files import read_dropped

TODAY = date(2026, 11, 30)
QUOTES = "Provider,GPU,GPUs,Term,USD_per_machine_h,Day,Region\nEights,H100 SXM,8,1 year,16,2026-11-20,eu-1\n"
GPUHUNT = "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n"
SKYPILOT = "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Price,SpotPrice,Region\n"


def _read(folder: Path, catalog: Catalog, **files: str) -> tuple[list[tuple[str, float]], list[str], list[str]]:
    for name, text in files.items():
        (folder / f"{name.replace('__', '-')}.csv").write_text(text, encoding="utf-8")
    publications, problems = read_dropped(folder, TODAY, catalog)
    rents = [(rent.name, rent.rent.usd_per_gpu_h) for one in publications for rent in one.rents]
    return rents, [held.why for one in publications for held in one.held], problems


def test_a_quote_is_read_with_its_term_and_day(tmp_path: Path, live_catalog: Catalog) -> None:
    more = "Nebius,H200,8,on-demand,28,2026-11-21,\nNebius,H200,8,36 months,20,2026-11-21,\n"
    rents, held, problems = _read(tmp_path, live_catalog, mine=QUOTES + more)
    assert rents == [
        ("eights/8x h100-sxm/eu-1/1y", 2),
        ("nebius/8x h200-sxm/any region/on_demand", 3.5),
        ("nebius/8x h200-sxm/any region/3y", 2.5),
    ]
    assert (held, problems) == ([], [])


def test_catalogues_of_gpuhunt_and_skypilot_are_read(tmp_path: Path, live_catalog: Catalog) -> None:
    hunt = f"{GPUHUNT}big,eu-1,20.0,96,900,8,H100,80,False,\nbig,eu-1,8.0,96,900,8,H100,80,True,\ncpu,eu-1,0.1,2,4,0,,,False,\n"
    sky = f"{SKYPILOT}vm8,96,900,H200,8,x,28,12,us-1\nvm1,2,4,,,,0.1,,us-1\n"
    rents, held, problems = _read(tmp_path, live_catalog, **{"verda__2026-11-28": hunt, "nebius_2026-11-27": sky})
    assert rents == [
        ("nebius/vm8/us-1/on_demand", 3.5),
        ("nebius/vm8/us-1/spot", 1.5),
        ("verda/big/eu-1/on_demand", 2.5),
        ("verda/big/eu-1/spot", 1),
    ]
    assert (held, problems) == ([], [])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mine", QUOTES.replace("2026-11-20", "20.11.2026"), "is no day"),
        ("mine", QUOTES.replace("2026-11-20", "2027-01-01"), "lies in the future"),
        ("mine", QUOTES.replace("Region", "Currency").replace("eu-1", "EUR"), "another currency than USD"),
        ("verda", GPUHUNT + "big,eu-1,20.0,96,900,8,H100,80,False,\n", "its seller and its day"),
        ("verda-2026-13-01", GPUHUNT + "big,eu-1,20.0,96,900,8,H100,80,False,\n", "is no day"),
        ("list-2026-11-01", "a,b\n1,2\n", "columns of no known list"),
        ("empty-2026-11-01", "", "columns of no known list"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_one_line(
    tmp_path: Path, live_catalog: Catalog, name: str, text: str, words: str
) -> None:
    rents, _, [problem] = _read(tmp_path, live_catalog, **{name: text})
    assert rents == []
    assert words in problem
    assert problem.startswith(f"{name}.csv: ")
    assert "\n" not in problem


@pytest.mark.parametrize(
    "row",
    ["Nebius,H200,8,two weeks,28,2026-11-20,", "Nebius,H200,many,1y,28,2026-11-20,", "Nebius,H200,8,1y,,2026-11-20,"],
)
def test_a_row_that_cannot_be_read_is_held_back_beside_the_others(
    tmp_path: Path, live_catalog: Catalog, row: str
) -> None:
    rents, [why], _ = _read(tmp_path, live_catalog, mine=f"{QUOTES}{row}\n")
    assert len(rents) == 1
    assert "cannot be read" in why


def test_bytes_that_are_no_text_and_a_missing_folder_are_said(tmp_path: Path, live_catalog: Catalog) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\xd8")
    assert "no CSV text in UTF-8" in read_dropped(tmp_path, TODAY, live_catalog)[1][0]
    with pytest.raises(DataError, match="no such folder"):
        read_dropped(tmp_path / "none", TODAY, live_catalog)
