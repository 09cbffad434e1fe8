"""What of a file may be shown."""

import pytest

from calculators.logs.shown import file_label, shown_cell, shown_model, shown_name


@pytest.mark.parametrize(
    "name",
    [
        *("input_tokens", "gen_ai.usage.cache_read.input_tokens", "usage_input_tokens_cache_write_5m", "No. of tokens"),
        *(
            "TimeGenerated [UTC]",
            "Uncached input tokens (12h)",
            "claude-3-5-sonnet-20241022.input_tokens",
            "Zeit",
            "sk",
        ),
    ],
)
def test_names_of_columns_are_shown(name: str) -> None:
    assert shown_name(name) == name


@pytest.mark.parametrize(
    "private",
    [
        *(
            "jane@example.org",
            "usage.jane@example.org.input",
            "sk-proj1234567890",
            "key_abcdef123456",
            "AKIA0123456789ABCDEF",
        ),
        *("550e8400-e29b-41d4-a716-446655440000", "Tell me about my illness, please", "I am ill.", "Hi! What now"),
    ],
)
def test_what_reads_like_an_address_a_key_or_a_sentence_is_not(private: str) -> None:
    assert shown_name(private) == "(text)"


def test_cells_are_numbers_or_times() -> None:
    assert [shown_cell(text) for text in ("-5", "2026-10-05T09:00:00Z", "NaN", "", "secret", "5 secrets")] == [
        *("-5", "2026-10-05T09:00:00Z", "NaN", ""),
        *("(text)", "(text)"),
    ]


def test_all_is_cut_short_and_printable() -> None:
    for shown in (file_label, shown_name, shown_model, shown_cell):
        assert len(shown("9" * 1_000)) <= 120
        assert shown("1\n\x1b\u202e2").isprintable()
    assert file_label("\n") == "The file"


def test_a_long_text_is_no_name() -> None:
    assert [shown_name("a" * length) for length in (201, 1_000_000)] == ["(text)"] * 2
