"""What is said twice is said alike: three hundred scenarios by chance, and the same result in the sentence, the table, the
signals, the record, the JSON and on the page. And their grammar."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import chain

import pytest
from grammar import grammar_faults
from random_scenarios import random_scenarios
from support import TODAY

from calculators.catalog.load import load_catalog
from calculators.compliance.assessment_text import path_takeaway, premium_sentence
from calculators.decision.choice import KIND_OF_WINNER
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.decision.signal_result import SIGNAL_STATUS_WORDS
from calculators.decision.signals import met_sentence, triggers_sentence
from calculators.decision.verdict_text import ADVICE, KEEP_THE_MODEL, SAVING_FLOOR_USD
from calculators.errors import DataError
from calculators.evaluate import Evaluation, evaluate, sensitivity_of
from calculators.fleet.plan import FleetPlan
from calculators.options.option import best_buy, best_self_hosted
from calculators.report.decision_record import freeze
from calculators.report.evaluation_json import to_json
from calculators.report.evaluation_text import to_text
from calculators.report.phase_text import (
    conditions,
    load_note,
    load_takeaway,
    roofline_note,
    roofline_takeaway,
    shares_takeaway,
)
from calculators.report.phase_view import PhaseView, cheapest_choice, phase_view
from calculators.report.record_page import Section, sections
from calculators.scenario.inputs import Inputs
from calculators.serving.files import serving_files
from calculators.techniques.advice import advise
from calculators.techniques.advice_text import advice_takeaway, baseline_text, verdict_costs_less
from calculators.techniques.effects import cumulative_steps, technique_effects
from calculators.techniques.effects_text import effect_text, step_takeaway
from calculators.techniques.quick_wins import gate, quick_wins
from calculators.units import usd
from pages.shared.figures.cost import shown_options

NUMBER = 300
GROUPS = 6
"""The scenarios are walked in groups, so that a failure names few of them."""


@cache
def results(group: int) -> tuple[Evaluation, ...]:
    catalog = load_catalog()
    return tuple(
        evaluate(scenario, catalog)
        for i, scenario in enumerate(random_scenarios(NUMBER, catalog))
        if i % GROUPS == group
    )


ASKED_LATER = DecisionSensitivity((), (), "", "Revisit by May 2027.")
"""Sensitivity takes several times as long as an evaluation: a sample has it."""
groups = pytest.mark.parametrize("group", range(GROUPS))


def told_cost(result: Evaluation) -> str:
    """What the sentence says that the winner costs: today, or on average where growth decides."""
    winner = result.verdict.winner
    mean = f"{winner.label} averages {usd(winner.decisive_usd_per_month)}/month"
    return (
        mean if " averages " in result.verdict.sentence else f"{winner.label} costs {usd(winner.usd_per_month)}/month"
    )


# --- the same everywhere -------------------------------------------------------------------------------------------


@groups
def test_winner_and_cost_are_the_same_in_sentence_table_record_json_and_page(group: int) -> None:
    for result in results(group):
        winner, text, plain, record = (
            result.verdict.winner,
            to_text(result, ASKED_LATER),
            to_json(result, ASKED_LATER),
            freeze(result, ASKED_LATER, TODAY),
        )
        cost = f"{usd(winner.usd_per_month)}/month"
        assert text.splitlines()[0] == plain["verdict"]["sentence"] == record.choice == result.verdict.sentence
        if result.verdict.kind != "cannot_tell":
            assert told_cost(result) in result.verdict.sentence
        assert plain["verdict"]["winner"]["label"] == record.winner == winner.label
        assert plain["verdict"]["winner"]["usd_per_month"] == winner.usd_per_month
        told = [*plain["options"], *plain["set_aside"]]
        assert [o["label"] for o in told] == [o.label for o in record.options]
        assert [o["usd_per_month"] for o in told] == [o.usd_per_month for o in record.options]
        row = next(line for line in text.splitlines() if line.endswith(f"  {result.label_of(winner)}"))
        assert row.split()[0] == cost
        assert any(option is winner for option in shown_options(result))
        if result.allowed:
            assert winner.decisive_usd_per_month == min(option.decisive_usd_per_month for option in result.allowed)
        assert (ASKED_LATER.review in text, record.review, plain["review"]) == (True, *2 * [ASKED_LATER.review])
        assert result.confidence in text


@groups
def test_a_total_is_the_sum_of_its_lines_and_lies_in_its_range(group: int) -> None:
    for result in results(group):
        for option in to_json(result, ASKED_LATER)["options"]:
            assert option["usd_per_month"] == pytest.approx(sum(line["usd_per_month"] for line in option["lines"]))
            high = option["high_usd_per_month"]
            assert option["low_usd_per_month"] <= option["usd_per_month"] * (1 + 1e-9)
            assert high is None or option["usd_per_month"] <= high * (1 + 1e-9)


@groups
def test_signals_have_one_status(group: int) -> None:
    for result in results(group):
        text, plain, record = (
            to_text(result, ASKED_LATER),
            to_json(result, ASKED_LATER),
            freeze(result, ASKED_LATER, TODAY),
        )
        for signal, told, kept in zip(result.signals.exit_signals, plain["signals"], record.signals, strict=True):
            assert (told["status"], kept.status.replace(" ", "_")) == (signal.status, signal.status)
            assert f"  {signal.name}: {SIGNAL_STATUS_WORDS[signal.status]}. {signal.value}. {signal.why}" in text
            assert (kept.value, kept.why, kept.when, kept.month) == (
                signal.value,
                signal.why,
                signal.when,
                signal.month,
            )
            assert (told["value"], told["why"], told["month"]) == (signal.value, signal.why, signal.month)


@groups
def test_what_is_not_allowed_is_marked_wherever_it_is_shown(group: int) -> None:
    for result in results(group):
        text, record = to_text(result, ASKED_LATER), freeze(result, ASKED_LATER, TODAY)
        barred = result.today_barred
        assert bool(barred) is not result.today_allowed
        behind = [option.target_check.missed for option in result.set_aside]
        assert all(behind)
        assert [o.barred for o in record.options] == [barred, *("" for _ in result.options[1:]), *behind]
        assert not barred or f"{result.today.label} ({barred})" in text
        assert to_json(result, ASKED_LATER)["today_allowed"] is result.today_allowed
        shown = next(section for section in sections(record) if section.title == "Options considered")
        for (label, *_), option in zip(shown.rows, record.options, strict=True):
            assert label == (f"{option.label} ({option.barred})" if option.barred else option.label)
        assert record.today.endswith(barred)


# --- no contradiction ----------------------------------------------------------------------------------------------


@groups
def test_the_cost_signal_agrees_with_the_verdict(group: int) -> None:
    """A fleet or hybrid that wins saves something, and by as much as the table says; one that loses does not."""
    for result in results(group):
        cost, best = result.signals.exit_signals[0], best_self_hosted(result.allowed)
        buys = [option for option in result.allowed if option.is_buy]
        if best is None or not buys:
            assert cost.status in ("not_firing", "unknown")
            assert best is not None or cost.status == "unknown" or cost.why in result.verdict.reason
            continue
        best = min((o for o in result.allowed if not o.is_buy), key=lambda o: o.decisive_usd_per_month)
        gap = min(o.decisive_usd_per_month for o in buys) - best.decisive_usd_per_month
        assert f"costs {usd(abs(gap))}/month {'less' if gap > 0 else 'more'} than the cheapest API option" in cost.value
        assert ("the base load" in cost.value) is (best.kind == "hybrid")
        if gap > 0:
            assert cost.status in ("firing", "close")
            assert "API is cheaper" not in cost.why
        else:
            assert cost.status != "firing"


@groups
def test_the_sentence_says_what_the_codes_say(group: int) -> None:
    for result in results(group):
        verdict, winner = result.verdict, result.verdict.winner
        if verdict.kind not in KIND_OF_WINNER.values() or " averages " in verdict.sentence:
            continue
        assert KIND_OF_WINNER[winner.kind] == verdict.kind
        saving = result.today.usd_per_month - winner.usd_per_month
        is_small = winner.kind == "api_optimised" and saving < SAVING_FLOOR_USD
        is_same_model = winner.kind == "hosted_open" and winner.gate is None
        advice = KEEP_THE_MODEL if is_same_model else ADVICE["api_today" if is_small else winner.kind]
        assert verdict.sentence.startswith(f"{advice}: {winner.label} costs")
        assert (f"{usd(saving)} less than today" in verdict.sentence) is (saving >= SAVING_FLOOR_USD)
        assert (" your evals" in verdict.sentence) is bool(winner.assumed_models)
        has_fleet = any(not option.is_buy for option in result.allowed)
        assert ("No self-hosted option qualifies" in verdict.sentence) is not has_fleet


@groups
def test_break_even_agrees_with_the_verdict(group: int) -> None:
    """From the permanent break-even volume on a fleet is cheaper; where it never is, none wins."""
    for result in results(group):
        plain = [option for option in result.allowed if option.is_build]
        buys = [option for option in result.allowed if option.is_buy]
        if not plain or not buys:
            continue
        is_cheaper = min(o.usd_per_month for o in plain) < best_buy(buys).usd_per_month
        crossover, now = result.crossover, result.demand.requests_per_month
        durable, until = crossover.durable_req_per_month, crossover.until_req_per_month
        if crossover.kind == "always" or (durable is not None and durable < now and (until is None or now < until)):
            assert is_cheaper
        if crossover.kind in ("never", "out_of_reach"):
            assert not is_cheaper


@groups
def test_compliance_counts_and_premium_are_the_same(group: int) -> None:
    for result in results(group):
        plain, record = to_json(result, ASKED_LATER)["compliance"], freeze(result, ASKED_LATER, TODAY).compliance
        told = tuple(len(plain[name]) for name in ("surviving", "ask", "blocked"))
        assert told == (record.allowed_count, record.ask_count, record.blocked_count)
        assert plain["premium_usd_per_month"] == record.premium_usd_per_month
        if result.verdict.kind == "forced_by_compliance":
            assert (record.premium_usd_per_month or 0.0) > 0


# --- grammar -------------------------------------------------------------------------------------------------------


def sentences(result: Evaluation) -> Iterator[str]:
    """What is read as sentences."""
    verdict, signals = result.verdict, result.signals
    yield from (verdict.sentence, verdict.reason, result.confidence, result.takeaway)
    yield from (triggers_sentence(signals), met_sentence(signals))
    yield from chain(verdict.assumptions, result.caveats, gate(result))
    for signal in signals.exit_signals:
        yield from (f"{signal.value}.", signal.why, signal.remedy, signal.when)
    yield from (fact.words for fact in (*signals.preconditions, *signals.supporting))
    yield from (premium_sentence(result.assessment), path_takeaway(result.assessment))
    yield from (paragraph for section in _record(result) for paragraph in section.paragraphs)


def fragments(result: Evaluation) -> Iterator[str]:
    """What stands in cells and after a colon."""
    yield from (signal.threshold for signal in result.signals.exit_signals)
    yield from (row.why for row in result.feasibility)
    yield from (line.note for option in result.options for line in option.lines if line.note)
    cells = (cell for section in _record(result) for row in section.rows for cell in row)
    lines = (line.strip() for line in to_text(result, ASKED_LATER).splitlines() if not re.match(r" +−?\$", line))
    yield from chain(cells, lines)


def _record(result: Evaluation) -> list[Section]:
    return sections(freeze(result, ASKED_LATER, TODAY))


def _told(result: Evaluation) -> set[tuple[str, bool]]:
    """Each text once, and whether it is a sentence."""
    return {(text, True) for text in sentences(result) if text} | {(text, False) for text in fragments(result) if text}


def studies(result: Evaluation, plan: FleetPlan) -> Iterator[str]:
    """Sentences on the fleet's techniques and phases."""
    catalog = load_catalog()
    inputs = Inputs(result.scenario, result.demand, catalog)
    yield from (effect_text(effect, plan, inputs) for effect in technique_effects(plan, inputs))
    yield step_takeaway(cumulative_steps(plan, inputs))
    advice = advise(plan, inputs)
    yield from (f"{advice_takeaway(advice)}.", baseline_text(advice), verdict_costs_less(plan, advice))
    yield from (trial.reason for trial in advice.tried)
    yield from (f"{win.name}: {win.sentence}" for win in quick_wins(result, catalog))
    choice = cheapest_choice(result)
    view = phase_view(choice, inputs) if choice else None
    if isinstance(view, PhaseView):
        yield from conditions(view)
        yield from (
            tell(view) for tell in (roofline_takeaway, roofline_note, shares_takeaway, load_takeaway, load_note)
        )


