from datetime import date
from typing import Any

import pytest
from hypothesis import given
from scenario_strategies import scenarios
from support import scenario

from calculators.comparison.differing_inputs import (
    NO_INPUTS,
    TOGETHER,
    bill_goes_with_volume,
    differing_inputs,
    inputs_together,
    mixed_scenario,
)
from calculators.errors import DataError
from calculators.scenario.schema import Scenario, label


def told(a: Scenario, b: Scenario) -> list[tuple[str, str, str]]:
    return [(one.label, one.a, one.b) for one in differing_inputs(a, b)]


def test_every_field_of_a_scenario_belongs_to_one_input() -> None:
    fields = [field for together in inputs_together() for field in together]
    every = {
        f"{name}.{one}" if hasattr(info.annotation, "model_fields") else name
        for name, info in Scenario.model_fields.items()
        for one in getattr(info.annotation, "model_fields", {name: None})
    }
    assert len(fields) == len(set(fields))
    assert set(fields) | set(NO_INPUTS) == every
    assert {field for together in TOGETHER.values() for field in together} <= every


def test_inputs_are_in_the_order_of_the_pages_and_have_names_of_their_own() -> None:
    names = list(inputs_together().values())
    assert names.index("Price date") < names.index("Requests per month") < names.index("API in use")
    assert names.index("API in use") < names.index("Maximum GPUs") < names.index("Compliance requirements")
    assert len(names) == len(set(names))


