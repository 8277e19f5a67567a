"""Cameras whose source a client gives over a connection: made or changed once the source was seen to work."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sightline.accounts import Right, User, require
from sightline.cameras import Camera, redact, restore_credentials
from sightline.exceptions import NotFound, SourceError
from sightline.gateway.engines.source_policy import check_source
from sightline.gateway.gateway import Gateway

__all__ = ["Given", "camera_from"]

CAMERA_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """The camera, and whether its source is new to the engines."""

    camera: Camera
    changed: bool


async def camera_from(gateway: Gateway, user: User, camera_id: str, source: str | None) -> Given:
    """The camera of this id, with this source where one is given.

    Who gives the source that the camera has changes nothing and needs no right for it; credentials are not compared,
    or they could be guessed. Raises `NotFound`, `Forbidden`, `SourceError` (with what is wrong with the source),
    `Unavailable`.
    """
    known = await gateway.directory.cameras.find(camera_id)
    if source is None or (known is not None and source == redact(known.source)):
        if known is None:
            raise NotFound("camera", camera_id)
        return Given(known, changed=False)
    require(user, Right.MANAGE_CAMERAS)
    if known is not None:
        source = restore_credentials(source, known.source)
        if source == known.source:
            return Given(known, changed=False)
    elif not CAMERA_ID.fullmatch(camera_id):
        raise SourceError("the id of a camera has at most 64 letters, digits, `_`, `.` and `-`")
    await check_source(source, allow_loopback=gateway.settings.allow_loopback_sources)
    if gateway.engines.links or not gateway.foreign_engines.connected:
        probed = await gateway.analyst.probe_source(source)
        if not probed.ok:
            raise SourceError(probed.message)
    camera = await _write(gateway, known, camera_id, source)
    gateway.changes.camera(camera.id)
    await gateway.store.audit.record(
        actor=user.name,
        action="camera_created" if known is None else "camera_changed",
        subject=camera.id,
        detail=camera.name if known is None else "source",
        now_ms=gateway.clock.now_ms(),
    )
    return Given(camera, changed=True)


async def _write(gateway: Gateway, known: Camera | None, camera_id: str, source: str) -> Camera:
    if known is not None:
        return await gateway.store.cameras.replace(replace(known, source=source))
    settings = gateway.settings
    return await gateway.store.cameras.create(
        camera_id=camera_id,
        name=camera_id,
        source=source,
        latitude=None,
        longitude=None,
        analysis_fps=settings.analysis_fps,
        enabled=True,
        alert_unknown=settings.alert_unknown,
        now_ms=gateway.clock.now_ms(),
    )
