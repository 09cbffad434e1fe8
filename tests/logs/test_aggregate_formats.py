"""What the names of an export tell."""

from calculators.logs.aggregate_formats import known_format, may_be_sums


def test_a_request_log_is_no_export_of_sums() -> None:
    for names in ("timestamp inputtokens outputtokens model", "timestamp contexttokens generatedtokens"):
        assert known_format(frozenset(names.split())) is None
        assert not may_be_sums(frozenset(names.split()))
    assert may_be_sums(frozenset(["hour", "requestcount", "inputtokens", "outputtokens"]))
