from __future__ import annotations

import itertools

import pytest

from sightline.accounts import RIGHTS, Right, Role, User, require
from sightline.deliveries.audience import tags_of
from sightline.exceptions import Forbidden


def user(role: Role, *, disabled: bool = False) -> User:
    return User("7", "olga", role, "", disabled, 0, 0)


@pytest.mark.parametrize(("role", "right"), list(itertools.product(Role, Right)))
def test_a_role_grants_its_rights_and_no_other(role: Role, right: Right) -> None:
    assert user(role).may(right) is (right in RIGHTS[role])
    assert not user(role, disabled=True).may(right)
    if right in RIGHTS[role]:
        require(user(role), right)
    else:
        with pytest.raises(Forbidden, match=role.value):
            require(user(role), right)


def test_only_machines_run_engines_and_machines_do_nothing_else() -> None:
    assert {role for role in Role if Right.RUN_ENGINE in RIGHTS[role]} == {Role.MACHINE}
    assert RIGHTS[Role.MACHINE] == {Right.RUN_ENGINE}
    assert RIGHTS[Role.ADMIN] == set(Right) - {Right.RUN_ENGINE}


def test_less_responsibility_is_less_right() -> None:
    assert RIGHTS[Role.VIEWER] < RIGHTS[Role.OPERATOR] < RIGHTS[Role.ADMIN]
    assert RIGHTS[Role.RESPONDER] < RIGHTS[Role.OPERATOR]


def test_tags_say_who_is_told() -> None:
    assert tags_of(user(Role.OPERATOR), "frontend") == {"user:7", "role:operator", "type:frontend"}
    assert tags_of(user(Role.OPERATOR)) == {"user:7", "role:operator"}
    assert tags_of(user(Role.MACHINE), "ai_engine") == frozenset()
    assert tags_of(user(Role.ADMIN, disabled=True)) == frozenset()
