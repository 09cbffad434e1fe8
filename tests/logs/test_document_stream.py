"""Documents of a text, whole or in pieces."""

import io

import pytest

from calculators.logs import document_stream
from calculators.logs.document_stream import DocumentTooLarge, documents


def read(text: str) -> list[object]:
    return list(documents(io.StringIO(text)))


@pytest.mark.parametrize("chunk_chars", [1, 7, 1_000_000])
def test_documents_however_they_are_separated(monkeypatch: pytest.MonkeyPatch, chunk_chars: int) -> None:
    monkeypatch.setattr(document_stream, "CHUNK_CHARS", chunk_chars)
    for text in ('{"a": 1}\n{"a": "}"}\n', '{"a": 1},{"a": "}"}', '[{"a": 1},\n {"a": "}"}]', '{\n"a":\n1}{"a": "}"}'):
        assert read(text) == [{"a": 1}, {"a": "}"}], text


def test_broken_object_is_told_and_text_is_passed_over() -> None:
    assert read('{"a": 1}\n{"a": oops}\nplain text\n{"a": 2}\n{"a"') == [{"a": 1}, None, {"a": 2}, None]


def test_object_behind_a_prefix_keeps_its_time() -> None:
    assert read('2026-10-05T09:00:00Z INFO {"a": 1}\n') == [{"a": 1, "prefix_time": "2026-10-05T09:00:00Z"}]


def test_a_line_may_hold_an_object_as_a_text() -> None:
    assert read('"{\\"a\\": 1}"\n"plain"\n"{oops}"\n') == [{"a": 1}]


def test_endless_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_stream, "MAX_DOCUMENT_CHARS", 100)
    monkeypatch.setattr(document_stream, "CHUNK_CHARS", 50)
    with pytest.raises(DocumentTooLarge):
        read('{"a": "' + "x" * 1_000 + '"}')


def test_a_document_of_more_values_than_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small documents one after the other are as many as they want to be."""
    monkeypatch.setattr(document_stream, "MAX_DOCUMENT_VALUES", 100)
    monkeypatch.setattr(document_stream, "CHUNK_CHARS", 300)
    assert len(read("{}\n" * 1_000)) == 1_000
    with pytest.raises(DocumentTooLarge):
        read('{"data": [' + "[]," * 500 + "[]]}")
