"""What is asked of rows that may say again what others say."""

import pytest

from calculators.logs.repeat_questions import copies_question, id_question, overlap_question, running_question
from calculators.logs.usage_questions import UsageQuestion


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (id_question(8, 2), ("each: 10 requests with an ID", "once: 8 requests, of each the last complete row")),
        (
            copies_question(5, 10),
            ("once: 5 requests, equal rows are copies", "each: 10 requests, equal rows are different requests"),
        ),
        (
            overlap_question(3, 10),
            ("once: 7 requests, the files overlap", "each: 10 requests, the rows are different requests"),
        ),
        (
            running_question(900, 4_500),
            (
                "running: 900 input tokens in all, each row the total so far",
                "each: 4,500 input tokens in all, each row a request of its own",
            ),
        ),
    ],
)
def test_each_answer_says_what_it_would_mean(question: UsageQuestion, answers: tuple[str, str]) -> None:
    assert question.answers == answers
    assert len(question.values) == len(answers)
    assert all(answer.startswith(str(value)) for answer, value in zip(answers, question.values, strict=True))
