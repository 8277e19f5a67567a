"""The clips of alerts: files that engines put seconds after the alert, kept until the alert is forgotten.

A clip that no alert wants is not taken. One that comes while its alert is being erased finds nobody who wants it at the
end of its upload, and is removed again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, select, update

from sightline.deliveries.records import AlertClip
from sightline.exceptions import NotFound
from sightline.stores import clip_rows, schema
from sightline.stores.database import Database
from sightline.stores.media import MediaFolder, is_blob_id
from sightline.stores.pictures import AlertPictures
from sightline.stores.workers import Workers

__all__ = ["AlertClips"]

_CLIPS = schema.alert_clips.c
_CLIP = select(schema.alert_clips).where(_CLIPS.alert_id == bindparam("alert_id"))
_WANTED = select(_CLIPS.starts_at_ms).where(_CLIPS.blob_id == bindparam("blob_id")).limit(1)
_ENDINGS = {"video/mp4": "mp4", "video/webm": "webm"}


class AlertClips:
    """Clips by alert."""

    def __init__(
        self, database: Database, media: MediaFolder, workers: Workers, pictures: AlertPictures
    ) -> None:
        self._database = database
        self._media = media
        self._workers = workers
        self._pictures = pictures

    async def get(self, alert_id: str) -> AlertClip:
        """Raises `NotFound` when the alert has no clip (any more)."""
        row = await self._database.read(lambda c: c.execute(_CLIP, {"alert_id": alert_id}).one_or_none())
        if row is None:
            raise NotFound("clip of alert", alert_id)
        return AlertClip(
            alert_id=row.alert_id,
            starts_at_ms=row.starts_at_ms,
            offset_ms=row.offset_ms,
            is_there=row.path is not None,
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            duration_ms=row.duration_ms,
        )

    async def file(self, alert_id: str) -> Path:
        """Where the clip's file lies. Raises `NotFound` when there is none (yet, or any more)."""
        row = await self._database.read(lambda c: c.execute(_CLIP, {"alert_id": alert_id}).one_or_none())
        if row is None or row.path is None or not await self._workers.run(lambda: self._media.exists(row.path)):
            raise NotFound("clip of alert", alert_id)
        return self._media.path_of(row.path)

    async def is_wanted(self, blob_id: str) -> bool:
        """Whether an alert has this clip."""
        return await self._starts_at(blob_id) is not None

    async def keep(
        self, blob_id: str, media_type: str, chunks: AsyncIterator[bytes], *, duration_ms: int | None, now_ms: int
    ) -> None:
        """Takes a clip's file as it comes. The same again is no error.

        Raises `NotFound` when no alert wants it, `Unavailable` when the disk does not take it, and whatever `chunks`
        raises; then nothing is kept.
        """
        starts_at_ms = await self._starts_at(blob_id) if is_blob_id(blob_id) else None
        if starts_at_ms is None:
            raise NotFound("alert with the clip", blob_id)
        draft = await self._workers.run(self._media.begin_draft)
        size_bytes = 0
        try:
            async for chunk in chunks:
                size_bytes += len(chunk)
                await self._workers.run(lambda chunk=chunk: self._media.append(draft, chunk))  # type: ignore[misc]
            day = datetime.fromtimestamp(starts_at_ms // 1000, UTC)
            path = f"clips/{day:%Y/%m/%d}/{blob_id}.{_ENDINGS[media_type]}"
            await self._workers.run(lambda: self._media.finish_draft(draft, path))
        finally:
            await self._workers.run(lambda: self._media.drop_draft(draft))
        values = {
            "path": path,
            "media_type": media_type,
            "size_bytes": size_bytes,
            "duration_ms": duration_ms,
            "arrived_at_ms": now_ms,
        }
        said = update(schema.alert_clips).where(_CLIPS.blob_id == blob_id).values(values)
        if not await self._database.write(lambda c: c.execute(said).rowcount):
            await self._workers.run(lambda: self._media.remove(path))
            raise NotFound("alert with the clip", blob_id)

    async def prune(self, before_ms: int, *, most: int) -> int:
        """Deletes at most `most` clips that came before that time; their alerts stay. How many it were."""

        def write(connection: Connection) -> int:
            old = select(_CLIPS.alert_id).where(_CLIPS.arrived_at_ms < before_ms).limit(most)
            return clip_rows.doom(connection, select(old.subquery().c.alert_id))

        pruned = await self._database.write(write)
        if pruned:
            await self._pictures.remove_doomed()
        return pruned

    async def _starts_at(self, blob_id: str) -> int | None:
        return await self._database.read(lambda c: c.execute(_WANTED, {"blob_id": blob_id}).scalar_one_or_none())
