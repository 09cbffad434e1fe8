"""A real tokenizer that works offline: o200k_base, as OpenAI's models since GPT-4o use it, from the bpe-openai package.

Other makers' tokenizers cut the same text otherwise, by a tenth or more; for shares of a prompt that hardly matters.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
VOCABULARY = "o200k_base"
ABOUT = f"{VOCABULARY} of the bpe-openai package; other models' tokenizers differ"
MAX_PIECE_CHARS = 4_000
"""The library refuses very long texts; a longer one is cut here, which costs at most a token a cut."""


@cache
def _encoding() -> Any:
    """Half a second and some 60 MB, so only for those who ask."""
    from bpe_openai import get_encoding  # type: ignore[import-untyped]

    return get_encoding(VOCABULARY)


def token_ids(text: str) -> Ids:
    """(tokens,): ids of any text. What looks like a control token is plain text; half a character counts as a mark."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    ids: list[int] = []
    for start in range(0, len(clean), MAX_PIECE_CHARS):
        ids += _encoding().encode_ordinary(clean[start : start + MAX_PIECE_CHARS])
    return np.array(ids, dtype=np.int32)


def token_count(text: str) -> int:
    return len(token_ids(text))


def token_text(some: Ids) -> str:
    """For looking at where prompts part; never shown."""
    return str(_encoding().decode([int(i) for i in some]))
