"""What REST takes and gives about accounts and signing in. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from sightline.accounts import RIGHTS, Role, User
from sightline.gateway.web.resources import Body, Password

__all__ = [
    "NewUser",
    "PasswordChange",
    "SignedIn",
    "UserChange",
    "UserOut",
    "WhoAmI",
]


class WhoAmI(BaseModel):
    """The user who asks, and what they may do."""

    id: str
    name: str
    role: Role
    rights: list[str]

    @classmethod
    def of(cls, user: User) -> WhoAmI:
        return cls(id=user.id, name=user.name, role=user.role, rights=sorted(RIGHTS[user.role]))


class SignedIn(BaseModel):
    """An access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    user: WhoAmI


class UserOut(BaseModel):
    """An account as administrators see it."""

    id: str
    name: str
    role: Role
    disabled: bool
    created_at: int

    @classmethod
    def of(cls, user: User) -> UserOut:
        return cls(id=user.id, name=user.name, role=user.role, disabled=user.disabled, created_at=user.created_at_ms)


class NewUser(Body):
    """An account to make."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.@+-]{1,64}$")]
    role: Literal[Role.ADMIN, Role.OPERATOR, Role.RESPONDER, Role.VIEWER] = Role.OPERATOR
    password: Password


class UserChange(Body):
    """What of an account may be changed."""

    role: Literal[Role.ADMIN, Role.OPERATOR, Role.RESPONDER, Role.VIEWER] | None = None
    disabled: bool | None = None


class PasswordChange(Body):
    """A new password; one's own needs the current one."""

    password: Password
    current: str | None = None
