"""Which model a spelling means. Case, separators, the publisher before a name and words of variants behind it (formats, chat
tuning, revisions) are not what tells models apart; letters, numbers and their order are."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from calculators.catalog.format_spelling import format_meant

NameWords = tuple[str, ...]

_BETWEEN = re.compile(r"[^a-z0-9.]+|\.(?!\d)|(?<!\d)\.")
_POINT = re.compile(r"(?<=\d)p(?=\d)")
"""A decimal point as hosts write it in ids: v3p1."""
_PART = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_VERSION = re.compile(r"v(\d.*)")
_REVISION = re.compile(r"\d{4}|\d{6}|\d{8}")
_VARIANT_WORDS = frozenset(
    {
        *("instruct", "it", "chat", "hf", "base", "maas", "preview", "qat"),
        *("kv", "dynamic", "static", "quantized", "block", "channel", "tensor", "torch"),
    }
)
"""Words that makers and republishers add to the name of the same network."""
_REPUBLISHERS = (
    *("nvidia", "amd", "redhatai", "neuralmagic", "unsloth", "thebloke", "hugging-quants", "meta", "casperhansen"),
    *("mlx-community", "lmstudio-community", "intel", "nm-testing", "quanttrio", "zai", "moonshot"),
)
"""Publishers that no profile's own name tells."""
_LEAST_LIKENESS = 0.8


def model_words(name: str) -> NameWords:
    """The words that tell a model apart, in order: runs of letters, and numbers with their decimal point. The letter of a
    version is none of them, nor is the version of a format ("fp4-v2")."""
    words: list[str] = []
    after_format = False
    for chunk in _BETWEEN.split(_POINT.sub(".", name.lower())):
        version, is_format = _VERSION.fullmatch(chunk), format_meant(chunk) is not None
        if not (is_format or chunk in _VARIANT_WORDS or (version and after_format)):
            words += _PART.findall(version[1] if version else chunk)
        after_format = is_format
    return tuple(words)


def undotted(words: NameWords) -> NameWords:
    """The words with each decimal point as a gap between two numbers."""
    return tuple(part for word in words for part in word.split("."))


@dataclass(frozen=True, slots=True)
class ModelNames:
    """Every name of every model. `by_words` and `by_undotted` give the model's id by the words of a name."""

    by_words: Mapping[NameWords, str]
    by_undotted: Mapping[NameWords, str]
    publishers: frozenset[NameWords]

    def find(self, name: str) -> str | None:
        """The id of the model that the name means; None where it means none."""
        spellings = list(self._spellings(name))
        id = next((self.by_words[words] for words in spellings if words in self.by_words), None)
        if id or "." in name:
            return id
        return next((self.by_undotted[words] for words in spellings if words in self.by_undotted), None)

    def nearest(self, name: str) -> str | None:
        """The id of the most alike model of the same family and version; None where there is none. Families are not mixed
        up with those of similar names."""
        families = {_family(known) for known in self.by_words}
        stems = list(self._stems(name))
        words = next((stem for stem in stems if _family(stem) in families), stems[-1])
        same = [known for known in self.by_words if _version(known) == _version(words)]
        like = [known for known in same if _is_like(_family(words), _family(known), families)]
        near = difflib.get_close_matches(" ".join(words), [" ".join(known) for known in like], n=1, cutoff=0.0)
        return self.by_words[tuple(near[0].split(" "))] if near else None

    def _spellings(self, name: str) -> Iterator[NameWords]:
        """Words to look up, the most telling first: as written, without publisher, without a revision behind it."""
        stems = list(self._stems(name))
        yield from stems
        yield from (words[:-1] for words in stems if len(words) > 1 and _REVISION.fullmatch(words[-1]))

    def _stems(self, name: str) -> Iterator[NameWords]:
        for part in (name, name.partition("/")[2], name.rpartition("/")[2]):
            yield from self._without_publishers(model_words(part))

    def _without_publishers(self, words: NameWords) -> Iterator[NameWords]:
        yield words
        for n in (3, 2, 1):
            if len(words) > n and words[:n] in self.publishers:
                yield from self._without_publishers(words[n:])


def names_of_models(named: Iterable[tuple[str, Sequence[str]]], problems: list[str]) -> ModelNames:
    """The names of models by their ids. A name that means two models is added to `problems`."""
    every = [(id, name) for id, names in named for name in names]
    makers = {name.partition("/")[0] for _, name in every if "/" in name}
    publishers = frozenset(model_words(maker) for maker in (*makers, *_REPUBLISHERS))
    by_words: dict[NameWords, str] = {}
    by_undotted: dict[NameWords, str] = {}
    for id, name in every:
        words = model_words(name.rpartition("/")[2])
        for known, key in ((by_words, words), (by_undotted, undotted(words))):
            if (other := known.setdefault(key, id)) != id:
                problems.append(f"{id}.yaml: aliases: '{name}' already names {other}; an alias has one owner")
                break
    return ModelNames(by_words, by_undotted, publishers)


def _family(words: NameWords) -> str:
    """The letters before the first number."""
    return "".join(words[: next((i for i, word in enumerate(words) if word[0].isdigit()), len(words))])


def _version(words: NameWords) -> str:
    """The first number."""
    return next((word for word in words if word[0].isdigit()), "")


def _is_like(family: str, known: str, families: set[str]) -> bool:
    """Whether it is the family, or a slip of the pen for it."""
    is_slip = family not in families and difflib.SequenceMatcher(None, family, known).ratio() >= _LEAST_LIKENESS
    return family == known or is_slip
