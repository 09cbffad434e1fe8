"""Questions and answers."""

from calculators.logs.usage_questions import UsageAnswers, UsageQuestion


def test_an_answer_goes_into_the_field_of_its_question() -> None:
    asked = UsageQuestion("?", ("yes", "no"), "--input-excludes-cache yes|no", "input_excludes_cache", (True, False))
    assert UsageAnswers().with_answer(asked, False).input_excludes_cache is False


def test_answers_about_columns_add_up() -> None:
    asked = UsageQuestion("?", ("a", "b"), "--map input=COLUMN", "column_of", (("input", "a"), ("input", "b")))
    answers = UsageAnswers(column_of={"time": "at"}).with_answer(asked, ("input", "b"))
    assert answers.column_of == {"time": "at", "input": "b"}


def test_known_roles_settle_what_the_tokens_mean() -> None:
    answers = UsageAnswers().with_roles({"input": "input"})
    assert (answers.input_excludes_cache, answers.output_includes_reasoning) == (False, False)
