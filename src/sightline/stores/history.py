"""The past by the hour."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from sightline.decisions.history import HourRow, Metric
from sightline.stores import schema
from sightline.stores.database import Database

__all__ = ["History"]

_HOURS = schema.camera_hours.c


class History:
    """Figures by camera, hour, metric and detail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rows: Sequence[HourRow]) -> None:
        """Adds these figures to what is there, in one transaction."""
        if not rows:
            return
        values = [
            {
                "camera_id": row.camera_id,
                "hour_ms": row.hour_ms,
                "metric": row.metric.value,
                "detail": row.detail,
                "count": row.count,
                "total": row.total,
                "most": row.most,
            }
            for row in rows
        ]

        def write(connection: Connection) -> None:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            new = dialect.insert(schema.camera_hours)
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=["camera_id", "hour_ms", "metric", "detail"],
                    set_={
                        "count": _HOURS.count + new.excluded.count,
                        "total": _HOURS.total + new.excluded.total,
                        "most": case((new.excluded.most > _HOURS.most, new.excluded.most), else_=_HOURS.most),
                    },
                ),
                values,
            )

        await self._database.write(write)

    async def list(
        self,
        *,
        from_ms: int,
        to_ms: int,
        camera_id: str | None = None,
        metric: Metric | None = None,
        limit: int = 100_000,
    ) -> list[HourRow]:
        """The figures of the hours that begin in [from, to), oldest first."""
        query = (
            select(schema.camera_hours)
            .where(_HOURS.hour_ms >= from_ms, _HOURS.hour_ms < to_ms)
            .order_by(_HOURS.hour_ms, _HOURS.camera_id, _HOURS.metric, _HOURS.detail)
            .limit(limit)
        )
        if camera_id is not None:
            query = query.where(_HOURS.camera_id == camera_id)
        if metric is not None:
            query = query.where(_HOURS.metric == metric.value)
        return await self._database.read(lambda c: [_row(row) for row in c.execute(query).mappings()])

    async def prune(self, before_ms: int) -> int:
        """Forgets hours that began before `before_ms`; says how many figures."""
        return await self._database.write(
            lambda c: c.execute(delete(schema.camera_hours).where(_HOURS.hour_ms < before_ms)).rowcount
        )


def _row(row: RowMapping) -> HourRow:
    figures = {name: row[name] for name in ("camera_id", "hour_ms", "detail", "count", "total", "most")}
    return HourRow(metric=Metric(row["metric"]), **figures)
