"""Plans to serve, for the tests of the serving stack: real ones of the scenarios, and any other by its differences."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from calculators.catalog.load import ROOT, load_catalog
from calculators.catalog.serving import ServingEngine
from calculators.evaluate import Evaluation, evaluate
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario, Techniques
from calculators.serving.commands import Job, plain, server
from calculators.serving.files import ServingFiles, serving_files

CATALOG = load_catalog()
TODAY = date(2026, 11, 26)
ENGINES: tuple[ServingEngine, ...] = ("vllm", "sglang")
PATHS = sorted((ROOT / "scenarios").glob("*.yaml"))
HF_VARIABLE = re.compile(r"\$\{[A-Z_0-9]+(:[?-][^}]*)?\}")


def run(path: Path) -> tuple[Scenario, Evaluation]:
    scenario = read_scenario(path, TODAY)
    return scenario, evaluate(scenario, CATALOG)


FOUND = {path.stem: run(path) for path in PATHS}
PLANNED = {
    name: (s, e, e.build.plan) for name, (s, e) in FOUND.items() if e.build is not None and e.build.plan is not None
}
SCENARIO, EVALUATION, PLAN = PLANNED["steady-extraction"]
assert PLAN is not None


def job_of(
    engine: ServingEngine = "vllm",
    model: str = "qwen3.5-27b",
    gpu: str = "h100-sxm",
    precision: Any = "fp8",
    tp: int = 1,
    techniques: Techniques | None = None,
    workload: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
    **plan: Any,
) -> Job:
    assert PLAN is not None
    setup_of = ReplicaConfig(CATALOG.model(model), CATALOG.gpu(gpu), precision, tp, **(config or {}))
    changed = replace(PLAN, capacity=replace(PLAN.capacity, config=setup_of), **plan)
    scenario = SCENARIO.model_copy(
        update={
            "techniques": techniques or Techniques(),
            "workload": SCENARIO.workload.model_copy(update=workload or {}),
        }
    )
    return Job(engine, changed, scenario, EVALUATION.demand)


def files_of(job: Job) -> ServingFiles:
    return serving_files(job.engine, job.plan, job.scenario, job.demand, "0123456789ab", TODAY)


def words(job: Job, **more: Any) -> list[str]:
    return [plain(word) for word in server(job, **more)]


def value(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def commands_of(script: str) -> Iterator[list[str]]:
    """The engine's commands of a shell script, as a shell would pass them: variables by their names."""
    text = HF_VARIABLE.sub("VARIABLE", script.replace("\\\n", " "))
    for line in text.splitlines():
        argv = [word for word in shlex.split(line, comments=True) if not re.match(r"^[A-Z_]+=", word)]
        argv = [word for word in argv if word not in ("exec", "&")]
        if argv[:1] in (["vllm"], ["python"]) and "sglang_router.launch_router" not in argv:
            yield argv


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def of_kind(text: str, kind: str) -> list[dict[str, Any]]:
    return [document for document in documents(text) if document["kind"] == kind]


HOSTILE = "x/$(touch pwned)`id`';\"\n# \u202e && rm -rf ${HOME} $HOME $(HOME) *"


def hostile(job: Job) -> Job:
    """The same job with a model and a GPU whose names would run if a shell read them."""
    model = job.config.model.model_copy(update={"hf_id": HOSTILE, "name": HOSTILE})
    config = replace(job.config, model=model, gpu=job.config.gpu.model_copy(update={"name": HOSTILE}))
    return replace(job, plan=replace(job.plan, capacity=replace(job.plan.capacity, config=config)))
