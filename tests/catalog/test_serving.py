"""Engines, their options, and flags that conflict."""

import pytest
from pydantic import ValidationError

from calculators.catalog.serving import Condition, engine_flags, flag_conflicts, stack_file


def test_recorded_options_are_of_the_versions_that_are_compared() -> None:
    for engine in ("vllm", "sglang"):
        record = engine_flags(engine)
        assert record.engine == engine
        assert record.version == stack_file().versions[engine]


def test_every_conflict_is_about_a_recorded_engine_and_has_a_remedy() -> None:
    for conflict in flag_conflicts().contradictions:
        assert engine_flags(conflict.engine)
        assert conflict.why
        assert conflict.remedy


def test_exactly_one_engine_is_ahead_or_none() -> None:
    for axis in stack_file().axes:
        for case in axis.cases:
            ahead = [e for e in ("vllm", "sglang", "tensorrt_llm") if getattr(case, e) == "best"]
            assert case.speaks_for == (ahead[0] if len(ahead) == 1 else None)


@pytest.mark.parametrize("subject", [{}, {"flag": "--x", "fact": "gpus count"}])
def test_a_condition_has_one_subject(subject: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either a flag or a fact"):
        Condition.model_validate(subject)
