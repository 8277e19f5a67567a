"""Cameras: records, live state, and a test that answers in plain words."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException

from sightline.accounts import Right
from sightline.cameras import Camera, CameraState, is_published, restore_credentials
from sightline.exceptions import NotFound
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.auth import camera_token_name, hash_machine_token, new_machine_token
from sightline.gateway.web.camera_resources import (
    CameraChange,
    CameraOut,
    CameraTest,
    CameraTestResult,
    CameraToken,
    NewCamera,
)
from sightline.gateway.web.resources import Denial
from sightline.gateway.engines.source_policy import check_source
from sightline.privacy import FaceBlur

__all__ = ["router"]

router = APIRouter(prefix="/api/cameras", tags=["cameras"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_CAMERAS))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_CAMERAS))]

_NEVER_NULL = ("name", "source", "substream", "analysis_fps", "enabled", "alert_unknown", "rotation", "blur_faces")


@router.get("")
async def list_cameras(gateway: GatewayOf, caller: Seer) -> list[CameraOut]:
    """All cameras with their live state."""
    return [_shown(gateway, camera) for camera in await gateway.store.cameras.list()]


@router.post("", status_code=201)
async def create_camera(gateway: GatewayOf, caller: Manager, new: NewCamera) -> CameraOut:
    """A new camera; an engine starts to read it at once."""
    settings = gateway.settings
    for source in filter(None, (new.source, new.substream)):
        await check_source(source, allow_loopback=settings.allow_loopback_sources or caller.is_local)
    camera = await gateway.store.cameras.create(
        name=new.name,
        source=new.source,
        substream=new.substream,
        latitude=new.latitude,
        longitude=new.longitude,
        analysis_fps=new.analysis_fps or settings.analysis_fps,
        enabled=new.enabled,
        alert_unknown=settings.alert_unknown if new.alert_unknown is None else new.alert_unknown,
        rotation=new.rotation,
        blur_faces=new.blur_faces,
        now_ms=gateway.clock.now_ms(),
    )
    gateway.changes.camera(camera.id)
    await _audit(gateway, caller, "camera_created", camera)
    return _shown(gateway, camera)


@router.post("/test")
async def test_camera(gateway: GatewayOf, caller: Manager, test: CameraTest) -> CameraTestResult:
    """Opens a source and says what is there, with a picture; that of a stored camera has its masks blacked out, and
    faces blurred where it says so."""
    if (test.source is None) == (test.camera_id is None):
        raise HTTPException(422, "give either `source` or `camera_id`")
    source, masks = test.source, gateway.default_view.scene.masks
    stored = await gateway.store.cameras.get(test.camera_id) if test.camera_id is not None else None
    if is_published(stored.source if stored is not None else source or ""):
        return _published(gateway, stored)
    rotation: int | None = test.rotation
    blurs = {test.blur_faces}
    if stored is not None:
        source, blurs = stored.source, {*blurs, stored.blur_faces}
        rotation = stored.rotation if rotation is None else rotation
        view = await gateway.store.camera_views.get(stored.id)
        masks = view.scene.masks if view else masks
    assert source is not None
    await check_source(source, allow_loopback=gateway.settings.allow_loopback_sources or caller.is_local)
    probed = await gateway.analyst.probe_source(
        source, masks, rotation=rotation or 0, blur_faces=blurs != {FaceBlur.OFF}
    )
    return CameraTestResult(
        ok=probed.ok,
        message=probed.message,
        width=probed.width,
        height=probed.height,
        fps=probed.fps,
        codec=probed.codec,
        picture=base64.b64encode(probed.picture).decode() if probed.picture else None,
    )


@router.post("/{camera_id}/token", status_code=201)
async def issue_token(gateway: GatewayOf, caller: Manager, camera_id: str) -> CameraToken:
    """A token for the device that publishes to this camera, and for nothing else; the one before it is void."""
    camera = await gateway.store.cameras.get(camera_id)
    token = new_machine_token()
    await gateway.store.machine_tokens.create(
        name=camera_token_name(camera_id), token_hash=hash_machine_token(token), now_ms=gateway.clock.now_ms()
    )
    gateway.changes.camera_token(camera_id)
    await _audit(gateway, caller, "camera_token_issued", camera)
    return CameraToken(camera_id=camera_id, token=token, publish_path=f"/whip/{camera_id}")


@router.delete("/{camera_id}/token", status_code=204)
async def revoke_token(gateway: GatewayOf, caller: Manager, camera_id: str) -> None:
    """The device may publish no more: what it publishes now ends."""
    camera = await gateway.store.cameras.get(camera_id)
    await _forget_token(gateway, camera_id)
    gateway.changes.camera_token(camera_id)
    await _audit(gateway, caller, "camera_token_revoked", camera)


@router.get("/{camera_id}")
async def get_camera(gateway: GatewayOf, caller: Seer, camera_id: str) -> CameraOut:
    """One camera."""
    return _shown(gateway, await gateway.store.cameras.get(camera_id))


@router.patch("/{camera_id}")
async def change_camera(gateway: GatewayOf, caller: Manager, camera_id: str, change: CameraChange) -> CameraOut:
    """Changes what is given. A source that still shows `***` keeps its stored credentials."""
    stored = await gateway.store.cameras.get(camera_id)
    given: dict[str, Any] = change.model_dump(exclude_unset=True)
    for field in _NEVER_NULL:
        if field in given and given[field] is None:
            del given[field]
    for field, known in (("source", stored.source), ("substream", stored.substream or stored.source)):
        if given.get(field):
            given[field] = restore_credentials(given[field], known)
            await check_source(given[field], allow_loopback=gateway.settings.allow_loopback_sources or caller.is_local)
    camera = await gateway.store.cameras.replace(replace(stored, **given))
    gateway.changes.camera(camera_id)
    await _audit(gateway, caller, "camera_changed", camera, ", ".join(sorted(given)))
    return _shown(gateway, camera)


@router.delete("/{camera_id}", status_code=204)
async def delete_camera(gateway: GatewayOf, caller: Manager, camera_id: str) -> None:
    """Removes a camera; its past alerts stay."""
    camera = await gateway.store.cameras.get(camera_id)
    await gateway.store.cameras.delete(camera_id)
    await _forget_token(gateway, camera_id)
    gateway.changes.camera(camera_id, removed=True)
    await _audit(gateway, caller, "camera_deleted", camera)


async def _forget_token(gateway: GatewayOf, camera_id: str) -> None:
    with contextlib.suppress(NotFound):
        await gateway.store.machine_tokens.delete(camera_token_name(camera_id))


def _published(gateway: GatewayOf, camera: Camera | None) -> CameraTestResult:
    """There is nothing to open: what is known of a device's pictures is what came."""
    ok, message, width, height, fps = False, "a device brings the pictures: save, then publish to it", 0, 0, 0.0
    if camera is not None:
        status = gateway.camera_status(camera.id, enabled=camera.enabled)
        ok, message = status.state is CameraState.ONLINE, status.reason or f"the camera is {status.state.value}"
        width, height, fps = status.width, status.height, status.fps
    if ok:
        message = f"{width}×{height}, {fps:.3g} frames a second"
    return CameraTestResult(ok=ok, message=message, width=width, height=height, fps=fps, codec="", picture=None)


def _shown(gateway: GatewayOf, camera: Camera) -> CameraOut:
    status = gateway.camera_status(camera.id, enabled=camera.enabled)
    return CameraOut.of(camera, status, gateway.engines.analysed_fps(camera.id))


async def _audit(gateway: GatewayOf, caller: Caller, action: str, camera: Camera, detail: str = "") -> None:
    await gateway.store.audit.record(
        actor=caller.user.name,
        action=action,
        subject=camera.id,
        detail=detail or camera.name,
        now_ms=gateway.clock.now_ms(),
    )
