"""What a camera is to watch for: zones, masks, lines, crowds, rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from sightline.accounts import Right
from sightline.events.scene import CameraView
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.routers.duty import local_zone
from sightline.gateway.web.view_resources import CameraViewIn, CameraViewOut

__all__ = ["router"]

router = APIRouter(prefix="/api/cameras", tags=["cameras"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_CAMERAS))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_CAMERAS))]


@router.get("/{camera_id}/view")
async def get_view(gateway: GatewayOf, caller: Seer, camera_id: str) -> CameraViewOut:
    """The camera's view; while it has none of its own, that of the settings."""
    await gateway.store.cameras.get(camera_id)
    view = await gateway.store.camera_views.get(camera_id)
    return CameraViewOut.of(camera_id, view or gateway.default_view, own=view is not None)


@router.put("/{camera_id}/view")
async def put_view(gateway: GatewayOf, caller: Manager, camera_id: str, new: CameraViewIn) -> CameraViewOut:
    """A view instead of the one there was; the engine has it with its next frame."""
    view = new.view(gateway.settings.timezone or local_zone())
    await gateway.store.camera_views.put(camera_id, view)
    await _changed(gateway, caller, camera_id, "camera_view_changed", _summary(view))
    return CameraViewOut.of(camera_id, view, own=True)


@router.delete("/{camera_id}/view", status_code=204)
async def delete_view(gateway: GatewayOf, caller: Manager, camera_id: str) -> None:
    """The camera watches for what the settings say."""
    await gateway.store.cameras.get(camera_id)
    await gateway.store.camera_views.remove(camera_id)
    await _changed(gateway, caller, camera_id, "camera_view_removed")


async def _changed(gateway: GatewayOf, caller: Caller, camera_id: str, action: str, detail: str = "") -> None:
    gateway.changes.camera(camera_id)
    await gateway.store.audit.record(
        actor=caller.user.name, action=action, subject=camera_id, detail=detail, now_ms=gateway.clock.now_ms()
    )


def _summary(view: CameraView) -> str:
    """How much of what, for the audit."""
    scene = view.scene
    counts = {
        "masks": scene.masks,
        "zones": scene.zones,
        "lines": scene.lines,
        "crowds": scene.crowds,
        "rules": view.rules,
    }
    return ", ".join(f"{len(values)} {name}" for name, values in counts.items()) + (
        f", liveness {scene.liveness.value}, {'recorded' if scene.record else 'not recorded'}"
    )
