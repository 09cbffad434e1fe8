"""Tables of words."""

from calculators.logs import word_lists


def test_no_stem_of_another_language_occurs_in_a_usual_english_name() -> None:
    english = {
        word for name in vars(word_lists).values() if isinstance(name, frozenset) for word in name if word.isascii()
    }
    assert {(stem, word) for stem in word_lists.STEMS for word in english if stem in word} == set()


def test_every_word_of_another_language_has_one_english_word() -> None:
    assert all(" " not in word for word in (*word_lists.STEMS.values(), *word_lists.FOREIGN_WORDS.values()))
