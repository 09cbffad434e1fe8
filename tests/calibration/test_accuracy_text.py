"""Sentences on accuracy: every code has words, and the numbers are in the one format."""

from typing import get_args

from calculators.calibration import accuracy
from calculators.calibration import accuracy_text as text
from calculators.calibration.configurations import PredictionStatus
from calculators.calibration.pool_accuracy import judged_pools
from calculators.calibration.predict import predict
from calculators.catalog.load import load_catalog

ERRORS = accuracy.Errors(
    count=1_561, median_frac=0.098, p80_frac=0.2, p90_frac=0.32, bias_frac=-0.014, beyond_3x_count=2
)


def test_every_code_has_words() -> None:
    assert set(text.METRIC_WORDS) == set(text.METRIC_UNITS) == set(accuracy.METRICS)
    assert set(text.PROTOCOL_WORDS) == set(get_args(accuracy.Protocol))
    assert set(text.BREAKDOWN_WORDS) == set(get_args(accuracy.Breakdown))
    assert set(text.PREDICTION_STATUS_WORDS) == set(get_args(PredictionStatus))


def test_the_sentence_says_figure_errors_runs_and_protocol() -> None:
    assert text.accuracy_sentence("tpot_ms", "unseen_gpu", ERRORS) == (
        "TPOT predictions are off by 9.8% (median) and 32% (90th percentile) on 1,561 published runs on GPUs that the fit "
        "never saw."
    )


def test_outliers_are_counted_with_and_without_extrapolations() -> None:
    sentence = text.unflagged_sentence(ERRORS, ERRORS)
    assert sentence.startswith("Of 1,561 runs within the fitted range, 2 are off")


def test_predictions_are_counted_by_status() -> None:
    rows = [{"model": "llama-3.1-8b", "gpu": gpu, "isl": "100", "osl": "100"} for gpu in ("h100-sxm", "nonsense")]
    told = text.prediction_counts(predict(rows, load_catalog()))
    assert told == "0 within the fitted range, 1 extrapolated, 1 not supported"


def test_pools_and_drafts_are_told_with_their_errors() -> None:
    assert text.drafts_sentence(ERRORS).startswith("How much faster drafts make decoding is off by 9.8% at the median")
    told = text.pools_sentence(judged_pools(load_catalog()))
    assert told.startswith("On 210 published runs with separate prefill and decode pools, TPOT is off by ")
    assert "in the fit" in told
