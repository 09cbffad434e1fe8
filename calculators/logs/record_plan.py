"""Which path of a record holds what, by the first format of the table that fits its names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from calculators.logs.column_words import cost_kind, failure_sign, time_rank, token_role, without_kind
from calculators.logs.money import money_unit
from calculators.logs.record_leaves import ABOVE, LeafPath
from calculators.logs.request_names import STATUS_HOLDERS
from calculators.logs.usage_format import BAD_FLAGS, COMMON, ERRORS, GOOD_FLAGS, KINDS, NOWHERE, STATUSES, UsageFormat
from calculators.logs.usage_formats import FORMATS

MAX_SUFFIX_PARTS = 6
MAX_SHAPES = 5_000
MAX_CANDIDATES = 20
OTHER_IDS = frozenset(
    [
        "session",
        "user",
        "conversation",
        "thread",
        "trace",
        "organization",
        "org",
        "project",
        "account",
        "prompt",
        "app",
        "team",
        "installation",
        "workspace",
    ]
)
"""Keys above an `id` that is not the record's."""
OWN_ROLES = ("id", "spend", "span", "parent", "gateway_cache")


@lru_cache(maxsize=50_000)
def squashed(text: str) -> str:
    """Letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


class Places:
    """The paths of one shape of record by the tails of their names."""

    def __init__(self, paths: Sequence[LeafPath]) -> None:
        self.by_tail = dict[str, list[LeafPath]]()
        self.paths = sorted(paths, key=len)
        self.has_output = any(token_role(path[-1]) == "output" for path in paths)
        for path in self.paths:
            words = [squashed(part) for part in path]
            for start in range(max(0, len(words) - MAX_SUFFIX_PARTS), len(words)):
                self.by_tail.setdefault("".join(words[start:]), []).append(path)

    def one(self, name: str, beside: LeafPath = ()) -> list[LeafPath]:
        """Paths that a name means, those below `beside` first, then the least nested."""
        if name.startswith("="):
            return [path for path in self.paths if f".{'.'.join(path)}".endswith(f".{name[1:]}")]
        if "*" in name.rsplit(".", 1)[0]:
            whole = re.compile(f"{_pattern(name)}$")
            return [path for path in self.paths if whole.search("".join(map(squashed, path)))]
        if "*" in name:
            above, pattern = name.rsplit(".", 1)
            regex = re.compile(squashed(above) + _pattern(pattern))
            return [path for path in self.paths if len(path) > 1 and _ends(path, regex)]
        matching = self.by_tail.get(squashed(name), [])
        return [path for path in matching if beside and path[: len(beside)] == beside] or matching

    def sums(self, text: str, beside: LeafPath = ()) -> tuple[LeafPath, ...]:
        """Paths to be added up: the first alternative that is there."""
        for alternative in text.split("|") if text else ():
            terms = [self.one(term.strip(), beside) for term in alternative.split("+")]
            if terms[0] or ("*" in alternative and any(terms)):
                chosen = chain.from_iterable(
                    paths if "*" in term else paths[:1]
                    for term, paths in zip(alternative.split("+"), terms, strict=True)
                )
                return tuple(dict.fromkeys(chosen))
        return ()

    def any_of(self, *texts: str) -> tuple[LeafPath, ...]:
        """Every path that one of the names means, in their order."""
        paths = (path for text in texts if text for name in _names(text) for path in self.one(name))
        return tuple(dict.fromkeys(paths))


@lru_cache(maxsize=1_000)
def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("|"))


def _pattern(name: str) -> str:
    return re.sub(r"[^a-z0-9*]", "", name.lower()).replace("*", "[a-z0-9]*")


def _ends(path: LeafPath, regex: re.Pattern[str]) -> bool:
    return bool(regex.fullmatch("".join(map(squashed, path[-2:]))))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """Where one shape of record holds what."""

    format: UsageFormat
    input: tuple[LeafPath, ...]
    output: tuple[LeafPath, ...]
    cache_read: tuple[LeafPath, ...]
    cache_write: tuple[LeafPath, ...]
    extra_output: tuple[LeafPath, ...]
    total: tuple[LeafPath, ...]
    running_total: tuple[LeafPath, ...]
    words: Mapping[str, tuple[LeafPath, ...]]
    """Of time, id, model and so on: the paths in order of preference."""
    costs: tuple[LeafPath, ...]
    """Of input, output and caches, to be added up where no cost of the whole stands."""
    statuses: tuple[LeafPath, ...]
    errors: tuple[LeafPath, ...]
    good_flags: tuple[LeafPath, ...]
    bad_flags: tuple[LeafPath, ...]
    kinds: tuple[LeafPath, ...]

    @property
    def token_paths(self) -> tuple[LeafPath, ...]:
        return (*self.input, *self.output, *self.cache_read, *self.cache_write)


@lru_cache(maxsize=MAX_SHAPES)
def plan_of(shape: tuple[LeafPath, ...]) -> RecordPlan | None:
    """Where records of these paths hold their tokens, by the first format that fits; None: nowhere."""
    places = Places(shape)
    fitting = (one for one in FORMATS if not places.by_tail.keys().isdisjoint(FIRST_NAMES[one.name]))
    return next((plan for one in fitting if (plan := _plan(one, places)) is not None), None)


def _first_names(one: UsageFormat) -> frozenset[str]:
    """Names of which one must be there for the format to fit."""
    text = one.needs.split("&")[0] if "*" in one.input else one.input
    return frozenset(squashed(alternative.split("+")[0]) for alternative in text.split("|"))


def _plan(one: UsageFormat, places: Places) -> RecordPlan | None:
    if one.needs and not all(places.any_of(need) for need in one.needs.split("&")):
        return None
    pair = _pair(one, places)
    if pair is None:
        return None
    inputs, outputs = pair
    beside = inputs[0][:-1]
    words = {role: _word_paths(role, one, places) for role in COMMON}
    return RecordPlan(
        format=one,
        input=inputs,
        output=outputs,
        cache_read=places.sums(one.cache_read, beside),
        cache_write=places.sums(one.cache_write, beside),
        extra_output=places.sums(one.extra_output, beside),
        total=places.sums(one.total, beside),
        running_total=places.sums(one.running_total),
        words=words,
        costs=() if words["spend"] or one.spend == NOWHERE else _costs(places),
        statuses=tuple(dict.fromkeys((*places.any_of(one.status, STATUSES), *_signs(places, "status")))),
        errors=(*places.any_of(ERRORS), *_signs(places, "error")),
        good_flags=(*places.any_of(GOOD_FLAGS), *_signs(places, "good")),
        bad_flags=places.any_of(BAD_FLAGS),
        kinds=places.any_of(KINDS),
    )


def _costs(places: Places) -> tuple[LeafPath, ...]:
    """Paths of a record's own with the dollars of input, output and caches."""
    kinds = dict[str, LeafPath]()
    for path in places.paths:
        kind = cost_kind(path[-1])
        if kind and path[0] != ABOVE and money_unit(without_kind(path[-1])).is_plain:
            kinds.setdefault(kind, path)
    return tuple(kinds.values()) if {"input", "output"} <= kinds.keys() else ()


