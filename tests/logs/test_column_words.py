"""Names of columns by their words."""

import pytest

from calculators.logs.column_words import (
    cost_kind,
    failure_sign,
    header_offset_s,
    is_gateway_flag,
    period_name,
    plain_role,
    split_unit,
    time_rank,
    token_role,
    without_kind,
    words_of,
)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("# of prompt tokens used", "input"),
        ("Eingabetoken", "input"),
        ("Eingabe-Token (ohne Cache)", "uncached"),
        ("Eingabe-Token (Cache-Schreiben)", "cache_write"),
        ("non_cached_input_tokens", "uncached"),
        ("Jetons en cache", "cache_read"),
        ("Davon gecacht", "cache_read"),
        ("davon aus Cache", "cache_read"),
        ("其中缓存", "cache_read"),
        ("缓存命中", "cache_read"),
        ("缓存命中率", None),
        ("缓存命中token数", "cache_read"),
        ("输入token数", "input"),
        ("Tokeny wyjściowe", "output"),
        ("出力トークン数", "output"),
        ("thinkingTokens", "reasoning"),
        ("total_tokens", None),
        ("max_tokens", None),
        ("input_audio_tokens", None),
        ("context_usage", None),
        ("response", None),
        ("cache_hit_rate", None),
        ("tokens_per_second", None),
    ],
)
def test_roles_of_tokens(name: str, role: str | None) -> None:
    assert token_role(name) == role


def test_words_are_split_and_put_into_english() -> None:
    assert words_of("promptTokensUsed") == ("prompt", "tokens", "used")
    assert words_of("Modèle") == ("model",)


def test_the_start_of_a_request_names_its_time_better_than_the_end() -> None:
    assert [time_rank(name) for name in ("requested_at", "logged time", "finished_at")] == [0, 2, 2]
    assert [time_rank(name) for name in ("response_time", "time_to_first_token", "timezone", "cost")] == [None] * 4


def test_periods_money_models_and_counts() -> None:
    assert [period_name(name) for name in ("Datum", "Usage month", "Zeit", "cost")] == ["date", "month", "time", None]
    names = ("Modell", "API requests", "request_count", "Total Tokens (Sum)", "Total cost (USD)", "input tokens")
    assert [plain_role(name) for name in names] == ["model", None, "requests", "total", "cost", None]


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("errmsg", "error"),
        ("errorcode", "error"),
        ("has_error", "error"),
        ("issuccess", "good"),
        ("Result Code", "status"),
        ("exit_code", "code"),
        ("error_rate", None),
        *(
            (name, "status")
            for name in ("Ergebnis", "État", "Esito", "Situação", "Wynik", "Tillstånd", "状态码", "結果")
        ),
        *((name, "error") for name in ("Fehlermeldung", "erro", "Błąd", "fout", "エラー")),
        ("erfolgreich", "good"),
        ("cache_status", None),
        ("status_url", None),
        ("model", None),
    ],
)
def test_signs_of_failures(name: str, sign: str | None) -> None:
    assert failure_sign(name) == sign


def test_costs_of_one_kind_of_tokens() -> None:
    names = ("prompt_cost_usd", "completion_cost", "cache_read_cost", "total_cost", "input_price", "cost_per_query")
    assert [cost_kind(name) for name in names] == ["input", "output", "cache_read", None, None, None]
    assert without_kind("Input cost (cents)") == "cost cents"


def test_flags_of_a_gateways_cache() -> None:
    assert [is_gateway_flag(name) for name in ("semantic_cache", "source", "cache_key", "cached_tokens")] == [
        True,
        True,
        False,
        False,
    ]


def test_units_and_zones_of_headers() -> None:
    assert split_unit("Input tokens (k)") == ("Input tokens", 1e3)
    assert split_unit("Tokens in millions") == ("Tokens", 1e6)
    assert split_unit("input_ktokens") == ("input", 1e3)
    assert split_unit("cached mtok") == ("cached", 1e6)
    assert split_unit("Duration (m)") == ("Duration (m)", 1.0)
    assert [header_offset_s(name) for name in ("Time (UTC+02:00)", "Time (UTC-3:30)", "Time (UTC)")] == [
        7_200,
        -12_600,
        0,
    ]
