"""One row of a list of benchmark runs, its configuration and its prediction."""

from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.calibration.predict import Prediction, predict
from calculators.catalog.load import load_catalog

CATALOG = load_catalog()
BASE = {
    "row": "7",
    "engine": "vLLM",
    "model": "llama-3.3-70b",
    "gpu": "h100-sxm",
    "n_gpu": "4.0",
    "tp": "4",
    "weight_dtype": "fp8",
    "isl": "1000",
    "osl": "500",
    "concurrency_or_batch": "32",
    "scenario": "closed-loop concurrency",
}


def point(**cells: str) -> BenchmarkConfig:
    config = parse_point(BASE | cells, CATALOG)
    assert isinstance(config, BenchmarkConfig), config
    return config


def answer(**cells: str) -> Prediction:
    return predict([BASE | cells], CATALOG)[0]
