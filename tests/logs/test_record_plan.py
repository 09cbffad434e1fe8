"""Which path means what."""

from calculators.logs.record_plan import Places, plan_of


def test_least_nested_and_side_by_side() -> None:
    plan = plan_of((("a", "input_tokens"), ("a", "output_tokens"), ("a", "b", "input_tokens"), ("output_tokens",)))
    assert plan is not None
    assert (plan.input, plan.output) == ((("a", "input_tokens"),), (("a", "output_tokens"),))


def test_input_alone_is_no_request() -> None:
    assert plan_of((("input_tokens",), ("time",))) is None


def test_sums_alternatives_and_stars() -> None:
    places = Places((("u", "input"), ("u", "input_cached"), ("u", "output"), ("b",)))
    assert places.sums("x | b") == (("b",),)
    assert places.sums("u.input + b + x") == (("u", "input"), ("b",))
    assert places.sums("u.*input* + u.*cached*") == (("u", "input"), ("u", "input_cached"))


def test_name_as_written() -> None:
    assert Places((("a", "b_c"),)).one("=a.b.c") == []
    assert Places((("x", "a", "b", "c"),)).one("=a.b.c") == [("x", "a", "b", "c")]
