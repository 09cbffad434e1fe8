"""Records of checkpoints."""

import pytest
from pydantic import ValidationError

from calculators.catalog.checkpoints import Checkpoint


def test_a_format_that_is_none_is_refused() -> None:
    good = {"hf_id": "a/b", "precision": "fp8", "source": "s", "confidence": "high"}
    assert Checkpoint.model_validate(good).lm_head == "bf16"
    with pytest.raises(ValidationError, match="attention"):
        Checkpoint.model_validate(good | {"attention": "fp7"})
