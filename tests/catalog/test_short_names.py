"""Names of models, short to read."""

import pytest

from calculators.catalog.short_names import short_model_name, told_apart


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("regional.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5 (global)"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-7-v1:0", "claude-opus-4-7"),
        ("projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash@001", "gemini-2.5-flash"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("accounts/fireworks/models/llama-v3p1-70b-instruct", "llama-v3p1-70b-instruct"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "Llama-3.3-70B-Instruct-Turbo"),
        ("meta.llama3-1-8b-instruct-v1:0", "llama3-1-8b-instruct"),
        # another price than gpt-4o, so another name
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4.1", "gpt-4.1"),
        ("our chat / v2", "our chat / v2"),
        ("models/", "models"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_a_name_is_cut_to_the_model(name: str, short: str) -> None:
    assert short_model_name(name) == short


def test_two_names_that_would_be_one_keep_theirs() -> None:
    us, eu = (f"{place}.anthropic.claude-haiku-4-5-20251001-v1:0" for place in ("us", "eu"))
    assert told_apart([us, eu, "openai/gpt-4.1"]) == {us: us, eu: eu, "openai/gpt-4.1": "gpt-4.1"}
