"""Which engine reads which camera, of all gateways: decided in one transaction by whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, or_, select, text

from sightline.decisions.camera_shares import Seat, share_cameras
from sightline.stores import schema
from sightline.stores.database import Database

__all__ = ["CameraLeases", "Shares"]

_LEASES = schema.camera_leases.c
_SEATS = schema.engine_seats.c

_TAKE = text(
    "INSERT INTO camera_leases (camera_id, holder, until_ms) VALUES (:camera_id, :holder, :until_ms) "
    "ON CONFLICT (camera_id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms "
    "WHERE camera_leases.holder = excluded.holder OR camera_leases.until_ms <= :now_ms"
)
_SIT = text(
    "INSERT INTO engine_seats (holder, gateway_id, capacity, until_ms) "
    "VALUES (:holder, :gateway_id, :capacity, :until_ms) "
    "ON CONFLICT (holder) DO UPDATE SET gateway_id = excluded.gateway_id, capacity = excluded.capacity, "
    "until_ms = excluded.until_ms"
)
_SEATED = select(_SEATS.holder, _SEATS.capacity)
_HELD = select(_LEASES.camera_id, _LEASES.holder, _LEASES.until_ms).where(_LEASES.until_ms > bindparam("now_ms"))


@dataclass(frozen=True, slots=True)
class Shares:
    """The cameras of each holder that was asked for; `waiting` are theirs by right and still another's by lease, of
    which the first ends at `again_at_ms`."""

    cameras: dict[str, frozenset[str]]
    waiting: frozenset[str]
    again_at_ms: int | None


class CameraLeases:
    """A lease ends at its time unless it is renewed, released, or taken by its own holder anew."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agree(
        self, gateway_id: str, seats: Sequence[Seat], cameras: Sequence[str], *, may_give: bool, now_ms: int,
        length_ms: int,
    ) -> Shares:  # fmt: skip
        """Divides the cameras among the engines of all gateways, of which `seats` are those of this one; gives these
        what is theirs and free, unless `may_give` forbids it. What is a lease of theirs and another's share is in
        nobody's cameras: it is to be let go of."""

        def write(connection: Connection) -> Shares:
            _sit(connection, gateway_id, seats, now_ms, now_ms + length_ms)
            everybody = [Seat(row.holder, row.capacity) for row in connection.execute(_SEATED)]
            leases = {row.camera_id: row for row in connection.execute(_HELD, {"now_ms": now_ms})}
            held = {camera: row.holder for camera, row in leases.items()}
            given: dict[str, set[str]] = {seat.holder: set() for seat in seats}
            waiting: set[str] = set()
            taken: list[tuple[str, str]] = []
            for camera, holder in share_cameras(cameras, everybody, held).items():
                if holder not in given:
                    continue
                if camera not in held and may_give:
                    taken.append((camera, holder))
                elif held.get(camera) != holder:
                    waiting.add(camera)
                    continue
                given[holder].add(camera)
            _take(connection, taken, now_ms, now_ms + length_ms)
            ends = [leases[camera].until_ms for camera in waiting if camera in leases]
            return Shares(
                {holder: frozenset(theirs) for holder, theirs in given.items()}, frozenset(waiting),
                min(ends, default=None),
            )  # fmt: skip

        return await self._database.write(write)

    async def renew(self, holder: str, cameras: Collection[str], *, now_ms: int, length_ms: int) -> None:
        """The holder reads these now: its leases and its seat begin anew, and what of these is free is its own."""
        until_ms = now_ms + length_ms

        def write(connection: Connection) -> None:
            _take(connection, [(camera, holder) for camera in sorted(cameras)], now_ms, until_ms)
            connection.execute(
                schema.engine_seats.update().where(_SEATS.holder == holder).values(until_ms=until_ms)
            )

        await self._database.write(write)

    async def release(self, holder: str, cameras: Collection[str] | None = None) -> None:
        """The holder has let go of these; without `cameras`, of everything, its seat as well."""

        def write(connection: Connection) -> None:
            statement = delete(schema.camera_leases).where(_LEASES.holder == holder)
            if cameras is None:
                connection.execute(delete(schema.engine_seats).where(_SEATS.holder == holder))
            else:
                statement = statement.where(_LEASES.camera_id.in_(list(cameras)))
            connection.execute(statement)

        await self._database.write(write)

    async def holders(self, now_ms: int) -> dict[str, str]:
        """Who holds each camera now."""
        return await self._database.read(
            lambda c: {row.camera_id: row.holder for row in c.execute(_HELD, {"now_ms": now_ms})}
        )


def _sit(connection: Connection, gateway_id: str, seats: Sequence[Seat], now_ms: int, until_ms: int) -> None:
    """The seats of this gateway are these and no others; those of others are gone when nothing is heard of them."""
    mine = [seat.holder for seat in seats]
    left = (_SEATS.gateway_id == gateway_id) & _SEATS.holder.not_in(mine)
    connection.execute(delete(schema.engine_seats).where(or_(left, _SEATS.until_ms <= now_ms)))
    rows = [
        {"holder": seat.holder, "gateway_id": gateway_id, "capacity": seat.capacity, "until_ms": until_ms}
        for seat in seats
    ]
    if rows:
        connection.execute(_SIT, rows)


def _take(connection: Connection, taken: Sequence[tuple[str, str]], now_ms: int, until_ms: int) -> None:
    """Cameras and their holders, all at once: thousands are given when a cluster starts, and nobody else can write."""
    rows = [
        {"camera_id": camera, "holder": holder, "until_ms": until_ms, "now_ms": now_ms} for camera, holder in taken
    ]
    if rows:
        connection.execute(_TAKE, rows)
