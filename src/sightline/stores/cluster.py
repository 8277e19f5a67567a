"""Rows through which the gateways of one database hear of each other.

A bulletin is written like everything else, so the numbers of two are in the order of their commits: of two gateways
that say contrary things, every gateway knows which came last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from sightline.deliveries.cluster import Bulletin, ClusterLook, PeerRow
from sightline.stores import log, schema
from sightline.stores.database import Database

__all__ = ["Cluster"]

_GATEWAYS = schema.gateways.c
_BULLETINS = schema.bulletins.c
_CHORES = schema.chores.c
_TICKETS = schema.shared_tickets.c

_BEAT = text("UPDATE gateways SET beat = :beat, seen_at_ms = :now_ms WHERE id = :id")
_SHOW = text(
    "INSERT INTO gateways (id, beat, version, seen_at_ms, presence) VALUES (:id, :beat, :beat, :now_ms, :presence) "
    "ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, version = excluded.version, "
    "seen_at_ms = excluded.seen_at_ms, presence = excluded.presence"
)
_CLAIM_CHORE = text(
    "INSERT INTO chores (name, gateway_id, until_ms) VALUES (:name, :gateway_id, :until_ms) "
    "ON CONFLICT (name) DO UPDATE SET gateway_id = excluded.gateway_id, until_ms = excluded.until_ms "
    "WHERE chores.gateway_id = excluded.gateway_id OR chores.until_ms <= :now_ms"
)
_OTHERS = select(_GATEWAYS.id, _GATEWAYS.beat, _GATEWAYS.version).where(_GATEWAYS.id != bindparam("gateway_id"))
_PRESENCE = select(_GATEWAYS.presence).where(_GATEWAYS.id == bindparam("gateway_id"))
_SINCE = (
    select(_BULLETINS.number, _BULLETINS.gateway_id, _BULLETINS.kind, _BULLETINS.data)
    .where(_BULLETINS.number > bindparam("after"))
    .order_by(_BULLETINS.number)
)
_NEWEST = select(func.max(_BULLETINS.number))


class Cluster:
    """Who else there is, and what they said. With one gateway alone it is never asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may be on this database at all."""
        return self._database.is_shared

    async def beat(self, gateway_id: str, beat: int, presence: bytes | None, *, now_ms: int) -> bool:
        """The gateway lives, and this is how things are with it; `None` for as before. False when nothing is known of
        before: then all of it is to be said again."""
        row = {"id": gateway_id, "beat": beat, "now_ms": now_ms}
        if presence is None:
            return await self._database.write(lambda c: c.execute(_BEAT, row).rowcount > 0)
        shown = row | {"presence": presence}
        return await self._database.write(lambda c: c.execute(_SHOW, shown).rowcount > 0)

    async def leave(self, gateway_id: str) -> None:
        """The gateway ends: nobody waits for its beats, or for what it had taken upon itself."""

        def write(connection: Connection) -> None:
            connection.execute(delete(schema.gateways).where(_GATEWAYS.id == gateway_id))
            connection.execute(delete(schema.chores).where(_CHORES.gateway_id == gateway_id))

        await self._database.write(write)

    async def look(self, after: int) -> ClusterLook:
        """How things stand now, with every bulletin after the one of that number."""

        def read(connection: Connection) -> ClusterLook:
            return ClusterLook(
                top=log.top(connection),
                bulletins=tuple(Bulletin(*row) for row in connection.execute(_SINCE, {"after": after})),
            )

        return await self._database.read(read)

    async def peers(self, gateway_id: str, known: Mapping[str, int]) -> list[PeerRow]:
        """The rows of the other gateways; without their presence where `known` has its version."""

        def read(connection: Connection) -> list[PeerRow]:
            rows = connection.execute(_OTHERS, {"gateway_id": gateway_id}).all()
            return [
                PeerRow(
                    row.id, row.beat, row.version,
                    None
                    if known.get(row.id) == row.version
                    else connection.execute(_PRESENCE, {"gateway_id": row.id}).scalar_one(),
                )
                for row in rows
            ]  # fmt: skip

        return await self._database.read(read)

    def on_hint(self, look: Callable[[], None]) -> None:
        """From now on calls `look` on the event loop when there is something to look at; it may be missed."""
        self._database.listen(look)

    async def post(self, gateway_id: str, said: Iterable[tuple[str, Mapping[str, Any]]], *, now_ms: int) -> list[int]:
        """Tells every gateway, in this order; returns the numbers. `said` is gone through, in the writing thread, once
        no other gateway can get in between."""

        def write(connection: Connection) -> list[int]:
            numbers = []
            for kind, data in said:
                row = {"at_ms": now_ms, "gateway_id": gateway_id, "kind": kind, "data": dict(data)}
                key = connection.execute(insert(schema.bulletins), row).inserted_primary_key
                assert key is not None  # an insert of one row always has one
                numbers.append(int(key[0]))
            self._database.hint_with(connection)
            return numbers

        return await self._database.write(write)

    async def newest(self) -> int:
        """The number of the last bulletin; 0 where there is none."""
        return await self._database.read(lambda c: c.execute(_NEWEST).scalar_one() or 0)

    async def forget(self, before_ms: int) -> list[str]:
        """Forgets bulletins, tickets, and gateways that were last heard of before then; returns those gateways."""

        def write(connection: Connection) -> list[str]:
            gone = list(connection.execute(select(_GATEWAYS.id).where(_GATEWAYS.seen_at_ms < before_ms)).scalars())
            connection.execute(delete(schema.gateways).where(_GATEWAYS.seen_at_ms < before_ms))
            newest = connection.execute(_NEWEST).scalar_one() or 0
            connection.execute(
                delete(schema.bulletins).where(_BULLETINS.at_ms < before_ms, _BULLETINS.number < newest)
            )
            connection.execute(delete(schema.shared_tickets).where(_TICKETS.until_ms < before_ms))
            return gone

        return await self._database.write(write)

    async def claim_chore(self, name: str, gateway_id: str, *, now_ms: int, until_ms: int) -> bool:
        """Whether this gateway is the one to do it until then. Whoever has it already may go on."""
        row = {"name": name, "gateway_id": gateway_id, "now_ms": now_ms, "until_ms": until_ms}
        return await self._database.write(lambda c: c.execute(_CLAIM_CHORE, row).rowcount > 0)

    async def keep_ticket(self, digest: str, claims: Mapping[str, Any], *, until_ms: int) -> None:
        """A ticket was given out."""
        row = {"digest": digest, "claims": dict(claims), "until_ms": until_ms}
        await self._database.write(lambda c: c.execute(insert(schema.shared_tickets), row).rowcount)

    async def redeem_ticket(self, digest: str, *, now_ms: int) -> Mapping[str, Any] | None:
        """What a ticket stands for, once; `None` when it was used, is too old or was never given out."""

        def write(connection: Connection) -> Mapping[str, Any] | None:
            query = select(_TICKETS.claims).where(_TICKETS.digest == digest, _TICKETS.until_ms > now_ms)
            claims: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
            if claims is not None:
                connection.execute(delete(schema.shared_tickets).where(_TICKETS.digest == digest))
            return claims

        return await self._database.write(write)
