"""What the words of a column's name mean, for names that no table lists: "# of prompt tokens used", "Eingabe-Token", 入力トークン.

A name is split into words, those of other languages put into English, and words that add nothing left out. What remains must
all belong to one role.
"""

import re
import unicodedata
from functools import lru_cache

from calculators.logs.word_lists import (
    ALONE,
    CACHE,
    CODE_HOLDERS,
    CURRENCIES,
    ENDS,
    ERROR_WORDS,
    FOREIGN_WORDS,
    GOOD_WORDS,
    INPUT_WORDS,
    MONEY,
    NO_CACHE_FLAGS,
    NO_STATUSES,
    NO_TIMES,
    NOISE,
    NOT,
    OUTPUT_WORDS,
    READS,
    REASONING,
    REQUESTS,
    SOURCES,
    SQUASHED_ERRORS,
    STARTS,
    STATUS_WORDS,
    STEMS,
    TIME_WORDS,
    TOKENS,
    UNCACHED,
    WRITES,
)

MAX_HEADER_NAME_CHARS = 120


def unaccented(text: str) -> str:
    """The text in lower case without accents."""
    marks = "\u0300\u0301\u0302\u0303\u0308\u030a\u0327\u0328"
    plain = unicodedata.normalize("NFKD", text).lower()
    return unicodedata.normalize("NFC", "".join(char for char in plain if char not in marks))


