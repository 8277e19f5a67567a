"""Tokens of engines and agents, kept as hashes only."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from sightline.accounts import MachineToken
from sightline.exceptions import NotFound
from sightline.stores import schema
from sightline.stores.database import Database

__all__ = ["MachineTokens"]

_TOKENS = schema.machine_tokens.c
_NAME_OF = select(_TOKENS.name).where(_TOKENS.token_hash == bindparam("token_hash"))


class MachineTokens:
    """One token a name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, *, name: str, token_hash: str, now_ms: int) -> None:
        """Replaces the token of the same name; a token that had another name is that one's no more."""

        def write(connection: Connection) -> None:
            replaced = or_(_TOKENS.name == name, _TOKENS.token_hash == token_hash)
            connection.execute(delete(schema.machine_tokens).where(replaced))
            row = {"name": name, "token_hash": token_hash, "created_at_ms": now_ms}
            connection.execute(insert(schema.machine_tokens), row)

        await self._database.write(write)

    async def name_of(self, token_hash: str) -> str | None:
        """The name that this token is bound to, if it is known."""
        return await self._database.read(lambda c: c.execute(_NAME_OF, {"token_hash": token_hash}).scalar_one_or_none())

    async def list(self) -> list[MachineToken]:
        """All of them, by name."""
        query = select(_TOKENS.name, _TOKENS.created_at_ms).order_by(_TOKENS.name)
        return await self._database.read(
            lambda c: [MachineToken(row.name, row.created_at_ms) for row in c.execute(query)]
        )

    async def delete(self, name: str) -> None:
        """The token of this name is void. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            if connection.execute(delete(schema.machine_tokens).where(_TOKENS.name == name)).rowcount == 0:
                raise NotFound("engine", name)

        await self._database.write(write)
