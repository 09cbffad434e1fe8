"""Names that most logs share."""

from calculators.logs import usage_format


def test_no_common_name_is_given_twice() -> None:
    for text in (*usage_format.COMMON.values(), usage_format.STATUSES, usage_format.KINDS, usage_format.ERRORS):
        names = [name.strip() for name in text.split("|")]
        assert len(names) == len(set(names))
