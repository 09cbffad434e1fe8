"""Sentences on the order of a prompt and on the caches that it meets."""

from collections.abc import Sequence

from calculators.api.cache_terms import CacheTerms, PriceRatios
from calculators.prompts.order import Block, first_breaker
from calculators.prompts.seller_rules import duration
from calculators.units import count, percent, significant


def order_sentence(blocks: Sequence[Block], now_frac: float, best_frac: float) -> str:
    """Hit rate on the API today and in the best order, and the block that breaks the cache."""
    breaker = first_breaker(blocks)
    if breaker is None:
        return f"The prompt is in the best order: the API cache hit rate is {percent(now_frac)}."
    return (
        f"“{blocks[breaker].name}” breaks the cache for everything after it: the best order raises the API cache hit rate "
        f"from {percent(now_frac)} to {percent(best_frac)}."
    )


def example_note(blocks: Sequence[Block], input_tok: float) -> str:
    """That the hit rates are those of the example and not of the user's requests."""
    example_tok = sum(block.tok for block in blocks)
    return (
        f"Example prompt of {count(example_tok)} tokens, not your {count(input_tok)}-token requests. Describe your own "
        "prompt first."
    )


def api_cache_sentences(api: CacheTerms, ratios: PriceRatios) -> str:
    """How today's API caches prompts, what it does not publish, and from which hit rate caching pays."""
    steps = (
        "up to cache marks in the request"
        if api.breakpoints_count
        else f"in steps of {count(api.cache.granularity_tok)} tokens"
    )
    text = (
        f"The API keeps a prefix for {duration(api.cache.kept_s)} after its last use and matches it {steps}, from "
        f"{count(api.cache.minimum_tok)} tokens."
    )
    if api.assumed_rules:
        text += f" Not all its cache rules are published. Assumed: {', '.join(api.assumed_rules)}."
    if ratios.write_ratio > 1:
        text += (
            f" Cache writes cost {significant(ratios.write_ratio)}× the input price: caching pays from a hit rate of "
            f"{percent(ratios.pays_from_frac)}."
        )
    return text


def fleet_cache_sentence(in_flight_frac: float) -> str:
    """How the prefix cache of self-hosted replicas is modeled."""
    return (
        "Self-hosted replicas drop the least recently used prefix when memory is full; "
        f"{percent(in_flight_frac)} of the KV cache is reserved for requests in flight."
    )
