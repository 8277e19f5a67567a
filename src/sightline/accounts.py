"""Who may do what: users, roles and the rights that a role carries.

Rights are checked on every request and every message; a role is the only thing that grants them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.exceptions import Forbidden

__all__ = ["RIGHTS", "MachineToken", "Right", "Role", "User", "require"]


class Role(enum.StrEnum):
    """What a user is here for. `machine` is for engines and agents, never for a person."""

    ADMIN = "admin"
    OPERATOR = "operator"
    RESPONDER = "responder"
    VIEWER = "viewer"
    MACHINE = "machine"


class Right(enum.StrEnum):
    """One thing that somebody may do."""

    SEE_ALERTS = "see_alerts"
    HANDLE_ALERTS = "handle_alerts"
    SEE_CAMERAS = "see_cameras"
    MANAGE_CAMERAS = "manage_cameras"
    SEE_PEOPLE = "see_people"
    MANAGE_PEOPLE = "manage_people"
    IDENTIFY = "identify"
    ANALYSE = "analyse"
    MANAGE_USERS = "manage_users"
    MANAGE_CHANNELS = "manage_channels"
    SEE_SYSTEM = "see_system"
    MANAGE_DUTY = "manage_duty"
    SNOOZE_ALERTS = "snooze_alerts"
    RUN_ENGINE = "run_engine"


_SEEING = frozenset({Right.SEE_ALERTS, Right.SEE_CAMERAS})

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right) - {Right.RUN_ENGINE},
    Role.OPERATOR: _SEEING
    | {
        Right.HANDLE_ALERTS,
        Right.SEE_PEOPLE,
        Right.MANAGE_PEOPLE,
        Right.IDENTIFY,
        Right.ANALYSE,
        Right.SEE_SYSTEM,
        Right.MANAGE_DUTY,
        Right.SNOOZE_ALERTS,
    },
    Role.RESPONDER: frozenset({Right.SEE_ALERTS, Right.HANDLE_ALERTS}),
    Role.VIEWER: _SEEING,
    Role.MACHINE: frozenset({Right.RUN_ENGINE}),
}
"""The rights of each role, whole."""


@dataclass(frozen=True, slots=True)
class User:
    """An account. `token_version` rises when the password or role changes, which ends every older token."""

    id: str
    name: str
    role: Role
    password_hash: str
    disabled: bool
    token_version: int
    created_at_ms: int

    def may(self, right: Right) -> bool:
        """Whether this user holds `right` now."""
        return not self.disabled and right in RIGHTS[self.role]


def require(user: User, right: Right) -> None:
    """Raises `Forbidden` unless `user` holds `right`."""
    if not user.may(right):
        raise Forbidden(f"the role {user.role.value!r} may not {right.value.replace('_', ' ')}")


@dataclass(frozen=True, slots=True)
class MachineToken:
    """That there is a token of this name; the token itself is shown once, and kept as a hash."""

    name: str
    created_at_ms: int