def test_a_label_is_that_of_the_page_where_one_figure_differs() -> None:
    b = scenario(workload={"output_tok": 400, "output_p95_tok": 400}, operations={"horizon_months": 24})
    assert told(scenario(), b) == [
        ("Token lengths", "1,000 in, 300 out; p95 1,000 in, 300 out", "1,000 in, 400 out; p95 1,000 in, 400 out"),
        ("Horizon (months)", "12 months", "24 months"),
    ]
    assert told(scenario(), scenario(workload={"output_p95_tok": 600})) == [("Output tokens, p95", "300", "600")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"as_of": date(2026, 10, 1)}, ("Price date", "2026-11-23", "2026-10-01")),
        ({"workload": {"requests_per_month": 8e6}}, ("Requests per month", "2M", "8M")),
        ({"workload": {"requests_basis": "assumed"}}, ("Requests per month", "2M; your figure", "2M; assumed")),
        ({"workload": {"growth_per_month_frac": -0.02}}, ("Monthly growth", "0%", "−2%")),
        ({"workload": {"sample_requests": 22}}, ("Requests in the log", "not known", "22")),
        (
            {"workload": {"cached_frac": 0.4, "cache_write_frac": 0.1}},
            (
                "Current API cache use",
                "0%; share of input tokens billed as cache writes 0%",
                "40%; share of input tokens billed as cache writes 10%",
            ),
        ),
        ({"api": {"model": "closed-dated"}}, ("API model", "closed", "closed-dated")),
        (
            {"api": {"paid_usd_per_month": 9e3}},
            ("API bill today (USD/month)", "estimated from the list price", "$9k/month"),
        ),
        (
            {"api": {"provider": "openai", "model": "gpt-5.4", "paid_usd_per_month": 9e3}},
            ("API in use", "closed at testhost", "gpt-5.4 at openai; bill $9k/month"),
        ),
        (
            {"api": {"committed_usd_per_month": 5e3, "committed_months": 6}},
            (
                "Committed spend",
                "none; months left of the commitment none",
                "$5k/month; months left of the commitment 6 months",
            ),
        ),
        (
            {"candidates": [{"model": "llama-3.3-70b", "gate": "assumed"}, {"model": "gpt-oss-120b"}]},
            ("Candidate open models", "llama-3.3-70b (accepted)", "llama-3.3-70b (assumed) and gpt-oss-120b (assumed)"),
        ),
        ({"hardware": {"gpus": []}}, ("GPUs", "h100-sxm", "all")),
        (
            {"hardware": {"launch": "as_shipped"}},
            ("How the engine is launched", "tuned for the model and GPU", "as the engine ships"),
        ),
        ({"hardware": {"include_owned": True}}, ("Include purchased servers (capex)", "no", "yes")),
        (
            {"hardware": {"purchase": {"life_years": 4}}},
            ("Your purchase", "useful life the rule of thumb", "useful life 4 years"),
        ),
        (
            {"operations": {"roles": [{"name": "SRE", "fte": 1.5, "hires_fte": 0.5, "usd_per_year": 2e5}]}},
            ("Staffing by role", "none", "SRE 1.5 FTE, 0.5 to be hired, $200k/year"),
        ),
        (
            {"outlook": {"volume_steps": [{"from_day": "2027-03-01", "ratio": 1.5}]}},
            ("Steps in volume", "none", "1.5 times the volume from 2027-03-01"),
        ),
        (
            {
                "hardware": {
                    "existing_gpus": [
                        {"gpu": "h100-sxm", "gpus_count": 8, "usd_per_gpu_h": 2, "paid_until": "2027-12-01"}
                    ]
                }
            },
            ("GPUs you already have", "none", "8 h100-sxm at $2/GPU-hour until 2027-12-01"),
        ),
        (
            {"workload": {"hourly_frac": [1 / 24] * 24}},
            ("Share of tokens by hour of day (UTC)", "not known", "measured"),
        ),
        (
            {"workload": {"peak_ratio": 5.0, "peak_basis": "assumed", "peak_range_ratio": [3, 8]}},
            ("Peak-to-average ratio", "4; your figure, no range", "5; assumed, 3 to 8"),
        ),
        ({"compliance": {"requirements": ["air-gap"]}}, ("Compliance requirements", "none", "air-gap")),
        ({"evidence": {"needed_uptime_frac": 0.999}}, ("Required availability", "not known", "99.9%")),
    ],
)
def test_both_values_are_told_in_words_with_units(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert told(scenario(), scenario(**changes)) == [expected]
    label_of, a, b = expected
    assert told(scenario(**changes), scenario()) == [(label_of, b, a)]


def test_roles_against_a_number_of_people_is_one_input() -> None:
    a = scenario(operations={"self_host_fte": 2})
    b = scenario(operations={"roles": [{"name": "SRE", "fte": 1}]})
    assert told(a, b) == [("Staffing, self-hosted", "2 FTE", "1 FTE; SRE 1 FTE")]


def test_names_sources_and_the_order_of_a_list_are_no_inputs() -> None:
    two = [{"model": "llama-3.3-70b", "gate": "accepted"}, {"model": "gpt-oss-120b"}]
    price = {"provider": "testhost", "model": "closed", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
    a = scenario(candidates=two, api={"own_prices": [price]})
    b = scenario(
        name="Another",
        candidates=two[::-1],
        workload={"source": "log:b.csv"},
        api={"own_prices": [price | {"source": "quote.pdf"}]},
    )
    assert differing_inputs(a, b) == ()


def test_the_shares_by_hour_of_day_have_an_order() -> None:
    night, day = (0.1,) * 8 + (0.0125,) * 16, (0.0125,) * 16 + (0.1,) * 8
    [one] = differing_inputs(scenario(workload={"hourly_frac": night}), scenario(workload={"hourly_frac": day}))
    assert one.field == "workload.hourly_frac"


@given(scenarios(), scenarios())
def test_all_differing_inputs_make_the_other_scenario(a: Scenario, b: Scenario) -> None:
    differing = differing_inputs(a, b)
    assert mixed_scenario(a, b, []) == a
    both = mixed_scenario(a, b, [field for one in differing for field in one.fields])
    assert differing_inputs(both, b) == ()
    assert [(one.field, one.a, one.b) for one in differing_inputs(b, a)] == [
        (one.field, one.b, one.a) for one in differing
    ]


def test_a_bill_is_kept_per_request() -> None:
    a = scenario(api={"paid_usd_per_month": 8_000.0})
    b = scenario(workload={"requests_per_month": 5_000_000}, api={"paid_usd_per_month": 30_000.0})
    volume, bill = (one.fields for one in differing_inputs(a, b))
    assert mixed_scenario(a, b, volume).api.paid_usd_per_month == pytest.approx(20_000)
    assert mixed_scenario(a, b, bill).api.paid_usd_per_month == pytest.approx(12_000)
    assert mixed_scenario(a, b, [*volume, *bill]).api.paid_usd_per_month == 30_000
    assert bill_goes_with_volume(a, b, differing_inputs(a, b))
    assert not bill_goes_with_volume(scenario(), b.model_copy(update={"api": a.api}), ())


def test_a_mix_that_does_not_hold_together_is_refused() -> None:
    a = scenario(workload={"batch_frac": 0.3, "deferrable_frac": 0.3})
    with pytest.raises(DataError, match=label("workload.batch_frac")):
        mixed_scenario(a, scenario(), ["workload.deferrable_frac"])
