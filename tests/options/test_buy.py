"""Options that buy tokens, by hand from the fixed catalog's round prices."""

from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.options.buy import (
    buy_line,
    cheapest_buys,
    direct_options,
    hosted_options,
    hosted_options_of,
    regional_ratio,
    resold_options,
)
from calculators.options.commitment import with_commitment
from calculators.options.option import Option
from calculators.scenario.demand import at_volume
from calculators.scenario.inputs import Inputs

LONG = {"input_tok": 2_000, "input_p95_tok": 2_000}
"""Prompts long enough to be cached."""


def _inputs(catalog: Catalog, **changes: Any) -> Inputs:
    return Inputs.of(scenario(**changes), catalog)


def test_todays_api_stands_alone_where_no_discount_saves(catalog: Catalog) -> None:
    [today] = direct_options(_inputs(catalog))
    assert (today.kind, today.label) == ("api_today", "closed on Test Host")
    assert today.usd_per_month == pytest.approx(11_000)  # 2M x (1,000 x $2.5 + 300 x $10) per million
    assert (today.low_usd_per_month, today.high_usd_per_month) == (today.usd_per_month, today.usd_per_month)


def test_discounts_that_save_make_an_option_of_their_own_that_names_them(catalog: Catalog) -> None:
    workload = {"cacheable_frac": 0.5, "deferrable_frac": 0.25, "input_tok": 2_000, "input_p95_tok": 2_000}
    today, best = direct_options(_inputs(catalog, api={"model": "closed-cached"}, workload=workload))
    assert (best.kind, best.label) == ("api_optimised", "closed-cached on Test Host with prompt caching and batch")
    assert best.usd_per_month < today.usd_per_month


def test_a_hosted_model_costs_its_bill_and_the_move(catalog: Catalog) -> None:
    inputs = _inputs(catalog)
    [option] = hosted_options(inputs)
    assert option.label == "Llama 3.3 70B Instruct on Test Host"
    assert [line.kind for line in option.lines] == ["api", "staffing", "migration"]
    assert (option.model, option.operator, option.gate) == ("Llama 3.3 70B Instruct", "testhost", "accepted")
    assert hosted_options_of(inputs.scenario.candidates[0], inputs) == [option]


def test_only_acceptable_models_at_allowed_providers_are_offered(catalog: Catalog) -> None:
    refused = [{"model": "llama-3.3-70b", "gate": "not_acceptable"}]
    assert hosted_options(_inputs(catalog, candidates=refused)) == []
    assert hosted_options(_inputs(catalog, api={"hosted_sellers": ["nobody"]})) == []


def test_the_cheapest_provider_of_each_open_model_is_kept(catalog: Catalog) -> None:
    inputs = _inputs(catalog)
    [today], [hosted] = direct_options(inputs), hosted_options(inputs)
    dearer = hosted_options(_inputs(catalog, operations={"hosted_fte": 5.0}))[0]
    assert cheapest_buys([today, dearer, hosted]) == [today, hosted]


def test_a_reseller_charges_its_ratio_of_the_list_price_and_no_discount_carries_over(catalog: Catalog) -> None:
    inputs = _inputs(catalog, api={"discount_frac": 0.5})
    [plain], [regional] = resold_options(inputs, False), resold_options(inputs, True)
    assert plain.bill is not None
    assert regional.bill is not None
    assert plain.bill.usd_per_month == pytest.approx(1.2 * 11_000)
    assert regional.bill.usd_per_month == pytest.approx(1.5 * 11_000)
    assert plain.label == "closed on Test Host via EU cloud"
    assert plain.lines[0].basis == "1.2 times the maker's list price, high confidence"


def test_no_batch_is_named_where_nothing_may_wait(catalog: Catalog) -> None:
    """The batch saving is zero, not the rounding error of two sums, at any volume."""
    for volume in (60_000, 123_457, 1_999_999, 7.7e7):
        workload = {
            **LONG,
            "requests_per_month": volume,
            "cached_frac": 0.4,
            "cacheable_frac": 0.8,
            "deferrable_frac": 0.0,
        }
        _, best = direct_options(_inputs(catalog, api={"model": "closed-cached"}, workload=workload))
        assert best.bill is not None
        assert best.bill.batch_saving_usd_per_month == 0
        assert best.label == "closed-cached on Test Host with prompt caching"


