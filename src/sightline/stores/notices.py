"""The outbox of notices: claimed, sent, tried again, given up. See `deliveries/notice.py` for their life."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, func, select, update

from sightline.deliveries.channel import ChannelKind, NoticeEvent
from sightline.deliveries.notice import Backlog, Notice, Standing
from sightline.events.alert import Alert
from sightline.exceptions import NotFound
from sightline.stores import notice_rows, schema
from sightline.stores.database import Database

__all__ = ["Notices"]

_NOTICES = schema.notices.c
_BY_ID = select(schema.notices).where(_NOTICES.id == bindparam("notice_id"))
_DUE = (
    select(schema.notices)
    .where(
        _NOTICES.due_at_ms <= bindparam("now_ms"),
        _NOTICES.target_id.not_in(bindparam("busy", expanding=True)),
    )
    .order_by(_NOTICES.due_at_ms, _NOTICES.id)
    .limit(bindparam("most"))
)
_WAITING = select(func.count(), func.min(_NOTICES.created_at_ms), func.min(_NOTICES.due_at_ms)).where(
    _NOTICES.dead_at_ms.is_(None)
)
_STANDINGS = select(
    _NOTICES.target_id,
    (func.count() - func.count(_NOTICES.dead_at_ms)).label("waiting"),
    func.min(_NOTICES.created_at_ms).filter(_NOTICES.dead_at_ms.is_(None)).label("oldest_ms"),
    func.count(_NOTICES.dead_at_ms).label("dead"),
).group_by(_NOTICES.target_id)
_PROBLEMS = select(_NOTICES.target_id, _NOTICES.problem).where(_NOTICES.problem != "").order_by(_NOTICES.created_at_ms)
_COUNT_DEAD = select(func.count()).where(_NOTICES.dead_at_ms.is_not(None))
_DEAD = (
    select(schema.notices)
    .where(_NOTICES.dead_at_ms.is_not(None))
    .order_by(_NOTICES.dead_at_ms.desc(), _NOTICES.id.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)


class Notices:
    """Rows that survive any crash; a claim is a compare-and-set on the number of attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def push_user(self, user_id: str, alert: Alert, *, now_ms: int) -> None:
        """Puts an alert on its way to a user's devices."""
        await self._database.write(lambda c: notice_rows.tell_user(c, user_id, alert, now_ms=now_ms))

    async def outside(self, alert: Alert, *, now_ms: int) -> None:
        """Puts an alert that nobody took on its way to the channels that want to know."""
        await self._database.write(lambda c: notice_rows.tell_unanswered(c, alert, now_ms=now_ms))

    async def due(self, *, now_ms: int, busy: Collection[str], limit: int) -> list[Notice]:
        """What is to be sent now, the longest due first, but nothing for the targets in `busy`."""
        parameters = {"now_ms": now_ms, "busy": list(busy), "most": limit}
        return await self._database.read(lambda c: [_notice(row) for row in c.execute(_DUE, parameters).mappings()])

    async def claim(self, notice: Notice, *, now_ms: int, lease_ms: int) -> Notice | None:
        """The notice with this attempt counted, or `None` when somebody else was first. Becomes due again by itself
        when nothing is heard of it for `lease_ms`."""

        def write(connection: Connection) -> Notice | None:
            claimed = connection.execute(
                update(schema.notices)
                .where(_NOTICES.id == notice.id, _NOTICES.attempts == notice.attempts, _NOTICES.due_at_ms <= now_ms)
                .values(attempts=notice.attempts + 1, due_at_ms=now_ms + lease_ms)
            )
            return _get(connection, notice.id) if claimed.rowcount else None

        return await self._database.write(write)

    async def done(self, notice: Notice) -> None:
        """It was sent, or nobody wants it any more. Nothing happens to one that was claimed anew meanwhile."""
        await self._database.write(lambda c: c.execute(delete(schema.notices).where(*_same(notice))).rowcount)

    async def again(self, notice: Notice, *, due_at_ms: int, problem: str) -> None:
        """The attempt failed; the next one is due at `due_at_ms`."""
        change = update(schema.notices).where(*_same(notice)).values(due_at_ms=due_at_ms, problem=problem)
        await self._database.write(lambda c: c.execute(change).rowcount)

    async def bury(self, notice: Notice, *, now_ms: int, problem: str) -> None:
        """It will not be tried again unless a person says so."""
        values = {"due_at_ms": None, "dead_at_ms": now_ms, "problem": problem}
        change = update(schema.notices).where(*_same(notice)).values(values)
        await self._database.write(lambda c: c.execute(change).rowcount)

    async def backlog(self) -> Backlog:
        """What waits, read in one piece."""

        def look(connection: Connection) -> Backlog:
            waiting, oldest_ms, next_due_ms = connection.execute(_WAITING).one()
            return Backlog(waiting, oldest_ms, connection.execute(_COUNT_DEAD).scalar_one(), next_due_ms)

        return await self._database.read(look)

    async def standings(self) -> dict[str, Standing]:
        """How each target does that has anything waiting or given up, by its id, read in one piece."""

        def look(connection: Connection) -> dict[str, Standing]:
            problems = {row.target_id: row.problem for row in connection.execute(_PROBLEMS)}
            return {
                row.target_id: Standing(row.waiting, row.oldest_ms, row.dead, problems.get(row.target_id, ""))
                for row in connection.execute(_STANDINGS)
            }

        return await self._database.read(look)

    async def dead(self, *, limit: int, offset: int = 0) -> list[Notice]:
        """Those that were given up, newest first."""
        parameters = {"most": limit, "skip": offset}
        return await self._database.read(lambda c: [_notice(row) for row in c.execute(_DEAD, parameters).mappings()])

    async def revive(self, notice_id: str, *, now_ms: int) -> None:
        """Tries a dead one anew, from the first attempt on. Raises `NotFound` when there is no such dead one."""
        change = (
            update(schema.notices)
            .where(_NOTICES.id == notice_id, _NOTICES.dead_at_ms.is_not(None))
            .values(attempts=0, due_at_ms=now_ms, dead_at_ms=None)
        )

        def write(connection: Connection) -> None:
            if connection.execute(change).rowcount == 0:
                raise NotFound("dead letter", notice_id)

        await self._database.write(write)

    async def drop(self, notice_id: str) -> None:
        """Forgets a dead one. Raises `NotFound` when there is no such dead one."""
        gone = delete(schema.notices).where(_NOTICES.id == notice_id, _NOTICES.dead_at_ms.is_not(None))

        def write(connection: Connection) -> None:
            if connection.execute(gone).rowcount == 0:
                raise NotFound("dead letter", notice_id)

        await self._database.write(write)

    async def prune(self, before_ms: int) -> int:
        """Forgets those that died before `before_ms`, and says how many."""
        gone = delete(schema.notices).where(_NOTICES.dead_at_ms < before_ms)
        return await self._database.write(lambda c: c.execute(gone).rowcount)


def _same(notice: Notice) -> tuple[ColumnElement[bool], ...]:
    """The row while it is this very attempt's."""
    return (_NOTICES.id == notice.id, _NOTICES.attempts == notice.attempts, _NOTICES.dead_at_ms.is_(None))


def _get(connection: Connection, notice_id: str) -> Notice:
    return _notice(connection.execute(_BY_ID, {"notice_id": notice_id}).mappings().one())


def _notice(row: RowMapping) -> Notice:
    return Notice(
        id=row["id"],
        kind=ChannelKind(row["kind"]),
        target_id=row["target_id"],
        alert_id=row["alert_id"],
        event=NoticeEvent(row["event"]),
        attempts=row["attempts"],
        due_at_ms=row["due_at_ms"],
        problem=row["problem"],
        created_at_ms=row["created_at_ms"],
        dead_at_ms=row["dead_at_ms"],
    )
