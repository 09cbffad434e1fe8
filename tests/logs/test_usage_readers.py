"""Readers before the one of request logs."""

from pathlib import Path

import pytest
from request_logs import ROWS, csv_text, write

from calculators.logs.containers import plain_file
from calculators.logs.request_log import LogFile
from calculators.logs.usage_files import read_sums, read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_readers import OpenLog, answers_for, doubt, open_log


class Doubtful:
    is_doubtful = True


def _log(role_of: dict[str, str] | None, *kept: object) -> OpenLog:
    return OpenLog(Path("log"), None, (), role_of, kept)


def test_a_plain_log_is_opened_as_it_is_and_is_no_file_of_sums(tmp_path: Path) -> None:
    path = write(tmp_path, csv_text(ROWS))
    log = open_log(plain_file(path, "log.csv"), "log.csv", UsageAnswers(), lambda _fraction, _text: None)
    assert log.path.read_text() == path.read_text()
    assert log.check.line_count == 4
    assert log.role_of is None
    assert read_sums(LogFile(plain_file(path, "log.csv"), "log.csv"), UsageAnswers()) is None


def test_a_rewritten_log_has_sure_roles() -> None:
    assert answers_for(_log({"input": "input"}), UsageAnswers()).input_excludes_cache is False
    assert answers_for(_log(None), UsageAnswers()) == UsageAnswers()


def test_a_doubtful_format_is_asked_about_until_answered() -> None:
    asked = doubt(_log({"input": "input"}, Doubtful()), UsageAnswers())
    assert [question.option for question in asked] == ["--input-excludes-cache yes|no"]
    assert doubt(_log(None, Doubtful()), UsageAnswers(input_excludes_cache=True)) == ()
    assert doubt(_log(None), UsageAnswers()) == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"data": ['
        + ", ".join(
            f'{{"created_at": 17900000{n}, "usage": {{"input_tokens": 5, "output_tokens": 2}}}}' for n in (10, 20)
        )
        + "]}",
        csv_text(["2026-10-01,5,2,9", "2026-10-02,5,2,9"], "date,input_tokens,output_tokens,requests"),
    ],
    ids=["nested records", "sums"],
)
def test_what_is_read_in_python_can_be_stopped(tmp_path: Path, text: str) -> None:
    def stop(_fraction: float, text: str) -> None:
        if text.startswith(("Reading records", "Reading rows")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_usage([write(tmp_path, text)], progress=stop)
