"""Alerts: the history, pictures, and taking one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import FileResponse

from sightline.accounts import Right, User, require
from sightline.deliveries.audience import tags_of
from sightline.events.alert import Alert, AlertState, Verdict
from sightline.exceptions import NotFound
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.alert_resources import AckRequest, AlertPage, ClipOut, Recorded
from sightline.gateway.alert_trace import alert_trace
from sightline.gateway.video.clips import clip_out
from sightline.gateway.gateway import Gateway
from sightline.gateway.past.rejections import reject_alert
from sightline.gateway.web.resources import Denial

__all__ = ["addressed", "router"]

router = APIRouter(prefix="/api/alerts", tags=["alerts"], responses={403: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_ALERTS))]


@router.get("")
async def list_alerts(
    gateway: GatewayOf,
    caller: Seer,
    state: Annotated[list[AlertState] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=0)] = None,
    person: str | None = None,
    camera: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AlertPage:
    """Alerts addressed to the caller, newest first."""
    alerts = await gateway.store.alerts.list(
        tags=_tags(gateway, caller.user), states=state, before=before, person_id=person, camera_id=camera, limit=limit
    )
    return AlertPage(alerts=await gateway.views.alerts(alerts))


@router.get("/{alert_id}")
async def get_alert(gateway: GatewayOf, caller: Seer, alert_id: str) -> dict[str, Any]:
    """One alert with its trace."""
    return await gateway.views.alert(await addressed(gateway, caller, alert_id))


@router.get("/{alert_id}/trace")
async def trace(gateway: GatewayOf, caller: Seer, alert_id: str) -> dict[str, Any]:
    """Why there is an alert: samples with quality and scores, gates passed and failed, rule, place, liveness, and the
    timeline from the first frame to whoever took it."""
    alert = await addressed(gateway, caller, alert_id)
    return await alert_trace(alert, gateway.store, gateway.directory, gateway.views)


@router.post("/{alert_id}/ack")
async def acknowledge(gateway: GatewayOf, caller: Seer, alert_id: str, request: AckRequest) -> Recorded:
    """A person takes the alert. The first one has it; later ones are told who."""
    await addressed(gateway, caller, alert_id)
    if request.remember:
        require(caller.user, Right.MANAGE_PEOPLE)
    recorded = Recorded(**await gateway.take_alert(caller.user, alert_id, request.verdict))
    if request.remember and recorded.verdict is Verdict.REJECTED:
        recorded.negative_id = (await reject_alert(gateway, caller, alert_id)).id
    return recorded


@router.get("/{alert_id}/reference", response_class=Response)
async def reference_picture(gateway: GatewayOf, caller: Seer, alert_id: str) -> Response:
    """The enrolled photograph that matched."""
    alert = await addressed(gateway, caller, alert_id)
    if alert.reference_id is None:
        raise NotFound("reference of alert", alert_id)
    return _jpeg(await gateway.store.people.sample(alert.reference_id))


@router.get("/{alert_id}/clip", responses={404: {"model": Denial}})
async def clip(gateway: GatewayOf, caller: Seer, alert_id: str) -> ClipOut:
    """What was a few seconds before and after, as video: where it is, and where in it the event."""
    await addressed(gateway, caller, alert_id)
    try:
        found = await gateway.store.clips.get(alert_id)
    except NotFound:
        found = None
    return clip_out(alert_id, found, gateway.clock.now_ms())


@router.get("/{alert_id}/clip/video", response_class=FileResponse, responses={404: {"model": Denial}})
async def clip_video(gateway: GatewayOf, caller: Seer, request: Request, alert_id: str) -> FileResponse:
    """The clip itself, MP4 or WebM, by ranges where the player asks for them. Whoever looks is recorded."""
    alert = await addressed(gateway, caller, alert_id)
    clip = await gateway.store.clips.get(alert_id)
    file = await gateway.store.clips.file(alert_id)
    if request.headers.get("range", "bytes=0-").replace(" ", "").startswith("bytes=0-"):  # a look, not a seek within it
        await gateway.store.audit.record(
            actor=caller.user.name,
            action="clip_viewed",
            subject=alert_id,
            detail=alert.camera_id,
            now_ms=gateway.clock.now_ms(),
        )
    return FileResponse(
        file,
        media_type=clip.media_type,
        filename=f"alert-{alert_id}{file.suffix}",
        content_disposition_type="inline",
        headers={"Cache-Control": "private, no-store"},
    )


@router.get("/{alert_id}/{role}", response_class=Response)
async def picture(gateway: GatewayOf, caller: Seer, alert_id: str, role: Literal["snapshot", "probe"]) -> Response:
    """The frame that decided, or the face in it."""
    await addressed(gateway, caller, alert_id)
    return _jpeg(await gateway.store.pictures.read(alert_id, role))


def _tags(gateway: Gateway, user: User) -> frozenset[str]:
    if user.id == "local":  # the owner of the installation sees what any role sees
        return frozenset(f"role:{role.value}" for role in gateway.settings.alert_roles)
    return tags_of(user)


async def addressed(gateway: Gateway, caller: Caller, alert_id: str) -> Alert:
    """The alert, if it is addressed to the caller. Raises `NotFound`."""
    alert = await gateway.store.alerts.get(alert_id)
    if not _tags(gateway, caller.user).intersection(alert.audience):
        raise NotFound("alert", alert_id)
    return alert


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
