"""Accounts of people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from sightline.accounts import Role, User
from sightline.exceptions import Conflict, NotFound
from sightline.stores import push_subscriptions, schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.names import name_key

__all__ = ["Users"]

_USERS = schema.users.c
_ALL = select(schema.users).order_by(_USERS.name_key)
_BY_ID = select(schema.users).where(_USERS.id == bindparam("user_id"))
_BY_NAME = select(schema.users).where(_USERS.name_key == bindparam("key"))
_OTHER_ADMINISTRATORS = select(func.count()).where(
    _USERS.role == Role.ADMIN.value, _USERS.disabled.is_(False), _USERS.id != bindparam("user_id")
)


class Users:
    """Names are unique without regard to case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> list[User]:
        """Everybody, by name."""
        return await self._database.read(lambda c: [_user(row) for row in c.execute(_ALL).mappings()])

    async def get(self, user_id: str) -> User:
        """Raises `NotFound`."""
        return await self._database.read(lambda c: _get(c, user_id))

    async def by_name(self, name: str) -> User | None:
        """The user of this name, if there is one."""

        def find(connection: Connection) -> User | None:
            row = connection.execute(_BY_NAME, {"key": name_key(name)}).mappings().one_or_none()
            return _user(row) if row is not None else None

        return await self._database.read(find)

    async def create(self, *, name: str, role: Role, password_hash: str, now_ms: int) -> User:
        """Raises `Conflict` when the name is taken."""
        user = User(new_id(now_ms), name, role, password_hash, False, 1, now_ms)

        def write(connection: Connection) -> User:
            if connection.execute(_BY_NAME, {"key": name_key(name)}).first() is not None:
                raise Conflict(f"there is a user named {name!r} already: choose another name")
            connection.execute(insert(schema.users), _row(user))
            return user

        return await self._database.write(write)

    async def set_password(self, user_id: str, password_hash: str) -> User:
        """Also raises `token_version`. Raises `NotFound`."""
        return await self._database.write(lambda c: _change(c, user_id, password_hash=password_hash))

    async def update(self, user_id: str, *, role: Role | None = None, disabled: bool | None = None) -> User:
        """Also raises `token_version` when anything changed.

        Raises `NotFound`, and `Conflict` when no enabled administrator would be left.
        """

        def write(connection: Connection) -> User:
            user = _get(connection, user_id)
            wanted = (user.role if role is None else role, user.disabled if disabled is None else disabled)
            if wanted == (user.role, user.disabled):
                return user
            if wanted != (Role.ADMIN, False):
                _check_not_last(connection, user)
            return _change(connection, user_id, role=wanted[0].value, disabled=wanted[1])

        return await self._database.write(write)

    async def delete(self, user_id: str) -> None:
        """With their devices' cursors and their duty. Raises `NotFound`, and `Conflict` for the last administrator."""

        def write(connection: Connection) -> None:
            _check_not_last(connection, _get(connection, user_id))
            for table in (schema.cursors, schema.duty_rosters, schema.duty_switches):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            push_subscriptions.forget_user(connection, user_id)
            connection.execute(delete(schema.users).where(_USERS.id == user_id))

        await self._database.write(write)


def _get(connection: Connection, user_id: str) -> User:
    row = connection.execute(_BY_ID, {"user_id": user_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("user", user_id)
    return _user(row)


def _change(connection: Connection, user_id: str, **values: Any) -> User:
    connection.execute(
        update(schema.users).where(_USERS.id == user_id).values(token_version=_USERS.token_version + 1, **values)
    )
    return _get(connection, user_id)


def _check_not_last(connection: Connection, user: User) -> None:
    if user.role is not Role.ADMIN or user.disabled:
        return
    if connection.execute(_OTHER_ADMINISTRATORS, {"user_id": user.id}).scalar_one() == 0:
        raise Conflict(f"{user.name!r} is the last administrator: make somebody else one first")


def _user(row: RowMapping) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        password_hash=row["password_hash"],
        disabled=row["disabled"],
        token_version=row["token_version"],
        created_at_ms=row["created_at_ms"],
    )


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "name_key": name_key(user.name),
        "role": user.role.value,
        "password_hash": user.password_hash,
        "disabled": user.disabled,
        "token_version": user.token_version,
        "created_at_ms": user.created_at_ms,
    }
