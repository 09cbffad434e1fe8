"""Words of failures."""

import re

import pytest

from calculators.logs.failure_words import FAILED_PATTERN, NO_WORDS, YES_WORDS

BAD = (
    *(
        "Fehlgeschlagen",
        "abgebrochen (Zeitlimit)",
        "Échec",
        "annulé",
        "délai dépassé",
        "Fallido",
        "rechazado",
        "Fallito",
    ),
    *(
        "tempo scaduto",
        "Falha",
        "rejeitada",
        "Mislukt",
        "geannuleerd",
        "Błąd",
        "anulowano",
        "Misslyckades",
        "fel",
        "失败",
    ),
    *("超时", "エラー", "タイムアウト", "실패", "ошибка", "time-out", "blocked", "NOK"),
)
GOOD = (
    *("ok", "finished", "length", "content_filter", "tool_calls", "Erfolgreich", "abgeschlossen", "Réussi", "succès"),
    *("Exitoso", "correcto", "Riuscito", "Concluído", "Sucesso", "Geslaagd", "zakończono", "lyckad", "成功", "完成"),
    *("allowed", "pending", "info", "fallback", "max_tokens", "default"),
)


@pytest.mark.parametrize(("words", "is_bad"), [(BAD, True), (GOOD, False)])
def test_failures_are_told_in_each_language(words: tuple[str, ...], is_bad: bool) -> None:
    assert [word for word in words if bool(re.search(FAILED_PATTERN, word.lower())) != is_bad] == []


def test_no_word_means_yes_and_no() -> None:
    assert not set(YES_WORDS) & set(NO_WORDS)