def test_caching_is_named_where_batch_halves_its_price_too(catalog: Catalog) -> None:
    """In batch, a hit rate of 90% is billed less for cache reads than today's 50% is, but caching saves all the same."""
    workload = {**LONG, "cached_frac": 0.5, "cacheable_frac": 0.9, "deferrable_frac": 1.0}
    _, best = direct_options(_inputs(catalog, api={"model": "closed-cached"}, workload=workload))
    assert best.label.endswith("with prompt caching and batch")


def test_a_resellers_label_names_the_discounts_that_its_price_uses(catalog: Catalog) -> None:
    """8,800 x 1.2 = 10,560 before batch, which halves it."""
    workload = {"cacheable_frac": 0.0, "deferrable_frac": 1.0}
    [option] = resold_options(_inputs(catalog, api={"model": "closed-cached"}, workload=workload), False)
    assert option.label == "closed-cached on Test Host via EU cloud, with batch"
    assert option.bill is not None
    assert option.bill.usd_per_month == pytest.approx(5_280)
    assert option.bill.batch_saving_usd_per_month == pytest.approx(5_280)
    assert option.bill.unbatched_usd_per_month == pytest.approx(10_560)


def test_another_seller_of_todays_open_model_costs_the_move_and_needs_no_evaluation() -> None:
    """Known by the ids under which the catalog says it is sold: today's seller is no option to move to."""
    api = {"provider": "together", "model": "openai/gpt-oss-120b"}
    candidates = [{"model": "gpt-oss-120b", "gate": "assumed"}, {"model": "gpt-oss-20b", "gate": "assumed"}]
    options = hosted_options(_inputs(load_catalog(), api=api, candidates=candidates))
    same = [option for option in options if option.model == "gpt-oss 120B"]
    assert {option.gate for option in same} == {None}
    assert {tuple(line.kind for line in option.lines) for option in same} == {("api", "migration")}
    assert "together" not in {option.operator for option in same}
    assert {option.gate for option in options if option not in same} == {"assumed"}


def test_todays_open_model_has_no_other_seller_here(catalog: Catalog) -> None:
    assert hosted_options(_inputs(catalog, api={"model": "llama-3.3-70b"})) == []


def test_a_region_costs_the_list_price_where_none_is_required_or_published(catalog: Catalog) -> None:
    assert regional_ratio("testhost", _inputs(catalog)) == 1
    assert regional_ratio("testhost", _inputs(catalog, compliance={"requirements": ["residency-eu"]})) == 1


def test_over_volume_the_bill_grows_and_the_other_lines_stay(catalog: Catalog) -> None:
    [option] = hosted_options(_inputs(catalog))
    assert option.bill is not None
    line = buy_line(option)
    assert line.usd_per_request == option.bill.usd_per_request
    assert line.fixed_usd_per_month == pytest.approx(sum(line.usd_per_month for line in option.lines[1:]))


# --- the bill that is paid -------------------------------------------------------------------------------------------


def _paying(usd: float | None, **api: Any) -> list[Option]:
    real = load_catalog()
    asked = scenario(
        workload={"cacheable_frac": 0.6, **LONG},
        api={"provider": "openai", "model": "gpt-5.4", "paid_usd_per_month": usd, **api},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
    )
    inputs = Inputs.of(asked, real)
    return [*direct_options(inputs), *hosted_options(inputs)]


def test_a_bill_replaces_the_estimate_and_its_ratio_moves_every_option_of_the_same_provider() -> None:
    """A third less than the list price: the cached form costs a third less too, other sellers what they did."""
    listed, paid = _paying(None), _paying(_paying(None)[0].usd_per_month * 2 / 3)
    assert paid[0].usd_per_month == pytest.approx(listed[0].usd_per_month * 2 / 3)
    assert paid[1].kind == "api_optimised"
    assert paid[1].usd_per_month == pytest.approx(listed[1].usd_per_month * 2 / 3)
    for before, after in zip(listed[2:], paid[2:], strict=True):
        ratio = 2 / 3 if before.operator == "openai" else 1.0
        assert after.lines[0].usd_per_month == pytest.approx(before.lines[0].usd_per_month * ratio)
    assert paid[0].lines[0].basis == "your bill"


