"""Conversations in a log: which requests belong together, and which messages of a request are examples, history and new.

A request continues another whose messages it repeats from the first to the last before adding its own. If it repeats two
in a row but not those before them, its history was cut or edited. Messages that nearly every conversation starts with are
examples.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

NEARLY_ALL_FRAC = 0.9


@dataclass(frozen=True, slots=True)
class SessionPosition:
    """Position of a request: its conversation, and how many of its first messages are examples and history."""

    session: int
    examples_count: int
    history_count: int
    """Messages of the history, including the examples."""
    edited: bool = False
    """Whether it continues a conversation whose history was cut or edited."""


def session_positions(chats: Sequence[Sequence[int]]) -> list[SessionPosition]:
    """Position of each request, in the order of time. `chats`: messages of each request as numbers, equal for equal texts."""
    chains = [_chains(chat) for chat in chats]
    sessions, _, _ = _sessions(chains, chats, None)
    examples = _examples(chains) if len(set(sessions)) > 1 else 0
    sessions, known, edited = _sessions(chains, chats, examples)
    positions = []
    for chain, session, repeated, cut in zip(chains, sessions, known, edited, strict=True):
        shown = min(examples, max(len(chain) - 1, 0))
        history = min(repeated if repeated else len(chain), len(chain) - 1)
        positions.append(SessionPosition(session, shown, max(shown, history, 0), cut))
    return positions


def _chains(chat: Sequence[int]) -> list[int]:
    """A number for each message that stands for it and all messages before it."""
    chain, chained = 0, []
    for message in chat:
        chain = hash((chain, message))
        chained.append(chain)
    return chained


def _sessions(
    chains: Sequence[Sequence[int]], chats: Sequence[Sequence[int]], examples: int | None
) -> tuple[list[int], list[int], list[bool]]:
    """Conversation of each request, the number of its messages that an earlier request had, and whether it was edited. With
    `examples` None, edits are not detected."""
    session_of: dict[int, int] = {}
    session_of_pair: dict[tuple[int, int], int] = {}
    known: list[tuple[int, int, bool]] = []
    count = 0
    for chain, chat in zip(chains, chats, strict=True):
        pairs = list(pairwise(chat[examples:])) if examples is not None else []
        repeated = next((k for k in range(len(chain) - 1, 0, -1) if chain[k - 1] in session_of), 0)
        again = next((k for k in range(len(pairs) - 1, -1, -1) if pairs[k] in session_of_pair), None)
        edited = not repeated and again is not None
        if repeated:
            session = session_of[chain[repeated - 1]]
        elif again is not None:
            session, repeated = session_of_pair[pairs[again]], (examples or 0) + again + 2
        else:
            session, count = count, count + 1
        if chain:
            session_of[chain[-1]] = session
        session_of_pair.update(dict.fromkeys(pairs, session))
        known.append((session, repeated, edited))
    return [f[0] for f in known], [f[1] for f in known], [f[2] for f in known]


def _examples(chains: Sequence[Sequence[int]]) -> int:
    """Number of first messages that nearly all requests share."""
    needed, length = NEARLY_ALL_FRAC * len(chains), 0
    while True:
        starts = Counter(chain[length] for chain in chains if len(chain) > length)
        if not starts or starts.most_common(1)[0][1] < max(needed, 2):
            return length
        length += 1
