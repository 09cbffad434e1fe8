"""Names of models, short enough for a sentence or a table: without route, place, maker, date and revision.

Gateways and clouds write `us.anthropic.claude-sonnet-4-5-20250929-v1:0` for what people call claude-sonnet-4-5.
"""

import re
from collections import Counter
from collections.abc import Iterable

BEDROCK = re.compile(
    r"^(?:(?P<place>[a-z]{2}(?:-gov)?|apac|global|regional)\.)?"
    r"(?P<maker>anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai|google|nvidia|moonshotai?|zai|minimax|writer)"
    r"\.(?=[a-z])"
)
"""Place and maker before a model of Bedrock. All places but 'global' cost the regional price."""
TAIL = re.compile(r"(?:[-@]20\d{6}|@[\w.-]+|-v\d+:\d+|:\d+)+$")
"""Dates as one number, versions of a cloud: what nobody says. A date with dashes can be a model with a price of its own."""


def short_model_name(name: str) -> str:
    """The name without route, place, maker, date and revision; where the price depends on it, with the place in brackets."""
    if " " in name:
        return name
    bare = name.rstrip("/").rpartition("/")[2] or name
    match = BEDROCK.match(bare.lower())
    short = TAIL.sub("", bare[match.end() :] if match else bare)
    return f"{short} (global)" if match and match["place"] == "global" else short or name


def told_apart(names: Iterable[str]) -> dict[str, str]:
    """A short name for each name; those that would share one keep theirs."""
    short = {name: short_model_name(name) for name in names}
    uses = Counter(short.values())
    return {name: one if uses[one] == 1 else name for name, one in short.items()}
