"""What cameras are to watch for."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from sightline.events.scene import CameraView
from sightline.exceptions import NotFound
from sightline.stores import schema
from sightline.stores.database import Database

__all__ = ["CameraViews", "view_of"]

_VIEWS = schema.camera_views.c
_CAMERA = select(schema.cameras.c.id).where(schema.cameras.c.id == bindparam("camera_id"))
_decoder = msgspec.json.Decoder(CameraView)


class CameraViews:
    """One view a camera, or none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, CameraView]:
        """Every view there is, by camera."""
        return await self._database.read(
            lambda c: {row.camera_id: _decoder.decode(row.view) for row in c.execute(select(schema.camera_views))}
        )

    async def get(self, camera_id: str) -> CameraView | None:
        """The camera's own view, if it has one."""
        query = select(_VIEWS.view).where(_VIEWS.camera_id == camera_id)
        return await self._database.read(lambda c: view_of(c.execute(query).scalar_one_or_none()))

    async def put(self, camera_id: str, view: CameraView) -> None:
        """The camera's view, instead of the one it had. Raises `NotFound` when there is no such camera."""
        text = msgspec.json.encode(view).decode()

        def write(connection: Connection) -> None:
            if connection.execute(_CAMERA, {"camera_id": camera_id}).first() is None:
                raise NotFound("camera", camera_id)
            connection.execute(delete(schema.camera_views).where(_VIEWS.camera_id == camera_id))
            connection.execute(insert(schema.camera_views), {"camera_id": camera_id, "view": text})

        await self._database.write(write)

    async def remove(self, camera_id: str) -> None:
        """The camera has no view of its own any more; it need not have had one."""
        await self._database.write(
            lambda c: c.execute(delete(schema.camera_views).where(_VIEWS.camera_id == camera_id)) and None
        )


def view_of(text: str | None) -> CameraView | None:
    """A view as it is kept."""
    return None if text is None else _decoder.decode(text)
