"""What is asked of rows that may say again what others say, with what each answer would mean."""

from calculators.logs.usage_questions import UsageQuestion
from calculators.units import count, plural


def id_question(id_count: int, extra_count: int) -> UsageQuestion:
    """Whether rows that share an ID and differ in their input are one request."""
    return UsageQuestion(
        text="Several rows share an ID and differ in their input. Is each row a request of its own?",
        answers=(
            f"each: {plural(id_count + extra_count, 'request')} with an ID",
            f"once: {plural(id_count, 'request')}, of each the last complete row",
        ),
        option="--repeated-ids each|once",
        field="repeated_ids",
        values=("each", "once"),
    )


def copies_question(group_count: int, row_count: int) -> UsageQuestion:
    """Whether equal rows without an ID are copies."""
    return UsageQuestion(
        text="Many rows are there more than once, and the log has no request ID. Are they copies?",
        answers=(
            f"once: {plural(group_count, 'request')}, equal rows are copies",
            f"each: {plural(row_count, 'request')}, equal rows are different requests",
        ),
        option="--repeated-rows once|each",
        field="repeated_rows",
        values=("once", "each"),
    )


def overlap_question(extra_count: int, row_count: int) -> UsageQuestion:
    """Whether rows without an ID that stand in several files are one request each."""
    return UsageQuestion(
        text=f"{plural(extra_count, 'row')} without a request ID are in more than one file. Do the files overlap?",
        answers=(
            f"once: {plural(row_count - extra_count, 'request')}, the files overlap",
            f"each: {plural(row_count, 'request')}, the rows are different requests",
        ),
        option="--repeated-rows once|each",
        field="repeated_rows",
        values=("once", "each"),
    )


def running_question(last_tok: int, sum_tok: int) -> UsageQuestion:
    """Whether counts that only grow are totals so far, or tokens of one request each."""
    return UsageQuestion(
        text="Input and output tokens grow from row to row and never fall. Are they running totals?",
        answers=(
            f"running: {count(last_tok)} input tokens in all, each row the total so far",
            f"each: {count(sum_tok)} input tokens in all, each row a request of its own",
        ),
        option="--counts running|each",
        field="counts",
        values=("running", "each"),
    )


def steps_question(step_count: int, tokens: tuple[float, float]) -> UsageQuestion:
    """Whether steps with tokens repeat those of calls, where nothing links the two."""
    text = f"{plural(step_count, 'step')} of traces (agents, chains or tools) {'has' if step_count == 1 else 'have'} tokens, and no ID links"
    return UsageQuestion(
        text=f"{text} them to calls of a model. Do the steps repeat the tokens of the calls?",
        answers=(
            "once: they repeat them, only the calls count",
            f"each: each step is a request of its own, {count(tokens[0])} input and {count(tokens[1])} output tokens more",
        ),
        option="--steps once|each",
        field="steps",
        values=("once", "each"),
    )
