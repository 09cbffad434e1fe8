"""Which part of the prompt breaks the cache, the order that avoids it, and what that is worth on the API and self-hosted."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from calculators.api.cache_terms import CacheTerms
from calculators.errors import DataError
from calculators.evaluate import Evaluation
from calculators.prompts.order import Block, FleetCache, best_order, check_blocks, expected_hit_frac, fleet_hit_rates
from calculators.prompts.order_text import api_cache_sentences, example_note, fleet_cache_sentence, order_sentence
from calculators.prompts.seller_rules import duration
from calculators.prompts.worth import todays_cache_terms, todays_price_ratios
from calculators.units import count
from pages.shared.components.prompt_inputs import EXAMPLE, block_editor, server_inputs, traffic_inputs
from pages.shared.components.prompt_upload import TAB, plain, prompt_upload
from pages.shared.components.prompt_worth import rules_table, worth_table
from pages.shared.figures.prompts import prompt_chart
from pages.shared.state import catalog, escape, evaluation


def describe(result: Evaluation, api: CacheTerms, own: FleetCache | None, headline: DeltaGenerator) -> None:
    """Blocks as typed: the sentence and the chart, and what their order is worth."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        blocks = block_editor()
    with right:
        traffic = traffic_inputs(result.demand.mean_req_s)
    try:
        check_blocks(blocks)
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    better = best_order(blocks)
    now, best = (expected_hit_frac(order, traffic, api.cache) for order in (blocks, better))
    example = plain(blocks) == plain([Block(*row) for row in EXAMPLE])
    sentence = f"{'Example: ' if example else ''}{order_sentence(blocks, now, best)}"
    headline.subheader(escape(sentence))
    headline.plotly_chart(prompt_chart(blocks, better, traffic, api.cache), alt=sentence, key="prompt_chart")
    headline.caption("Green: mostly cached. Gray: mostly not. Hatched: breaks the cache for everything after it.")
    own_rates = fleet_hit_rates(blocks, traffic, own) if own else None
    worth_table(
        result,
        ((now, best), duration(api.cache.kept_s)),
        ((own_rates.now_frac, own_rates.best_frac), duration(own_rates.kept_s)) if own_rates else None,
        "use_described_rates",
        example_note(blocks, result.demand.input_tok) if example else "",
    )
    st.caption(
        escape(
            f"{api_cache_sentences(api, todays_price_ratios(result.scenario, catalog()))} "
            f"{fleet_cache_sentence(catalog().rules_file.assumed.in_flight_frac)} Requests of a tenant arrive at random, those of "
            f"a session one after another. Block lengths are {'an example' if example else 'yours'}; the hit rates are applied "
            f"to the {count(result.demand.input_tok)} input tokens per request of the workload."
        )
    )


result = evaluation()
try:
    todays_price_ratios(result.scenario, catalog())
except DataError as error:  # a model that costs nothing
    st.error(escape(str(error)), icon=":material/error:")
    st.stop()
api_terms = todays_cache_terms(result.scenario, catalog())
headline = st.container()
own = server_inputs(result)
described, real = st.tabs(["Describe the prompt", "Analyze real prompts"], key=TAB, on_change="rerun")
if real.open:
    with real:
        prompt_upload(result, api_terms, own, headline)
else:
    with described:
        describe(result, api_terms, own, headline)
with st.expander("Prompt-cache rules of each seller"):
    rules_table(result)
