"""Who did what to what, when: appended, never changed."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from sightline.deliveries.records import AuditRecord
from sightline.stores import schema
from sightline.stores.database import Database

__all__ = ["Audit"]

_AUDIT = schema.audit_records.c
_INSERT = insert(schema.audit_records)
_NEWEST_FIRST = select(
    _AUDIT.at_ms, _AUDIT.actor, _AUDIT.action, _AUDIT.subject, _AUDIT.detail
).order_by(_AUDIT.at_ms.desc(), _AUDIT.id.desc())  # fmt: skip


class Audit:
    """The audit trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, *, actor: str, action: str, subject: str, detail: str = "", now_ms: int) -> None:
        """Appends a record; `detail` must hold no secret and no name of a person who may be erased."""
        row = {"at_ms": now_ms, "actor": actor, "action": action, "subject": subject, "detail": detail}

        def write(connection: Connection) -> None:
            connection.execute(_INSERT, row)

        await self._database.write(write)

    async def list(self, *, limit: int = 100, before_ms: int | None = None) -> list[AuditRecord]:
        """The newest first, those earlier than `before_ms`."""
        query = _NEWEST_FIRST.limit(limit)
        if before_ms is not None:
            query = query.where(_AUDIT.at_ms < before_ms)
        return await self._database.read(lambda c: [AuditRecord(**row) for row in c.execute(query).mappings()])
