"""Who is on this picture?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, UploadFile

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.people_resources import IdentifiedFace, IdentifyResult, PersonRef
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.uploads import read_upload

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["identify"], responses={403: {"model": Denial}})


@router.post("/identify", responses={400: {"model": Denial}, 503: {"model": Denial}})
async def identify(
    gateway: GatewayOf, caller: Annotated[Caller, Depends(caller_with(Right.IDENTIFY))], image: UploadFile
) -> IdentifyResult:
    """Finds the faces of a picture and names those of the gallery. Nothing of the picture is kept."""
    analysis = await gateway.analyst.analyse(await read_upload(image, gateway.settings), identify=True)
    faces = []
    for face in analysis.faces:
        person = await gateway.directory.people.find(face.person_id)
        faces.append(
            IdentifiedFace(
                bbox=list(face.bbox),
                confidence=face.confidence,
                similarity=face.similarity,
                quality=face.quality,
                reasons=face.reasons,
                person=PersonRef(id=person.id, name=person.name) if person else None,
            )
        )
    await gateway.store.audit.record(
        actor=caller.user.name,
        action="identified",
        subject=(image.filename or "picture")[:200],
        detail=f"{len(faces)} faces",
        now_ms=gateway.clock.now_ms(),
    )
    return IdentifyResult(width=analysis.width, height=analysis.height, faces=faces)
