"""The pictures of alerts: reserved in the transaction that makes the alert, moved into place after it.

    put_incoming ─→ incoming/ ── fact accepted, alert raised ─→ path reserved (committed) ─→ moved ─→ read … erased
                             └── no alert, or never accepted ─→ removed (at once, or as an orphan)

A crash between two of these steps leaves a picture that is claimed but not moved, or an orphan; both are put right at
the next opening, the first also at the first reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo

import structlog
from sqlalchemy import Connection, bindparam, delete, insert, select, union_all

from sightline.events.alert import AlertType
from sightline.exceptions import Conflict, NotFound, StoreError, Unavailable
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.media import ORPHAN_AGE_MS, MediaFolder, is_blob_id
from sightline.stores.picture_paths import FOLDERS, STRANGER, free_path, picture_path
from sightline.stores.workers import Workers

__all__ = ["AlertPictures"]

_PICTURES = schema.alert_pictures.c
_PICTURE = select(_PICTURES.blob_id, _PICTURES.path).where(
    _PICTURES.alert_id == bindparam("alert_id"), _PICTURES.role == bindparam("role")
)
_CLAIMED = select(_PICTURES.blob_id, _PICTURES.path).where(_PICTURES.blob_id.in_(bindparam("blob_ids", expanding=True)))
_DOOMED = select(schema.doomed_files.c.path)
_DOOMED_IN_ORDER = _DOOMED.order_by(schema.doomed_files.c.path)
"""`incoming/` comes before both folders it is moved to, so that a picture on its way is caught in one of the two."""
_TAKEN = union_all(
    select(_PICTURES.path).where(_PICTURES.path == bindparam("path")),
    _DOOMED.where(schema.doomed_files.c.path == bindparam("path")),
)
_FIRST_NAME = select(schema.people.c.first_name).where(schema.people.c.id == bindparam("id"))
_CAMERA_NAME = select(schema.cameras.c.name).where(schema.cameras.c.id == bindparam("id"))
_CHUNK = 500

_log = structlog.get_logger(__name__)


class AlertPictures:
    """Pictures by alert and role (`snapshot`, `probe`)."""

    def __init__(self, database: Database, media: MediaFolder, workers: Workers, tz: tzinfo) -> None:
        self._database = database
        self._media = media
        self._workers = workers
        self._tz = tz

    async def put_incoming(self, blob_id: str, data: bytes) -> None:
        """Keeps a fact's picture until the fact is accepted. The same id again is no error.

        Raises `Conflict` for an id that names no blob, `Unavailable` when the disk is full.
        """
        if not is_blob_id(blob_id):
            raise Conflict("a blob id is 1 to 128 letters, digits, '.', '_' and '-', the first a letter or digit")
        await self._workers.run(lambda: self._media.put_incoming(blob_id, data))

    async def read(self, alert_id: str, role: str) -> bytes:
        """The JPEG. Raises `NotFound` when the alert has no such picture (any more)."""
        parameters = {"alert_id": alert_id, "role": role}
        row = await self._database.read(lambda c: c.execute(_PICTURE, parameters).one_or_none())
        data = await self._workers.run(lambda: self._media.fetch(row.blob_id, row.path)) if row is not None else None
        if data is None:
            raise NotFound("picture", f"{alert_id}/{role}")
        return data

    def reserve(
        self,
        connection: Connection,
        alert_id: str,
        type: AlertType,
        person_id: str | None,
        camera_id: str,
        captured_at_ms: int,
        blobs: Mapping[str, str],
    ) -> frozenset[str]:
        """Claims the blobs that are there for an alert, within its transaction; returns the roles it has now."""
        who = _folder_name(connection, type, person_id, camera_id)
        claimed = set()
        for role, blob_id in blobs.items():
            if role not in FOLDERS or not self._is_free(connection, blob_id):
                continue
            stem = picture_path(role, who, captured_at_ms, self._tz)
            path = free_path(stem, lambda path: self._is_taken(connection, path))
            row = {"alert_id": alert_id, "role": role, "blob_id": blob_id, "path": path}
            connection.execute(insert(schema.alert_pictures), row)
            claimed.add(role)
        return frozenset(claimed)

    def claimed(self, connection: Connection, blob_ids: Collection[str]) -> dict[str, str]:
        """Those of the blobs that belong to an alert, each with the path that is reserved for it."""
        named = [blob_id for blob_id in blob_ids if is_blob_id(blob_id)]
        return {row.blob_id: row.path for row in connection.execute(_CLAIMED, {"blob_ids": named})}

    async def settle(self, blob_ids: Collection[str], claimed: Mapping[str, str]) -> None:
        """Moves the claimed of these blobs into place and removes the others; called once their fact is on disk.

        What cannot be done now (too much waits for the disk) is done at the first reading, or by `heal`.
        """

        def work() -> None:
            for blob_id in filter(is_blob_id, blob_ids):
                if blob_id in claimed:
                    self._media.place(blob_id, claimed[blob_id])
                else:
                    self._media.drop_incoming(blob_id)

        try:
            await self._workers.run(work)
        except Unavailable as error:
            _log.warning("pictures not moved yet", pictures=len(blob_ids), reason=str(error))

    async def remove_doomed(self) -> None:
        """Removes the files of pictures that were erased from the record; those that stay, `heal` tries again."""
        try:
            await self._remove_doomed()
        except (StoreError, Unavailable) as error:
            _log.warning("erased pictures not removed yet", reason=str(error))

    async def _remove_doomed(self) -> None:
        paths = await self._database.read(lambda c: c.execute(_DOOMED_IN_ORDER).scalars().all())
        if not paths:
            return
        gone = await self._workers.run(lambda: [path for path in paths if self._media.remove(path)])

        def forget(connection: Connection) -> None:
            for path in gone:
                connection.execute(delete(schema.doomed_files).where(schema.doomed_files.c.path == path))

        await self._database.write(forget, scrub=True)

    async def heal(self, now_ms: int) -> None:
        """Puts right what crashes and full disks left: claimed blobs are moved, old orphans and doomed files removed.

        Done at every opening; may be done at any time.
        """
        orphaned_ms = now_ms - ORPHAN_AGE_MS
        await self._workers.run(lambda: self._media.sweep_drafts(orphaned_ms))
        await self.remove_doomed()
        waiting = await self._workers.run(self._media.waiting)
        for start in range(0, len(waiting), _CHUNK):
            await self._heal(waiting[start : start + _CHUNK], orphaned_ms)

    async def _heal(self, waiting: Sequence[tuple[str, int]], orphaned_ms: int) -> None:
        blob_ids = [blob_id for blob_id, _ in waiting]
        claimed = await self._database.read(lambda c: self.claimed(c, blob_ids))
        await self.settle([i for i, written_ms in waiting if i in claimed or written_ms < orphaned_ms], claimed)

    def _is_free(self, connection: Connection, blob_id: str) -> bool:
        """Whether the blob is there and no alert's yet. A malformed id is that of a picture that never came."""
        return is_blob_id(blob_id) and self._media.has_incoming(blob_id) and not self.claimed(connection, [blob_id])

    def _is_taken(self, connection: Connection, path: str) -> bool:
        # A file without a record is there when a database was replaced: it is not overwritten.
        return connection.execute(_TAKEN, {"path": path}).first() is not None or self._media.exists(path)


_OF_PLACES = frozenset(
    {
        AlertType.CAMERA_OFFLINE,
        AlertType.CROWD_WARNING,
        AlertType.LINE_CROSSED,
        AlertType.PACKAGE_DETECTED,
        AlertType.VEHICLE_DETECTED,
    }
)
"""Alerts about a place and not about somebody: their pictures lie under the camera's name."""


def _folder_name(connection: Connection, type: AlertType, person_id: str | None, camera_id: str) -> str:
    if person_id is not None:
        name = connection.execute(_FIRST_NAME, {"id": person_id}).scalar_one_or_none()
    elif type in _OF_PLACES:
        name = connection.execute(_CAMERA_NAME, {"id": camera_id}).scalar_one_or_none()
    else:
        name = None
    return name or STRANGER
