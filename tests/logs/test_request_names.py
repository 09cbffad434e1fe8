"""The tables of names."""

from calculators.logs.request_columns import normalised
from calculators.logs.request_names import EXTRA_ROLES, GROUP_ROLES, MARK_ROLES, NAMES, ROLES, TOKEN_ROLES


def test_every_role_has_names_in_the_form_they_are_compared_in() -> None:
    assert set(NAMES) == {*ROLES, *EXTRA_ROLES, *MARK_ROLES, *GROUP_ROLES}
    assert all(name == normalised(name) for names in NAMES.values() for name in names)


def test_no_name_means_two_token_columns() -> None:
    names = [name for role in TOKEN_ROLES for name in NAMES[role]]
    assert len(names) == len(set(names))


def test_no_name_of_a_group_is_one_of_a_person() -> None:
    names = [name for role in GROUP_ROLES for name in NAMES[role]]
    assert not [name for name in names if "email" in name or name in ("user", "userid", "enduser", "username")]
