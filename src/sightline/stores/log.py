"""The alert log: appended in the transaction that changes an alert, read by offset.

Offsets rise by commit and are never used twice, not even after pruning: one transaction writes at a time, and an offset
is one more than the last (SQLite counts by itself; a sequence of PostgreSQL would leave holes where a work was undone).
What is kept is always one unbroken range: (floor, top].
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, cast, delete, func, insert, select, text

from sightline.deliveries.entry import Cursor, Entry, EntryKind, LogBounds
from sightline.stores import meta, schema
from sightline.stores.database import Database

__all__ = ["Log", "append", "bounds", "top"]

_ENTRIES = schema.log_entries.c
_CURSORS = schema.cursors.c

_APPEND = insert(schema.log_entries)
_HIGHEST = select(func.max(_ENTRIES.offset))
_APPEND_NEXT = insert(schema.log_entries).values(
    offset=func.coalesce(
        _HIGHEST.scalar_subquery(),
        select(cast(schema.meta.c.value, BigInteger)).where(schema.meta.c.key == meta.LOG_FLOOR).scalar_subquery(),
    )
    + 1
)
_PAGE = (
    select(schema.log_entries)
    .where(_ENTRIES.offset > bindparam("after"))
    .order_by(_ENTRIES.offset)
    .limit(bindparam("count"))
)
_FIRST_KEPT = select(_ENTRIES.offset).where(_ENTRIES.at_ms >= bindparam("before_ms")).order_by(_ENTRIES.offset).limit(1)
_PRUNE = delete(schema.log_entries).where(_ENTRIES.offset <= bindparam("floor"))
_CURSOR = select(_CURSORS.epoch, _CURSORS.offset).where(
    _CURSORS.user_id == bindparam("user"), _CURSORS.device == bindparam("of_device")
)
_ADVANCE = text(
    'INSERT INTO cursors (user_id, device, epoch, "offset", updated_at_ms) '
    "VALUES (:user_id, :device, :epoch, :offset, :now_ms) "
    "ON CONFLICT (user_id, device) DO UPDATE "
    'SET epoch = excluded.epoch, "offset" = excluded."offset", updated_at_ms = excluded.updated_at_ms '
    'WHERE cursors.epoch <> excluded.epoch OR cursors."offset" < excluded."offset"'
)
"""Moves a device's cursor, or makes it; never backwards within an epoch."""

Expire = Callable[[Connection, int, int], None]
"""Expires the alerts that are open and whose first entry is at or below an offset, at a given time."""


def append(
    connection: Connection, kind: EntryKind, alert_id: str, *, at_ms: int, audience: Collection[str],
    data: Mapping[str, Any],
) -> int:  # fmt: skip
    """Writes an entry and returns its offset."""
    row = {
        "at_ms": at_ms, "kind": kind.value, "alert_id": alert_id, "audience": sorted(audience), "data": dict(data),
    }  # fmt: skip
    if connection.dialect.name == "postgresql":
        return int(connection.execute(_APPEND_NEXT.returning(_ENTRIES.offset), row).scalar_one())
    key = connection.execute(_APPEND, row).inserted_primary_key
    assert key is not None  # an insert of one row always has one
    return int(key[0])


def top(connection: Connection) -> int:
    """The highest offset that was ever given; 0 before the first."""
    highest = connection.execute(_HIGHEST).scalar_one()
    return int(highest) if highest is not None else int(meta.get(connection, meta.LOG_FLOOR))


def bounds(connection: Connection) -> LogBounds:
    """Epoch, floor and top of one moment."""
    return LogBounds(
        epoch=meta.get(connection, meta.EPOCH),
        floor=int(meta.get(connection, meta.LOG_FLOOR)),
        top=top(connection),
    )


class Log:
    """The log and the cursors of its readers."""

    def __init__(self, database: Database, expire: Expire) -> None:
        self._database = database
        self._expire = expire

    async def bounds(self) -> LogBounds:
        """The log's epoch, floor and top."""
        return await self._database.read(bounds)

    async def page(self, after: int, limit: int) -> Sequence[Entry]:
        """Entries with `offset > after`, in order, at most `limit`."""
        parameters = {"after": after, "count": limit}
        return await self._database.read(lambda c: [_entry(row) for row in c.execute(_PAGE, parameters).mappings()])

    async def prune(self, before_ms: int) -> int:
        """Forgets the oldest entries, up to the first that is not older than `before_ms`; returns how many.

        Alerts of those entries that are still open become `expired` first, at the time `before_ms`; their expiry is an
        entry of its own at the top. The floor rises to the last offset forgotten. Should the clock have jumped
        back, entries behind a younger one wait for it: what is kept has no holes.
        """

        def write(connection: Connection) -> int:
            first_kept = connection.execute(_FIRST_KEPT, {"before_ms": before_ms}).scalar_one_or_none()
            floor = top(connection) if first_kept is None else first_kept - 1
            if floor <= int(meta.get(connection, meta.LOG_FLOOR)):
                return 0
            self._expire(connection, floor, before_ms)
            meta.put(connection, meta.LOG_FLOOR, str(floor))
            return connection.execute(_PRUNE, {"floor": floor}).rowcount

        return await self._database.write(write)

    async def cursor(self, user_id: str, device: str) -> Cursor | None:
        """Where a device stands, if it is known."""
        return await self._database.read(lambda c: _cursor(c, user_id, device))

    async def advance(self, cursors: Mapping[tuple[str, str], Cursor], *, now_ms: int) -> None:
        """Moves the cursors of devices, by user and device; never backwards within an epoch."""
        rows = [
            {"user_id": user, "device": device, "epoch": cursor.epoch, "offset": cursor.offset, "now_ms": now_ms}
            for (user, device), cursor in cursors.items()
        ]

        def write(connection: Connection) -> None:
            connection.execute(_ADVANCE, rows)

        if rows:
            await self._database.write(write)


def _cursor(connection: Connection, user_id: str, device: str) -> Cursor | None:
    row = connection.execute(_CURSOR, {"user": user_id, "of_device": device}).one_or_none()
    return Cursor(row.epoch, row.offset) if row is not None else None


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(
        offset=row["offset"],
        at_ms=row["at_ms"],
        kind=EntryKind(row["kind"]),
        alert_id=row["alert_id"],
        audience=frozenset(row["audience"]),
        data=row["data"],
    )
