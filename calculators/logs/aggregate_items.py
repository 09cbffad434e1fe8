"""What the name of an item (metric, SKU, usage type, kind of token) of a table of sums tells: its quantity, model and unit."""

import re
from collections.abc import Mapping
from functools import lru_cache

from calculators.logs.column_words import plain_role, token_role

MODEL_SERVICES = re.compile(
    r"bedrock|openai|foundry|cognitive|vertex|gemini|generative|claude|anthropic|mistral|llama|nova|token|gpt",
    re.IGNORECASE,
)

WORDS: tuple[tuple[str, str], ...] = (
    (
        "",
        r"storage|\brate\b|matchrate|utili[sz]ation|latency|time ?to|\btpm|\brpm|total ?tokens|token ?transaction|inference ?tokens",
    ),
    ("", r"per ?sec|error|throttle|blocked|availability|provisioned|commitment"),
    ("write", r"cach\w*\W*\w*(write|creat|storing)|(write|creat)\w*\W*\w*cach"),
    ("read", r"cach|cchd"),
    ("output", r"out ?put|\boutp?\b|completion|candidate|response ?tokens"),
    ("input", r"input|\binp\b|prompt"),
    ("output", r"generated|thinking|reasoning"),
    ("requests", r"requests?(\b|sum|total|count|ascount)|invocations?(\b|sum|count)|calls\b"),
)
"""Which quantity an item is, by the first pattern that its name holds; "": none that counts."""
PAST_CHARACTERS = re.compile("character|image|video|audio|second", re.IGNORECASE)


QUANTITY_OF_ROLE: Mapping[str, str] = {
    "input": "input",
    "uncached": "uncached",
    "output": "output",
    "reasoning": "output",
    "cache_read": "read",
    "cache_write": "write",
    "requests": "requests",
}
REGION = re.compile(r"^[A-Z]{2,4}\d?-|^Global-")
NO_MODEL_WORDS = re.compile(
    r"(?i)\b(cached?[- ]?(read|write|creation|storage)?|input|output|inp|outp|prompt|completion|generate content|tokens?"
    r"|counts?|batch|predictions?|units|text|long|short|global|regional|regnl|glbl|ga|cross[- ]region|data ?zone|d ?zone)\b"
)


SERVICES = re.compile(
    r"(?i)amazon bedrock( service)?|azure openai( service)?|(google )?vertex ai( api)?|foundry models|generative language api"
)
"""Names of services, which are no models."""


@lru_cache(4_096)
def quantity_of(item: str) -> str:
    """The quantity that an item's name tells, as in `COLUMNS`; "" when none."""
    bare = item.rpartition(":")[2]
    told = QUANTITY_OF_ROLE.get(token_role(bare) or plain_role(bare) or "")
    if told:
        return told
    text = item.replace("_", " ").replace("-", " ")
    return next((role for role, pattern in WORDS if re.search(pattern, text, re.IGNORECASE)), "")


@lru_cache(4_096)
def is_model_service(text: str) -> bool:
    """Whether the words of a bill's row are about a language model."""
    return MODEL_SERVICES.search(text) is not None


@lru_cache(4_096)
def unit_scale(unit: str) -> float:
    """Tokens of one unit: 1,000 for "1K tokens", a million for "1M"; 1 when it says nothing."""
    text = unit.replace(",", "")
    if re.search(r"\b1? ?m(illion)?\b|mtok|1000000\b|million", text, re.IGNORECASE):
        return 1e6
    if re.search(r"\b1? ?k\b|ktok|\b1000\b|thousand", text, re.IGNORECASE):
        return 1e3
    return 1.0


@lru_cache(4_096)
def item_model(item: str, has_places: bool = False) -> str:
    """The model within an item's name: what is left without region, direction and the word token; "" when nothing is.
    `has_places`: whether the global endpoint has a price of its own, so that the name keeps the word."""
    if ":" in item or SERVICES.fullmatch(item.strip()):  # a product of a marketplace names no model
        return ""
    plain = REGION.sub("", item).replace("_", "-")
    place = " global" if has_places and re.search(r"(?i)\bglobal\b", plain) else ""
    model = " ".join(re.sub(r"[-\s]*\s[-\s]*|^-+|-+$|--+", " ", NO_MODEL_WORDS.sub(" ", plain)).split()).strip(" -,")
    return model + place if model else ""


def label_model(label: str) -> str:
    """The model that a metric's label names beside the metric, as "anthropic.claude-sonnet-4-5 InputTokenCount"; "" for none."""
    words = re.split(r"[\s,;()\[\]]+", label)
    return next((word for word in words if MODEL_SERVICES.search(word) and re.search(r"\d", word)), "")


def quantity_of_kind(text: str) -> str:
    """The quantity of a kind of token, as "input" or "prompt_tokens"; "" for other words."""
    return QUANTITY_OF_ROLE.get(token_role(text) or token_role(f"{text} tokens") or plain_role(text) or "", "")
