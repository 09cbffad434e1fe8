"""All allowed options, cheapest first."""

from signals_by_name import CATALOG, run
from support import scenario

from calculators.catalog.load import ROOT, load_catalog
from calculators.evaluate import evaluate
from calculators.options.option import CLOSE_FRAC
from calculators.options.ranking import curves_of, rank_options, ranking
from calculators.options.shortlist import allowed_options, assess_options, enumerate_options
from calculators.options.speed_range import size_at_speed_bounds
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs


def test_options_are_ranked_by_cost() -> None:
    inputs = Inputs.of(scenario(), CATALOG)
    every = enumerate_options(inputs)
    allowed = allowed_options(every, assess_options(every, inputs), inputs)
    bounds = size_at_speed_bounds(allowed.stairs, allowed.rents_usd, allowed.stairs[:1], inputs)
    ranked = rank_options(allowed, bounds, inputs)
    costs = [option.usd_per_month for option in ranked]
    assert costs == sorted(costs)
    assert {option.label for option in ranked} == {option.label for option in run().options}


def test_a_hybrid_is_an_option_only_where_it_is_clearly_cheaper() -> None:
    peaky = read_scenario(ROOT / "scenarios/peaky-at-scale.yaml", scenario().as_of)
    options = evaluate(peaky, load_catalog()).options
    [hybrid] = [option for option in options if option.kind == "hybrid"]
    others = [option.usd_per_month for option in options if option.kind != "hybrid"]
    assert hybrid.usd_per_month < min(others) * (1 - CLOSE_FRAC)
    assert not any(option.kind == "hybrid" for option in run().options)


def test_a_hybrid_is_hidden_or_shown_but_never_both() -> None:
    """The peaky case at falling volumes: shown from ten percent, hidden below, gone where it is no cheaper."""
    peaky = read_scenario(ROOT / "scenarios/peaky-at-scale.yaml", scenario().as_of)
    live, seen = load_catalog(), set()
    for ratio in (1.0, 0.6, 0.3, 0.2, 0.05):
        workload = peaky.workload.model_copy(update={"requests_per_month": peaky.workload.requests_per_month * ratio})
        inputs = Inputs.of(peaky.model_copy(update={"workload": workload}), live)
        every = enumerate_options(inputs)
        allowed = allowed_options(every, assess_options(every, inputs), inputs)
        bounds = size_at_speed_bounds(allowed.stairs, allowed.rents_usd, (), inputs)
        found = ranking(allowed, bounds, curves_of(allowed, inputs))
        plain = min(option.usd_per_month for option in found.options if option.kind != "hybrid")
        shown = [option.usd_per_month for option in found.options if option.kind == "hybrid"]
        hidden = [found.hidden_hybrid.usd_per_month] if found.hidden_hybrid else []
        assert all(usd < plain * (1 - CLOSE_FRAC) for usd in shown)
        assert all(plain * (1 - CLOSE_FRAC) <= usd < plain for usd in hidden)
        assert len(shown) + len(hidden) <= 1
        seen.add("shown" if shown else "hidden" if hidden else "none")
    assert len(seen) > 1
