"""Records of the six techniques and of the framework."""

from typing import get_args

import pytest
from pydantic import ValidationError

from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.techniques import Acceptance, Framework, MetricId, MoveId, TechniqueId, TechniquesFile


def test_every_technique_step_and_target_is_described() -> None:
    techniques = load_sourced(ROOT / "technique_data/techniques.yaml", TechniquesFile)
    assert {t.id for t in techniques.techniques} == set(get_args(TechniqueId))
    related = {setting.name for t in techniques.techniques for setting in t.related}
    assert related == {
        "Token budget per step (chunk size)",
        "CUDA graphs",
        "KV-cache offloading",
        "Context parallelism",
    }
    framework = load_sourced(ROOT / "technique_data/framework.yaml", Framework)
    assert {framework.move(id).id for id in get_args(MoveId)} == set(get_args(MoveId))
    assert {framework.metric(id).id for id in get_args(MetricId)} == set(get_args(MetricId))


def test_a_published_gain_names_a_source_of_the_file() -> None:
    plain = load_sourced(ROOT / "technique_data/techniques.yaml", TechniquesFile).model_dump()
    plain["techniques"][0]["published_sources"] = ["hearsay"]
    with pytest.raises(ValidationError, match="does not list: hearsay"):
        TechniquesFile.model_validate(plain)


@pytest.mark.parametrize("drafted", [7, 9])
def test_a_run_gives_the_tokens_of_each_number_of_drafts(drafted: int) -> None:
    with pytest.raises(ValidationError, match="pass_tok"):
        Acceptance.model_validate(
            {
                "source": "x",
                "confidence": "low",
                "model": "m",
                "method": "mtp",
                "thinking": False,
                "pass_tok": [1.5] * drafted,
            }
        )