def _signs(places: Places, sign: str) -> tuple[LeafPath, ...]:
    """Paths of a record's own that by their words say whether it failed."""
    own = (path for path in places.paths if len(path) == 1 or squashed(path[-2]) in STATUS_HOLDERS)
    return tuple(path for path in own if failure_sign(path[-1]) == sign and path[0] != ABOVE)


def _word_paths(role: str, one: UsageFormat, places: Places) -> tuple[LeafPath, ...]:
    """Paths of a role: those the format names, then the common ones. What stands above a record names its time and model,
    not its id nor its cost."""
    given = getattr(one, role, "")
    named, common = places.any_of(given), places.any_of("" if role == "spend" and given else COMMON[role])
    if role in OWN_ROLES:
        common = tuple(path for path in common if path[0] != ABOVE)
        named = tuple(path for path in named if path[0] != ABOVE or role == "id")
    if role in ("id", "span"):
        common = tuple(path for path in common if len(path) < 2 or squashed(path[-2]) not in OTHER_IDS)
    paths = tuple(dict.fromkeys((*named, *common)))
    return _times(paths, places) if role == "time" else paths


def _times(times: tuple[LeafPath, ...], places: Places) -> tuple[LeafPath, ...]:
    """Paths of times: those of the record before those that stand above it; without any, those that the words name."""
    if not times:
        ranked = [(rank, path) for path in places.paths if (rank := time_rank(path[-1])) is not None]
        times = tuple(path for _, path in sorted(ranked, key=lambda item: item[0]))
    return tuple(sorted(times, key=lambda path: path[0] == ABOVE))


def _pair(one: UsageFormat, places: Places) -> tuple[tuple[LeafPath, ...], tuple[LeafPath, ...]] | None:
    """Input and output of a format, side by side where they can be. A common format needs both."""
    for alternative in one.input.split("|"):
        if "*" in alternative:
            if inputs := places.sums(alternative):
                return inputs, places.sums(one.output)
            continue
        first = alternative.split("+")[0].strip()
        for path in places.one(first)[:MAX_CANDIDATES]:
            beside = path[:-1]
            outputs = places.sums(one.output, beside)
            if outputs and outputs[0][:-1] != beside and one.is_common:
                continue
            if outputs or not (one.is_common or places.has_output):
                others = [more for term in alternative.split("+")[1:] for more in places.one(term.strip(), beside)[:1]]
                return (path, *others), outputs
    return None


FIRST_NAMES = {one.name: _first_names(one) for one in FORMATS}
