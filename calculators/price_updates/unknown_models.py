"""Models that several sellers of open models host and the app has no profile of."""

import re
from collections import Counter
from collections.abc import Iterable

from calculators.catalog.catalog import Catalog
from calculators.price_updates.published import PublishedTokens

LEAST_SELLERS_COUNT = 2
MOST_TOLD_COUNT = 20
LEAST_OPEN_MODELS_COUNT = 3
"""A seller that hosts fewer open models of the app is taken for a maker of closed ones."""
_VARIANT = re.compile(
    r"[-_.:](instruct|maas|fp8|fp4|nvfp4|bf16|turbo|tee|fast|latest|it|chat|preview|\d{4}|v\d+)(?=$|[-_.:])"
)


def unknown_models(published: Iterable[PublishedTokens], catalog: Catalog) -> tuple[tuple[str, int], ...]:
    """Name and number of sellers of the models hosted most widely that no profile describes, most sellers first."""
    hosted = [offer for model in catalog.models.values() for offer in model.hosted]
    known = {_bare(offer.model) for offer in hosted}
    counts = Counter(offer.provider for offer in hosted)
    hosts = {seller for seller, count in counts.items() if count >= LEAST_OPEN_MODELS_COUNT}
    sellers_of: dict[str, set[str]] = {}
    for price in published:
        name = _bare(price.model)
        is_known = name in known or catalog.model_names.find(name) or catalog.model_names.find(price.model)
        if price.provider in hosts and not is_known:
            sellers_of.setdefault(name, set()).add(price.provider)
    widely = [(name, len(by)) for name, by in sellers_of.items() if len(by) >= LEAST_SELLERS_COUNT]
    return tuple(sorted(widely, key=lambda one: (-one[1], one[0]))[:MOST_TOLD_COUNT])


def _bare(name: str) -> str:
    """The name without maker and variant: "openai/gpt-oss-120b-maas" is gpt-oss-120b."""
    bare = name.rpartition("/")[2].lower().replace(" ", "-")
    return re.sub(r"[-_.:]+", "-", _VARIANT.sub("", bare))
