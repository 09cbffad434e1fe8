"""Which of the weight formats a spelling means: dtype names of engines, of checkpoints and of benchmark tables."""

import re

from calculators.catalog.base import Precision

_FORMATS: tuple[tuple[re.Pattern[str], Precision], ...] = (
    (re.compile(r"mxfp4"), "mxfp4"),
    (re.compile(r"nvfp4|fp4|w4a4"), "nvfp4"),
    (re.compile(r"u?int4|i4|4bit|w4a\d+|nf4"), "int4"),
    (re.compile(r"(mx)?(fp|f|float)8(e4m3(fn(uz)?)?|e5m2)?|e4m3(fn(uz)?)?|e5m2"), "fp8"),
    (re.compile(r"int8|i8|8bit|w8a8|w8a16|smoothquant"), "int8"),
    (re.compile(r"awq|gptq|autoround"), "int4"),
    (re.compile(r"bf16|b?float16|fp16|f16|16bit|half|w16a16"), "bf16"),
)
"""A whole word, and the format of weights that it names. Where several words name one, the first line counts: weights have the
narrowest of the formats that a spelling combines, and a method says how many bits only where nothing else does."""
_BETWEEN = re.compile(r"[^a-z0-9]+")


def format_meant(text: str) -> Precision | None:
    """The weight format that the words of `text` name: "FP8_DYNAMIC", "bf16/fp16", "w4a16" or a checkpoint's name. None where
    no word does. A bare "fp4" is NVFP4."""
    words = _BETWEEN.split(text.lower())
    return next((precision for words_of, precision in _FORMATS if any(map(words_of.fullmatch, words))), None)