def test_the_difference_between_bill_and_list_price_is_explained_by_the_discount_and_the_rest_is_said() -> None:
    list_usd = _paying(None)[0].usd_per_month
    agrees = _paying(list_usd * 0.8, discount_frac=0.2)[0].lines[0].note
    assert "less your discount of 20%" in agrees
    assert agrees.endswith("what you pay agrees.")
    less = _paying(list_usd * 0.6, discount_frac=0.2)[0].lines[0].note
    assert "(25%) less: by caching, batch, tiers or prices that the workload does not show" in less
    assert "(10%) more" in _paying(list_usd * 1.1)[0].lines[0].note


def test_at_another_volume_the_bill_goes_along() -> None:
    asked = scenario(api={"paid_usd_per_month": 9_000.0})
    doubled = at_volume(asked, asked.workload.requests_per_month * 2)
    assert doubled.api.paid_usd_per_month == 18_000
    assert at_volume(scenario(), 5.0).api.paid_usd_per_month is None


# --- several models in use -------------------------------------------------------------------------------------------


def _half(model: str, provider: str = "testhost", **more: Any) -> dict[str, Any]:
    return {"provider": provider, "model": model, "requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5, **more}


def test_the_bill_of_a_mix_is_the_sum_of_its_parts(catalog: Catalog) -> None:
    """Half of 2M requests at $2.5 and $10: 5,500; half at $2 and $8: 4,400."""
    [today] = direct_options(_inputs(catalog, api={"mix": [_half("closed"), _half("closed-cached")]}))
    assert today.usd_per_month == pytest.approx(9_900)
    assert today.label == "closed on Test Host and 1 other model"
    assert today.products == (("testhost", "closed"), ("testhost", "closed-cached"))
    assert today.bill is not None
    assert today.bill.usd_per_request == pytest.approx(9_900 / 2_000_000)
    assert "closed on Test Host $5.5k/month" in today.bill.working


def test_a_mix_of_one_model_costs_what_the_model_does(catalog: Catalog) -> None:
    plain, mixed = (
        direct_options(_inputs(catalog, api=api))[0] for api in ({}, {"mix": [_half("closed"), _half("closed")]})
    )
    assert mixed.usd_per_month == pytest.approx(plain.usd_per_month)


def test_each_part_of_a_mix_uses_its_own_discounts(catalog: Catalog) -> None:
    inputs = _inputs(
        catalog, api={"mix": [_half("closed"), _half("closed-cached")]}, workload={"cacheable_frac": 0.5, **LONG}
    )
    today, best = direct_options(inputs)
    saved = today.usd_per_month - best.usd_per_month
    alone = direct_options(_inputs(catalog, api={"model": "closed-cached"}, workload={"cacheable_frac": 0.5, **LONG}))
    assert saved == pytest.approx((alone[0].usd_per_month - alone[1].usd_per_month) / 2)


def test_a_bill_of_a_mix_moves_each_seller_by_its_own_ratio() -> None:
    """OpenAI is paid at half its list price, Anthropic in full: only OpenAI's open model is cheaper than listed."""
    real = load_catalog()
    mix = [_half("gpt-5.4", "openai"), _half("claude-sonnet-4-5", "anthropic")]
    candidates = [{"model": "gpt-oss-120b", "gate": "accepted"}]
    plain = Inputs.of(scenario(api={"mix": mix}, candidates=candidates), real)
    parts = [part.usd_per_month for part in direct_options(plain)[0].bill.parts]  # type: ignore[union-attr]
    paid = parts[0] / 2 + parts[1]
    shared = [one | {"bill_frac": usd / paid} for one, usd in zip(mix, (parts[0] / 2, parts[1]), strict=True)]
    paying = Inputs.of(scenario(api={"mix": shared, "paid_usd_per_month": paid}, candidates=candidates), real)
    today = direct_options(paying)[0]
    assert [part.usd_per_month for part in today.bill.parts] == pytest.approx([parts[0] / 2, parts[1]])  # type: ignore[union-attr]
    for before, after in zip(hosted_options(plain), hosted_options(paying), strict=True):
        ratio = 0.5 if before.operator == "openai" else 1.0
        assert after.lines[0].usd_per_month == pytest.approx(before.lines[0].usd_per_month * ratio)


def test_an_open_model_in_a_mix_needs_the_users_evals_for_the_rest(catalog: Catalog) -> None:
    mix = [_half("closed"), _half("llama-3.3-70b")]
    [hosted] = hosted_options(_inputs(catalog, api={"mix": mix}))
    assert (hosted.gate, hosted.operator) == ("accepted", "testhost")


def test_models_of_several_makers_are_resold_by_nobody() -> None:
    real = load_catalog()
    one, two = (
        {"mix": [_half("gpt-5.4", "openai"), _half(other, maker)]}
        for other, maker in (("gpt-5.4-mini", "openai"), ("claude-sonnet-4-5", "anthropic"))
    )
    assert resold_options(
        Inputs.of(scenario(api={"provider": "openai", "model": "gpt-5.4", **one}), real), regional=False
    )
    assert not resold_options(
        Inputs.of(scenario(api={"provider": "openai", "model": "gpt-5.4", **two}), real), regional=False
    )


def test_what_is_in_the_batch_api_today_is_not_saved_again(catalog: Catalog) -> None:
    """All of it in batch already: 12,000 at half price. The batch API saves nothing more."""
    workload = {"batch_frac": 1.0, "deferrable_frac": 1.0, "cacheable_frac": 0.0, **LONG}
    [today] = direct_options(_inputs(catalog, api={"model": "closed-cached"}, workload=workload))
    assert today.usd_per_month == pytest.approx(6_400)  # 2M x (2,000 x $1 + 300 x $4) per million


def test_todays_own_offer_is_no_move_where_its_name_is_assumed(catalog: Catalog) -> None:
    whole = {"provider": "testhost", "model": "llama-3.3-70b", "basis": "assumed"}
    whole |= {"requests_frac": 1.0, "input_frac": 1.0, "output_frac": 1.0}
    plain, mixed = (
        hosted_options(_inputs(catalog, api={"model": "llama-3.3-70b", **api})) for api in ({}, {"mix": [whole]})
    )
    assert [option.label for option in mixed] == [option.label for option in plain]


def test_a_seller_that_bills_nothing_does_not_host_for_nothing() -> None:
    real = load_catalog()
    mix = [_half("gpt-5.4", "openai", bill_frac=1.0), _half("openai/gpt-oss-120b", "deepinfra", bill_frac=0.0)]
    candidates = [{"model": "llama-3.3-70b", "gate": "accepted"}]
    plain, paying = (
        {o.operator: o.usd_per_month for o in hosted_options(Inputs.of(scenario(api=api, candidates=candidates), real))}
        for api in ({"mix": mix}, {"mix": mix, "paid_usd_per_month": 5_000.0})
    )
    assert paying["deepinfra"] == pytest.approx(plain["deepinfra"])


@pytest.mark.parametrize(("usd", "months"), [(500, 6), (8_000, 6), (90_000, 60)])
def test_the_line_of_a_buy_with_committed_spend_costs_what_the_option_costs(
    catalog: Catalog, usd: float, months: int
) -> None:
    inputs = _inputs(catalog, api={"committed_usd_per_month": usd, "committed_months": months})
    for option in (with_commitment(o, inputs) for o in (*direct_options(inputs), *hosted_options(inputs))):
        for volume in (0.0, 1e3, 1e6, 2e6, 1e7, 1e9):
            at = float(buy_line(option).usd_per_month(np.array(volume)))
            assert at == pytest.approx(option.usd_per_month_at(volume))


def test_a_price_by_the_hour_is_the_range_of_its_cost_line_where_the_hours_are_not_known(catalog: Catalog) -> None:
    by_hour = {"provider": "deepseek", "model": "deepseek-chat"}
    [today] = direct_options(_inputs(catalog, api=by_hour))
    [line] = today.lines
    assert line.low_usd_per_month < line.usd_per_month < line.high_usd_per_month
    assert (today.low_usd_per_month, today.high_usd_per_month) == (line.low_usd_per_month, line.high_usd_per_month)
    for known in (
        {"api": {**by_hour, "paid_usd_per_month": 500}},
        {"workload": {"hourly_frac": [1 / 24] * 24}, "api": by_hour},
    ):
        [today] = direct_options(_inputs(catalog, **known))
        assert today.low_usd_per_month == today.usd_per_month == today.high_usd_per_month
