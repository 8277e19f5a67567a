"""Faces and bodies on pictures, without names: the REST half of what `/ws` does."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Form, HTTPException, UploadFile
from pydantic import BaseModel, Field

from sightline.accounts import Right
from sightline.deliveries.pushed import FrameSettings, frame_error
from sightline.exceptions import ImageError, SightlineError
from sightline.gateway.web.access import GatewayOf, anonymous_or
from sightline.gateway.pushed.frame_desk import PushedFrame
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.uploads import read_upload

__all__ = ["CrowdAnalysis", "Detection", "Detections", "FoundBox", "FrameAlert", "Outcome", "router"]

router = APIRouter(prefix="/api", tags=["analysis"], responses={403: {"model": Denial}})

MAX_IMAGES = 64
LANES = 2
"""Pictures of one request that are under way at a time: as many turns has a request among those who push frames."""

log = structlog.get_logger(__name__)


class FoundBox(BaseModel):
    """A face or a body; `bbox` is `[x1, y1, x2, y2]` in pixels of the picture."""

    bbox: list[float]
    confidence: float


class CrowdAnalysis(BaseModel):
    """How many people there are, and which share of the picture they cover."""

    face_count: int
    body_count: int
    crowd_level: str
    density_score: float


class FrameAlert(BaseModel):
    """A remark on the picture."""

    type: str
    message: str
    level: str


class Detection(BaseModel):
    """What a picture shows. `missing` names what could not be looked for, and why."""

    faces: list[FoundBox]
    bodies: list[FoundBox]
    crowd_analysis: CrowdAnalysis
    alerts: list[FrameAlert]
    processing_time: float = Field(description="Seconds in the engine.")
    timestamp: int
    width: int
    height: int
    missing: dict[str, str] = {}


class Outcome(BaseModel):
    """What became of one picture: `event` is `detection_result` or `error`, `data` as on `/ws`."""

    filename: str
    event: str
    data: dict[str, Any]


class Detections(BaseModel):
    """The outcomes, in the order of the pictures."""

    results: list[Outcome]


@router.post("/detect", responses={401: {"model": Denial}, 422: {"model": Denial}, 503: {"model": Denial}})
async def detect(
    gateway: GatewayOf,
    allowed: Annotated[None, Depends(anonymous_or(Right.ANALYSE))],
    image: UploadFile | None = None,
    images: list[UploadFile] | None = None,
    confidence_threshold: Annotated[float | None, Form(ge=0, le=1, allow_inf_nan=False)] = None,
    crowd_threshold: Annotated[float | None, Form(ge=0, allow_inf_nan=False)] = None,
) -> Detection | Detections:
    """Finds faces and bodies, and says how many people there are. Nothing of a picture is kept.

    One picture in the field `image` is answered by what it shows; pictures in `images` by a list, in their order, where
    one that is bad costs the others nothing.
    """
    settings = FrameSettings(confidence_threshold=confidence_threshold, crowd_threshold=crowd_threshold)
    if (image is None) == (not images):
        raise HTTPException(422, "send one picture as `image`, or some as `images`")
    if image is not None:
        return Detection.model_validate(await _detected(gateway, image, settings, f"rest-{secrets.token_hex(8)}"))
    assert images
    if len(images) > MAX_IMAGES:
        raise HTTPException(422, f"at most {MAX_IMAGES} pictures at a time")
    return Detections(results=await _all_of(gateway, images, settings))


async def _all_of(gateway: Gateway, images: list[UploadFile], settings: FrameSettings) -> list[Outcome]:
    request = f"rest-{secrets.token_hex(8)}"
    outcomes: dict[int, Outcome] = {}
    left = iter(enumerate(images))

    async def lane(client: str) -> None:
        for index, image in left:
            outcomes[index] = await _outcome(gateway, image, settings, client)

    async with asyncio.TaskGroup() as lanes:
        for number in range(min(LANES, len(images))):
            lanes.create_task(lane(f"{request}-{number}"))
    return [outcomes[index] for index in range(len(images))]


async def _outcome(gateway: Gateway, image: UploadFile, settings: FrameSettings, client: str) -> Outcome:
    name = (image.filename or "picture")[:200]
    try:
        data = await _detected(gateway, image, settings, client, background=True)
    except ImageError as problem:
        return Outcome(filename=name, event="error", data=frame_error(problem.code, str(problem)))
    except SightlineError as problem:
        failed = frame_error("PROCESSING_ERROR", "Failed to process frame", str(problem))
        return Outcome(filename=name, event="error", data=failed)
    return Outcome(filename=name, event="detection_result", data=data)


async def _detected(
    gateway: Gateway, image: UploadFile, settings: FrameSettings, client: str, *, background: bool = False
) -> dict[str, Any]:
    content = await read_upload(image, gateway.settings)
    try:
        result = await gateway.frames.desk.push(client, PushedFrame(content, settings), background=background)
    finally:
        gateway.frames.desk.leave(client)
    del result["frame_timestamp"]  # nobody gave one
    return result
