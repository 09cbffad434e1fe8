"""Puts fitted coefficients into hardware_profiles/efficiency.yaml, keeping its sources and its order."""

from collections.abc import Mapping
from pathlib import Path

import yaml

EFFICIENCY = Path(__file__).parent.parent / "hardware_profiles/efficiency.yaml"
HEADER = """\
# Coefficients of calculators/throughput.py, fitted by tools/fit_throughput.py, which also prints which of them sit at a
# bound of the fit. Fractions are shares of the data sheet's peak that engines reach. Each field is explained in
# calculators/records.py.
"""
BETTER_HIGH = ("_frac",)  # what is better the higher it is; everything else is better low
DIGITS = 4


def write_efficiency(table: Mapping[str, Mapping[str, float]], errors: Mapping[str, float], rows: int) -> None:
    data = yaml.safe_load(EFFICIENCY.read_text(encoding="utf-8"))
    for record in data["efficiencies"]:
        fitted = table.get(record["generation"])
        record.update({c: rounded(v) for c, v in (fitted or worst(table)).items()})
    for record in data["engines"]:
        record.update({c: rounded(v) for c, v in table[record["engine"]].items()})
    data.update({name: rounded(value) for name, value in errors.items()}, fitted_rows_count=rows)
    text = yaml.safe_dump(data, sort_keys=False, width=118, allow_unicode=True)
    EFFICIENCY.write_text(HEADER + text, encoding="utf-8")


def worst(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """For GPUs of none of the fitted generations: the worst value of each coefficient among NVIDIA's."""
    known = [table[g] for g in ("hopper", "blackwell", "ampere")]
    return {c: (min if c.endswith(BETTER_HIGH) else max)(t[c] for t in known) for c in known[0]}


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
