"""Spellings of weight formats."""

import pytest

from calculators.catalog.format_spelling import format_meant


@pytest.mark.parametrize(
    ("spelling", "precision"),
    [
        *((name, "bf16") for name in ("BF16", "bf16/fp16", "fp16/bf16", "torch.bfloat16", "float16", "half")),
        *((name, "fp8") for name in ("FP8", "float8_e4m3fn", "FP8_DYNAMIC", "w8a8-fp8", "fp8/bf16", "mxfp8", "e4m3")),
        *((name, "int8") for name in ("int8", "w8a8", "W8A16", "GPTQ-Int8", "smoothquant")),
        *((name, "int4") for name in ("int4", "w4a16", "W4A8", "AWQ", "gptq", "awq-fp16", "4bit")),
        *((name, "nvfp4") for name in ("NVFP4", "fp4", "nvfp4/fp8")),
        *((name, "mxfp4") for name in ("mxfp4", "MXFP4/fp8")),
        ("nvidia/Llama-3.3-70B-Instruct-FP8", "fp8"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "int4"),
        *((name, None) for name in ("", "Llama-3.1-8B", "Qwen3-30B-A3B", "q6_k", "fp32", "Llama-4-Scout-17B-16E")),
    ],
)
def test_a_spelling_names_one_format_or_none(spelling: str, precision: str | None) -> None:
    assert format_meant(spelling) == precision
    assert format_meant(spelling.upper()) == precision
