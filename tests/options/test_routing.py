"""Easy requests at a small model: one bill of two parts, where it is an option, and what it never does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaled_catalog import scaled
from support import FIXED_ROOT, NO_GPT_STEP, merged, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.options.option import Option
from calculators.options.ranking import curves_of, ranking, without_undercut
from calculators.options.routing import cheapest_of_each_kind, easy_options, option_at_share, routed_option
from calculators.options.shortlist import allowed_options, assess_options, enumerate_options
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.inputs import Inputs

CATALOG, LIVE = load_catalog(FIXED_ROOT), load_catalog()
quickly = settings(max_examples=15, deadline=None, derandomize=True)
NO_MOVE = {"hosted_fte": 0, "hosted_migration_weeks": 0}


def _asked(easy_frac: float | None, gate: str = "easy_only", **changes: Any) -> Any:
    """Two million requests at `closed`, 11,000 a month; gpt-oss 120B would answer all of them for 660."""
    small = {"candidates": [{"model": "gpt-oss-120b", "gate": gate}], "workload": {"easy_frac": easy_frac}}
    return scenario(**merged(small, changes))


def _found(easy_frac: float | None, gate: str = "easy_only", **changes: Any) -> Evaluation:
    return evaluate(_asked(easy_frac, gate, **changes), CATALOG)


def _routed(found: Evaluation) -> Option | None:
    return next((option for option in found.options if option.kind == "routed_api"), None)


def test_one_bill_of_two_parts() -> None:
    """60% of 11,000 and 40% of 660, 0.1 engineers and a week of moving over 12 months as for any hosted model."""
    found = _found(0.4)
    routed = _routed(found)
    assert routed is found.verdict.winner
    assert routed.bill is not None
    assert [(line.kind, line.usd_per_month) for line in routed.lines] == [
        ("api", pytest.approx(6_600)),
        ("easy_api", pytest.approx(264)),
        ("staffing", pytest.approx(2_000)),
        ("migration", pytest.approx(20_000 * 12 / 52 / 12)),
    ]
    assert routed.bill.usd_per_month == pytest.approx(6_864)
    assert routed.usd_per_month_at(4_000_000) == pytest.approx(2 * 6_864 + routed.fixed_usd_per_month)
    assert routed.label == "closed on Test Host for the hard requests, gpt-oss 120B on Test Host for the easy 40%"
    assert (
        "40% of requests, taken to be as long as the others; what a router costs is not counted" in routed.lines[1].note
    )
    assert routed.operators == ("testhost",)


def test_the_verdict_says_what_to_send_where() -> None:
    said = _found(0.4).verdict.sentence
    assert said.startswith(
        "Don't self-host. Send the easy 40% of requests to gpt-oss 120B and keep the model for the rest: closed on Test Host"
    )
    assert "if it passes" not in said
    assert _found(0.4).verdict.kind == "routed_api"


def test_a_share_of_all_is_the_small_models_bill() -> None:
    found = _found(1.0, operations=NO_MOVE)
    assert found.verdict.winner.usd_per_month == pytest.approx(660)
    assert found.verdict.winner.label == "gpt-oss 120B on Test Host for all requests"
    assert found.verdict.sentence.startswith("Don't self-host. Move to gpt-oss 120B:")


@pytest.mark.parametrize("easy_frac", [None, 0.0])
def test_no_share_is_the_same_as_a_model_that_is_ruled_out(easy_frac: float | None) -> None:
    found, ruled_out = _found(easy_frac), _found(None, gate="not_acceptable")
    assert found.options == ruled_out.options
    assert found.verdict == ruled_out.verdict
    assert found.crossover == ruled_out.crossover
    assert [row.tco_usd for row in found.horizon.options] == [row.tco_usd for row in ruled_out.horizon.options]


def test_a_share_without_a_small_model_changes_nothing_but_a_note() -> None:
    found, unset = _found(0.4, gate="accepted"), _found(None, gate="accepted")
    assert found.options == unset.options
    assert [note for note in found.caveats if note not in unset.caveats] == [
        "You entered that 40% of requests are easy: mark the models that are good enough for these Easy only on the Candidates page. "
        "Until then nothing is routed."
    ]


def test_a_small_model_whose_share_is_not_known_is_told_and_no_option() -> None:
    found = _found(None)
    assert _routed(found) is None
    assert (
        "gpt-oss 120B would answer easy requests, but their share is not known: measure it and enter it on the Workload page."
        in found.caveats
    )


def test_routing_that_costs_more_than_it_saves_is_no_option_and_told() -> None:
    """A tenth of 10,340 saves less than the 2,384.6 of staffing and moving."""
    found = _found(0.1)
    assert _routed(found) is None
    [note] = [note for note in found.caveats if note.startswith("Routing does not pay")]
    assert "$12.4k/month" in note


def test_a_model_for_easy_requests_carries_no_fleet_and_answers_nothing_else() -> None:
    found = _found(0.4)
    assert not any(option.plan is not None or option.kind == "hosted_open" for option in found.options)


def test_the_larger_model_may_be_another_than_todays_and_keeps_its_gate() -> None:
    models = [{"model": "llama-3.3-70b", "gate": "assumed"}, {"model": "gpt-oss-120b", "gate": "easy_only"}]
    asked = scenario(candidates=models, workload={"easy_frac": 0.5, "requests_per_month": 2e7}, operations=NO_MOVE)
    routed = _routed(evaluate(asked, CATALOG))
    assert routed is not None
    assert routed.bill is not None
    assert routed.bill.usd_per_month == pytest.approx(0.5 * 16_540 + 0.5 * 6_600)
    assert routed.assumed_models == ("Llama 3.3 70B Instruct",)
    assert routed.models == ("Llama 3.3 70B Instruct", "gpt-oss 120B")


def test_a_part_of_an_option_costs_its_part_of_the_bill_and_all_of_the_rest() -> None:
    inputs = Inputs.of(_asked(0.4), CATALOG)
    [small] = easy_options(inputs)
    part = option_at_share(small, 0.25)
    assert part.bill is not None
    assert part.bill.usd_per_month == pytest.approx(165)
    assert part.usd_per_month == pytest.approx(165 + 2_000 + 20_000 / 52)


def test_committed_spend_is_used_up_by_both_parts() -> None:
    """8,000 are committed at Test Host, which sells both: the bills of 6,864 leave 1,136 unused in all months."""
    committed = {"committed_usd_per_month": 8_000, "committed_months": 12}
    routed = _routed(_found(0.4, api=committed, operations={"horizon_months": 12} | NO_MOVE))
    assert routed is not None
    [unused] = [line.usd_per_month for line in routed.lines if line.kind == "unused_commitment"]
    assert unused == pytest.approx(8_000 - 6_864)


def test_a_requirement_that_bars_the_small_models_seller_removes_the_option() -> None:
    def found(*requirements: str) -> Evaluation:
        asked = scenario(
            as_of="2026-11-30",
            api={"provider": "openai", "model": "gpt-5.4", "hosted_sellers": ["novita"]} | NO_GPT_STEP,
            candidates=[{"model": "llama-3.1-8b", "gate": "easy_only"}],
            workload={"requests_per_month": 5e7, "easy_frac": 0.4},
            compliance={"requirements": requirements},
        )
        return evaluate(asked, LIVE)

    free = _routed(found())
    assert free is not None
    assert "on Novita for the easy 40%" in free.label
    assert set(free.operators) == {"openai", "novita"}
    barred = found("hipaa")
    assert barred.today_allowed
    assert _routed(barred) is None
    assert any(note.startswith("Easy requests are not routed: Llama 3.1 8B Instruct is") for note in barred.caveats)


def test_a_small_model_that_misses_a_target_is_no_option() -> None:
    def of(tpot_ms: float | None) -> list[str]:
        asked = scenario(
            as_of="2026-11-30",
            api={"provider": "openai", "model": "gpt-5.4"},
            candidates=[{"model": "gpt-oss-20b", "gate": "easy_only"}],
            workload={"requests_per_month": 5e7, "easy_frac": 0.4},
            targets={"ttft_p95_ms": None, "tpot_ms": tpot_ms},
        )
        inputs = Inputs.of(asked, LIVE)
        every = enumerate_options(inputs)
        allowed = allowed_options(every, assess_options(every, inputs), inputs)
        assert not any(option.target_check.status == "misses" for option in allowed.easy)
        return [option.label for option in allowed.easy]

    assert len(of(3.0)) < len(of(None))


def test_a_small_model_of_the_same_maker() -> None:
    """Terra is kept for easy requests: 60% of gpt-5.4 and 40% of it, and the move."""
    asked = scenario(
        as_of="2026-11-30",
        api={
            "provider": "openai",
            "model": "gpt-5.4",
            "step_downs": [
                {"provider": "openai", "model": "gpt-6.1-terra", "gate": "easy_only"},
                {"provider": "openai", "model": "gpt-6.1-sol", "gate": "not_acceptable"},
            ],
        },
        candidates=[{"model": "gpt-oss-120b", "gate": "not_acceptable"}],
        workload={"requests_per_month": 5e6, "easy_frac": 0.4},
    )
    [small] = easy_options(Inputs.of(asked, LIVE))
    found = evaluate(asked, LIVE)
    routed = _routed(found)
    assert routed is not None
    assert small.bill is not None
    assert found.today.bill is not None
    bill = 0.6 * found.today.bill.usd_per_month + 0.4 * small.bill.usd_per_month
    assert routed.bill is not None
    assert routed.bill.usd_per_month == pytest.approx(bill)
    assert not any(option.kind == "step_down" for option in found.options)
    assert routed.easy_model == "gpt-6.1-terra"


def test_the_cheapest_of_each_kind_and_todays_api_in_its_cheapest_form() -> None:
    inputs = Inputs.of(_asked(0.4, api={"model": "closed-cached"}, workload={"deferrable_frac": 0.9}), CATALOG)
    every = enumerate_options(inputs)
    kinds = [option.kind for option in cheapest_of_each_kind([buy.option for buy in every.buys])]
    assert "api_optimised" in kinds
    assert "api_today" not in kinds


@quickly
@given(
    volume=st.floats(4, 9),
    peak=st.floats(1, 12),
    less=st.floats(0, 1),
    more=st.floats(0, 1),
    waits=st.floats(0, 1),
    committed=st.sampled_from([None, 3_000.0, 300_000.0]),
)
def test_a_larger_share_never_raises_the_cheapest_cost(
    volume: float, peak: float, less: float, more: float, waits: float, committed: float | None
) -> None:
    """Hybrids counted that are hidden because they are not clearly cheaper."""
    api = {"committed_usd_per_month": committed, "committed_months": 12} if committed else {}
    costs = []
    for share in (0.0, *sorted((less, more)), 1.0):
        models = [{"model": "llama-3.3-70b", "gate": "accepted"}, {"model": "gpt-oss-120b", "gate": "easy_only"}]
        asked = scenario(
            candidates=models,
            api=api,
            workload={
                "requests_per_month": 10**volume,
                "peak_ratio": peak,
                "deferrable_frac": waits,
                "easy_frac": share,
            },
        )
        inputs = Inputs.of(asked, CATALOG)
        every = enumerate_options(inputs)
        allowed = without_undercut(allowed_options(every, assess_options(every, inputs), inputs))
        ranked = ranking(allowed, SpeedBounds((), ()), curves_of(allowed, inputs))
        shown = [*ranked.options, *([ranked.hidden_hybrid] if ranked.hidden_hybrid else [])]
        costs.append(min(option.usd_per_month for option in shown))
    assert (np.diff(costs) <= 1e-9 * np.array(costs[:-1])).all()


@quickly
@given(volume=st.floats(4, 9), share=st.floats(0.05, 1))
def test_routing_costs_less_than_every_api_that_does_not(volume: float, share: float) -> None:
    found = _found(share, workload={"requests_per_month": 10**volume})
    routed = _routed(found)
    if routed is not None:
        others = [option for option in found.options if option.is_buy and option is not routed]
        assert routed.usd_per_month < min(option.usd_per_month for option in others)


@pytest.mark.parametrize("easy_frac", [0.2, 0.7, 1.0])
def test_doubling_every_dollar_changes_no_decision(easy_frac: float) -> None:
    asked = _asked(easy_frac, operations={"spare_replicas": 1}, workload={"requests_per_month": 2e7})
    one, other = evaluate(asked, CATALOG), evaluate(asked, scaled(CATALOG, 2.0))
    assert one.verdict.kind == other.verdict.kind == "routed_api"
    assert other.verdict.winner.usd_per_month == pytest.approx(2 * one.verdict.winner.usd_per_month)


def test_routed_by_hand_is_what_the_parts_cost() -> None:
    inputs = Inputs.of(_asked(0.3), CATALOG)
    [small] = easy_options(inputs)
    [today] = [buy.option for buy in enumerate_options(inputs).buys if buy.option.kind == "api_today"]
    routed = routed_option(today, small, 0.3, inputs.demand.requests_per_month)
    assert routed.usd_per_month == pytest.approx(
        option_at_share(today, 0.7).usd_per_month + option_at_share(small, 0.3).usd_per_month
    )
    assert routed.low_usd_per_month < routed.usd_per_month < routed.high_usd_per_month
