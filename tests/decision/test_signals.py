"""The three exit signals together: preconditions, supporting facts, sentences, the review."""

from signals_by_name import run

from calculators.decision.signals import met_sentence, triggers_sentence


def test_preconditions_and_support_are_unknown_until_somebody_says_so() -> None:
    found = run(candidates=[{"model": "llama-3.3-70b", "gate": "assumed"}]).signals
    assert {k.name: k.holds for k in found.preconditions} == {
        "Model quality": None,
        "Prompt and schema stability": None,
        "Latency targets": True,
        "Value per request": None,
        "Usage pattern": True,
    }
    said = run(
        evidence={
            "interface_settled": False,
            "value_usd_per_request": 0.0,
            "own_weights": True,
            "chained_models": False,
        }
    ).signals
    assert {k.name: k.holds for k in said.preconditions}["Prompt and schema stability"] is False
    assert {k.name: k.holds for k in said.supporting} == {
        "Scale": False,
        "Specialization": True,
        "Orchestration": False,
    }
    assert not any(s.status == "firing" for s in said.exit_signals)


def test_what_nobody_answered_reads_as_a_question_and_never_as_a_fact() -> None:
    unanswered, no = run().signals, run(evidence={"interface_settled": False, "own_weights": False}).signals
    yes = run(evidence={"interface_settled": True, "own_weights": True}).signals
    said = [{fact.name: fact.words for fact in (*s.preconditions, *s.supporting)} for s in (unanswered, no, yes)]
    assert [texts["Prompt and schema stability"] for texts in said] == [
        "Not answered: are prompts and output format stable?",
        "Prompts or output format still change.",
        "Prompts and output format are stable.",
    ]
    assert [texts["Specialization"] for texts in said] == [
        "Not answered: is the model your own (fine-tuned or trained)?",
        "The model is not your own.",
        "The model is your own (fine-tuned or trained).",
    ]


def test_latency_targets_that_nobody_changed_are_called_default() -> None:
    def said(**targets: float | None) -> str:
        signals = run(targets=targets).signals
        return next(fact.words for fact in signals.preconditions if fact.name == "Latency targets")

    assert (
        said(ttft_p95_ms=2_000.0, tpot_ms=50.0)
        == "The latency targets are defaults. Confirm them on the Workload page."
    )
    assert said(ttft_p95_ms=1_111.0, tpot_ms=50.0) == "A latency target is set."
    assert said(ttft_p95_ms=None, tpot_ms=None).startswith("No latency target is set.")


def test_the_triggers_are_said_in_a_sentence() -> None:
    signals = run(candidates=[{"model": "llama-3.3-70b", "gate": "assumed"}]).signals
    assert triggers_sentence(signals) == (
        "Triggers for self-hosting: cost not met; latency and reliability need data. Still open: model quality, prompt "
        "and schema stability, value per request."
    )
    assert met_sentence(signals) == "No trigger for self-hosting is met."
    slow = run(evidence={"api_ttft_p95_ms": 60_000.0}).signals
    assert met_sentence(slow) == "Latency trigger is met: consider self-hosting."
