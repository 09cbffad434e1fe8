"""Models that several hosts of open models sell and no profile describes."""

from calculators.catalog.catalog import Catalog
from calculators.price_updates.published import PublishedTokens
from calculators.price_updates.unknown_models import unknown_models


def test_a_model_of_several_hosts_is_told_once_under_all_its_names(live_catalog: Catalog) -> None:
    sold = [
        ("deepinfra", "new-lab/Newmodel-70B-Instruct"),
        ("together", "newmodel-70b-turbo"),
        ("nebius", "new-lab/newmodel-70b"),
        ("deepinfra", "openai/gpt-oss-120b"),
        ("together", "OpenAI/gpt-oss-120B"),
        ("deepinfra", "only-here"),
        ("anthropic", "claude-new"),
        ("openai", "claude-new"),
    ]
    unknown = unknown_models([PublishedTokens(*one) for one in sold], live_catalog)
    assert unknown == (("newmodel-70b", 3),)