@lru_cache(8_192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case and English: "promptTokens" and "Prompt-Tokens" are prompt and tokens."""
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", unicodedata.normalize("NFKC", name[:MAX_HEADER_NAME_CHARS]))
    plain = unaccented(plain)
    plain = re.sub(r"(?<=[a-z0-9])(?=[\u3040-\ud7af])", " ", plain)
    for stem, word in STEMS.items():
        if stem in plain:
            plain = re.sub(rf"{re.escape(stem)}[a-z]*?(?=tok|[^a-z]|$)", f" {word} ", plain)
    return tuple(FOREIGN_WORDS.get(word, word) for word in re.findall(r"[^\W_]+", plain))


def token_role(name: str) -> str | None:
    """The role of a column of tokens by the words of its name: input, uncached, output, cache_read, cache_write or reasoning."""
    words = set(words_of(name))
    rest = words - NOISE
    if words & UNCACHED or (words & CACHE and words & NOT):
        return "uncached" if rest <= UNCACHED | CACHE | NOT | INPUT_WORDS else None
    if words & CACHE:
        if (rest in ({"cached"}, {"cached", "hit"}) or (rest <= CACHE and "of" in words)) and "requests" not in words:
            return "cache_read"
        if not words & (TOKENS | WRITES | {"read"}) or not rest <= CACHE | WRITES | READS:
            return None
        return "cache_write" if words & WRITES else "cache_read"
    for role, allowed in (("reasoning", REASONING), ("input", INPUT_WORDS), ("output", OUTPUT_WORDS)):
        if rest and rest <= allowed | (OUTPUT_WORDS if role == "reasoning" else frozenset()) and (rest & allowed):
            return role if words & TOKENS or rest <= ALONE | REASONING else None
    return None


def is_any_cached(name: str) -> bool:
    """Whether a column of cached tokens says neither read nor write, as makers name a part of the input: "Tokens en caché"."""
    words = set(words_of(name))
    return token_role(name) == "cache_read" and not words & {"read", "reads", "reading"}


def time_rank(name: str) -> int | None:
    """How well the words of a name name the time of a request: 0 its start, 1 a time, 2 its end; None: no time."""
    words = set(words_of(name))
    if not words & TIME_WORDS or words & NO_TIMES:
        return None
    return 2 if words & ENDS else 0 if words & STARTS else 1


def period_name(name: str) -> str | None:
    """ "date", "month" and so on for the period of a row of sums; None: no time."""
    words = words_of(name)
    told = next((word for word in ("month", "week", "hour", "day", "date") if word in words), None)
    return told or ("time" if time_rank(name) is not None else None)


def plain_role(name: str) -> str | None:
    """model, requests, total (of tokens) or cost, by the words of a name."""
    words = set(words_of(name)) - CURRENCIES
    if words and words <= {"model", "name"}:
        return "model"
    if words <= REQUESTS | NOISE | {"success"} and (
        words & REQUESTS or {"request", "count"} <= words or {"request", "success"} <= words
    ):
        return "requests"
    if {"total"} <= words <= NOISE and words & TOKENS:
        return "total"
    return "cost" if words & MONEY and words <= MONEY | {"total"} else None


def cost_kind(name: str) -> str | None:
    """The role of the tokens that a column has the cost of: input for "prompt_cost_usd"; None: another column. A price is none,
    because that is of many tokens."""
    words = set(words_of(name))
    if not words & MONEY or "price" in words:
        return None
    return token_role(" ".join(("tokens", *sorted(words - MONEY - (CURRENCIES - {"in"})))))


def without_kind(name: str) -> str:
    """The name of a column of costs without the kind of tokens: "cost usd" of "input_cost_usd"."""
    money = [word for word in words_of(name) if word in MONEY | CURRENCIES]
    return " ".join(money) if cost_kind(name) else name


OFFSET = re.compile(r"(?:UTC|GMT)\s?([+-]\d{1,2}):?(\d\d)?")


def header_offset_s(name: str) -> int:
    """Seconds by which the times of a column such as "Time (UTC+02:00)" are ahead of UTC."""
    match = OFFSET.search(name)
    if match is None:
        return 0
    hours, minutes = int(match.group(1)), int(match.group(2) or 0)
    return (hours * 60 + (minutes if hours >= 0 else -minutes)) * 60


def failure_sign(name: str) -> str | None:
    """What a column says of failures: "error" (filled is bad), "good" (a flag), "code" (0 is good) or "status"; None: nothing."""
    words = set(words_of(name))
    squashed = "".join(words_of(name))
    if squashed in SQUASHED_ERRORS:
        return "error"
    if words & (NO_STATUSES | CACHE):
        return None
    if squashed.removeprefix("is").removeprefix("was") in GOOD_WORDS:
        return "good"
    if words & GOOD_WORDS:
        return "good" if words <= GOOD_WORDS | {"is", "was", "request", "response", "call"} else None
    if words & {"exit", "return"} and "code" in words:
        return "code"
    if words & ERROR_WORDS:
        return "error"
    if words & STATUS_WORDS or ("code" in words and words & CODE_HOLDERS):
        return "status"
    return None


def is_gateway_flag(name: str) -> bool:
    """Whether a name may say that a gateway answered from its own cache; the values tell."""
    words = set(words_of(name))
    return bool(words & (CACHE | SOURCES)) and not words & NO_CACHE_FLAGS


UNIT = re.compile(
    r"(?i)(?:\s*[\(\[]\s*(?:in\s+)?(?:1\s?)?(k|thousands?|tsd\.?|000s?|1,?000s?|m|mn|mio\.?|mm|millions?)\s*(?:tok(?:en)?s?)?\s*[\)\]]"
    r"|[ _](k|thousands?|millions?|m)|\s+in\s+(thousands?|millions?)|[ _-](k|kilo|m|mega)[ _-]?tok(?:en)?s?)\s*$"
)


@lru_cache(8_192)
def split_unit(name: str) -> tuple[str, float]:
    """A column of tokens without its unit, and the tokens of one: "Input tokens (k)" counts thousands."""
    match = UNIT.search(name)
    has_word = match is not None and "tok" in match.group().lower()
    if match is None or not (has_word or set(words_of(name)) & (TOKENS | INPUT_WORDS | OUTPUT_WORDS | REQUESTS)):
        return name, 1.0
    unit = next(filter(None, match.groups())).lower()
    return name[: match.start()], 1e6 if unit.startswith("m") else 1e3
