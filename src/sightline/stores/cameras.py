"""Cameras. Their sources hold credentials and are sealed with the master key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from sightline.cameras import Camera
from sightline.exceptions import Conflict, NotFound
from sightline.privacy import FaceBlur
from sightline.stores import schema
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.vault import Vault

__all__ = ["Cameras"]

_CAMERAS = schema.cameras.c
_ALL = select(schema.cameras).order_by(_CAMERAS.name, _CAMERAS.id)
_BY_ID = select(schema.cameras).where(_CAMERAS.id == bindparam("camera_id"))


class Cameras:
    """The cameras' records, sources included."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def list(self) -> list[Camera]:
        """All of them, by name."""
        return await self._database.read(lambda c: [self._camera(row) for row in c.execute(_ALL).mappings()])

    async def get(self, camera_id: str) -> Camera:
        """Raises `NotFound`."""

        def find(connection: Connection) -> Camera:
            row = connection.execute(_BY_ID, {"camera_id": camera_id}).mappings().one_or_none()
            if row is None:
                raise NotFound("camera", camera_id)
            return self._camera(row)

        return await self._database.read(find)

    async def create(
        self, *, name: str, source: str, latitude: float | None, longitude: float | None, analysis_fps: float,
        enabled: bool, alert_unknown: bool, now_ms: int, camera_id: str | None = None, substream: str = "",
        rotation: int = 0, blur_faces: FaceBlur = FaceBlur.OFF,
    ) -> Camera:  # fmt: skip
        """A new camera; two of them may have one name. Raises `Conflict` for a `camera_id` that is taken."""
        id = camera_id or new_id(now_ms)
        camera = Camera(
            id, name, source, latitude, longitude, analysis_fps, enabled, alert_unknown, now_ms, substream, rotation,
            blur_faces,
        )  # fmt: skip

        def write(connection: Connection) -> Camera:
            if camera_id is not None and connection.execute(_BY_ID, {"camera_id": camera_id}).first() is not None:
                raise Conflict(f"there is a camera with the id {camera_id!r} already")
            connection.execute(insert(schema.cameras), self._row(camera))
            return camera

        return await self._database.write(write)

    async def replace(self, camera: Camera) -> Camera:
        """Everything but the time of its making. Raises `NotFound`."""
        row = self._row(camera)
        del row["created_at_ms"]

        def write(connection: Connection) -> Camera:
            changed = connection.execute(
                update(schema.cameras).where(_CAMERAS.id == camera.id).values(row).returning(_CAMERAS.created_at_ms)
            ).scalar_one_or_none()
            if changed is None:
                raise NotFound("camera", camera.id)
            found = connection.execute(_BY_ID, {"camera_id": camera.id}).mappings().one()
            return self._camera(found)

        return await self._database.write(write, scrub=True)

    async def delete(self, camera_id: str) -> None:
        """Its events and alerts stay. Raises `NotFound`."""

        def write(connection: Connection) -> None:
            connection.execute(delete(schema.camera_views).where(schema.camera_views.c.camera_id == camera_id))
            if connection.execute(delete(schema.cameras).where(_CAMERAS.id == camera_id)).rowcount == 0:
                raise NotFound("camera", camera_id)

        await self._database.write(write, scrub=True)

    def _camera(self, row: RowMapping) -> Camera:
        return Camera(
            id=row["id"],
            name=row["name"],
            source=self._vault.master.open(row["sealed_source"], _context(row["id"])).decode(),
            latitude=row["latitude"],
            longitude=row["longitude"],
            analysis_fps=row["analysis_fps"],
            enabled=row["enabled"],
            alert_unknown=row["alert_unknown"],
            created_at_ms=row["created_at_ms"],
            substream=self._substream(row),
            rotation=row["rotation"],
            blur_faces=FaceBlur(row["blur_faces"]),
        )

    def _substream(self, row: RowMapping) -> str:
        sealed = row["sealed_substream"]
        return self._vault.master.open(sealed, _context(row["id"])).decode() if sealed is not None else ""

    def _row(self, camera: Camera) -> dict[str, Any]:
        return {
            "id": camera.id,
            "name": camera.name,
            "sealed_source": self._vault.master.seal(camera.source.encode(), _context(camera.id)),
            "sealed_substream": (
                self._vault.master.seal(camera.substream.encode(), _context(camera.id)) if camera.substream else None
            ),
            "latitude": camera.latitude,
            "longitude": camera.longitude,
            "analysis_fps": camera.analysis_fps,
            "enabled": camera.enabled,
            "alert_unknown": camera.alert_unknown,
            "rotation": camera.rotation,
            "blur_faces": camera.blur_faces.value,
            "created_at_ms": camera.created_at_ms,
        }


def _context(camera_id: str) -> str:
    return f"source/{camera_id}"
