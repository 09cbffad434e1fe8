"""Which requests continue which, by hand."""

from hypothesis import given
from hypothesis import strategies as st

from calculators.prompts.sessions import session_positions


def test_a_request_continues_the_one_whose_messages_it_repeats() -> None:
    found = session_positions([[1], [7], [1, 2, 3], [7, 8, 9], [1, 2, 3, 4, 5]])
    assert [place.session for place in found] == [0, 1, 0, 1, 0]
    assert [place.history_count for place in found] == [0, 0, 1, 1, 3]


def test_the_same_single_message_twice_is_no_conversation() -> None:
    assert [place.session for place in session_positions([[1], [1], [1]])] == [0, 1, 2]


def test_history_that_the_log_never_saw_is_history_all_the_same() -> None:
    assert [place.history_count for place in session_positions([[1, 2, 3], [4, 5, 6]])] == [2, 2]


def test_messages_that_all_start_with_are_examples() -> None:
    found = session_positions([[8, 9, 1], [8, 9, 2], [8, 9, 3], [8, 9, 1, 4, 5]])
    assert [place.examples_count for place in found] == [2, 2, 2, 2]
    assert [place.history_count for place in found] == [2, 2, 2, 3]


def test_a_history_that_was_cut_is_told_from_a_new_conversation() -> None:
    """A sliding window: the second request drops the first message of the first, the third is somebody else's."""
    found = session_positions([[1, 2, 3], [2, 3, 4, 5], [7, 8, 9]])
    assert [place.session for place in found] == [0, 0, 1]
    assert [place.edited for place in found] == [False, True, False]
    assert found[1].history_count == 2


def test_examples_that_all_start_with_are_no_edited_history() -> None:
    assert not any(place.edited for place in session_positions([[8, 9, 1], [8, 9, 2], [8, 9, 3], [8, 9, 1, 4, 5]]))


def test_one_conversation_alone_has_no_examples() -> None:
    assert {place.examples_count for place in session_positions([[1], [1, 2, 3], [1, 2, 3, 4, 5]])} == {0}


@given(st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=20))
def test_every_request_has_a_place_and_something_new(chats: list[list[int]]) -> None:
    found = session_positions(chats)
    assert len(found) == len(chats)
    for place, chat in zip(found, chats, strict=True):
        assert 0 <= place.examples_count <= place.history_count <= max(len(chat) - 1, 0)