def comments(result: Evaluation, plan: FleetPlan) -> Iterator[str]:
    """Comments of the files that serve the fleet."""
    with suppress(DataError):  # a request longer than the model's context
        files = serving_files("vllm", plan, result.scenario, result.demand, result.digest, TODAY)
        lines = chain.from_iterable(text.splitlines() for text in files.by_name.values())
        yield from (line.strip("# ") for line in lines if re.match(r"\s*# ", line))


def test_studies_and_files_of_a_fleet_are_too() -> None:
    fleets = [(r, r.build.plan) for group in range(GROUPS) for r in results(group) if r.build]
    one_token = [(result, plan) for result, plan in fleets if result.demand.output_tok == 1]
    told = {text for result, plan in (*fleets[:8], *one_token[:2]) if plan for text in studies(result, plan) if text}
    assert sorted({fault for text in told for fault in grammar_faults(text)}) == []
    written = {text for result, plan in fleets[:20] if plan for text in comments(result, plan)}
    assert sorted({fault for text in written for fault in grammar_faults(text, is_sentence=False)}) == []


def test_switching_values_are_verified_and_the_same_everywhere() -> None:
    sample = [result for group in range(GROUPS) for result in results(group)[::12]]
    for result in sample:
        said = sensitivity_of(result, load_catalog())
        text, plain, record = to_text(result, said), to_json(result, said), freeze(result, said, TODAY)
        told = [value for value in said.values if value.value_at is not None]
        assert all(value.verified for value in told)
        assert all(value.becomes != result.verdict.kind for value in told)
        assert [flip["value_at"] for flip in plain["flips"]] == [value.value_at for value in said.values]
        words = [
            (flip["what"], flip["now"], flip["flips_at"]) for flip in plain["flips"] if flip["value_at"] is not None
        ]
        assert words == [(row.what, row.now, row.flips_at) for row in said.rows]
        assert [flip.flips_at for flip in record.flips] == [row.flips_at for row in said.rows[:3]]
        lines = [f"{row.what} (now {row.now}): when it {row.flips_at}, {row.becomes}" for row in said.rows]
        assert all(line in text for line in lines)
        assert said.review in text
        faults = chain.from_iterable(grammar_faults(line, is_sentence=False) for line in (*lines, said.unswitched))
        assert sorted(set(faults)) == []
        assert list(grammar_faults(said.review)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("It needs 1 GPUs.", "It needs 3 GPU.", "2 replicas plus 0 spare.", "Two  spaces.", "One. two.", "it is so."),
        *("It costs $0.00 less.", "It is 100% lower.", "It is dear..", "It is , so.", "It is (so.", "Met in month 0."),
        *(
            "A batch of a 8-GPU replica.",
            "It is nan.",
            "It is 5,151 times as much.",
            "It carries 1x the load.",
            "It is",
        ),
        "It has 1 input tokens.",
    ],
)
def test_each_kind_of_fault_is_seen(text: str) -> None:
    assert len(list(grammar_faults(text))) >= 1


def test_what_is_right_is_left_alone() -> None:
    text = (
        "Stay: gpt-5.4 on OpenAI costs $2.05k/month. gpt-oss 120B needs 1 GPU (1 replica, no spare) vs. 2 GPUs. vLLM fits an "
        "8-GPU replica over 1,000 times; it is 99.5% lower, 1.5 times as much, $0.00123/month."
    )
    assert list(grammar_faults(text)) == []


def test_each_answer_is_among_them() -> None:
    kinds = {r.verdict.winner.kind for group in range(GROUPS) for r in results(group)}
    assert kinds | {"routed_api"} == set(KIND_OF_WINNER)  # easy requests have scenarios of their own


@groups
def test_sentences_are_built_with_a_look_at_their_numbers(group: int) -> None:
    told = set().union(*map(_told, results(group)))
    assert len(told) > 1_000
    assert sorted({fault for text, is_sentence in told for fault in grammar_faults(text, is_sentence)}) == []
