"""A tokenizer that works offline: o200k_base, as OpenAI's models since GPT-4o use it, from the bpe-openai package.

Token counts of other makers' tokenizers differ by a tenth or more; shares of a prompt hardly differ.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
VOCABULARY = "o200k_base"
ABOUT = f"{VOCABULARY} of the bpe-openai package; other models' tokenizers differ"
MAX_PIECE_CHARS = 4_000
"""Length at which text is cut, since the library refuses very long texts; each cut costs at most one token."""


@cache
def _encoding() -> Any:
    """The encoding, loaded on first use: it takes half a second and about 60 MB."""
    from bpe_openai import get_encoding  # type: ignore[import-untyped]

    return get_encoding(VOCABULARY)


def token_ids(text: str) -> Ids:
    """Token ids of a text (tokens,). Control tokens count as plain text; lone surrogates as replacement characters."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    ids: list[int] = []
    for start in range(0, len(clean), MAX_PIECE_CHARS):
        ids += _encoding().encode_ordinary(clean[start : start + MAX_PIECE_CHARS])
    return np.array(ids, dtype=np.int32)


def token_count(text: str) -> int:
    """Number of tokens of a text."""
    return len(token_ids(text))


def token_text(some: Ids) -> str:
    """Text of token ids, for comparing prompts; never shown."""
    return str(_encoding().decode([int(i) for i in some]))
