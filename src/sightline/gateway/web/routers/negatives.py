""""Not this person": said of an alert or a sighting, obeyed by every engine from then on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from sightline.accounts import Right
from sightline.gateway.web.access import Caller, GatewayOf, caller_with
from sightline.gateway.web.past_resources import NegativeOut, NewRejection
from sightline.gateway.past.rejections import negative_out, reject_alert, reject_sighting, undo
from sightline.gateway.web.resources import Denial
from sightline.gateway.web.routers.alerts import addressed

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["past"], responses={403: {"model": Denial}, 409: {"model": Denial}})
Seer = Annotated[Caller, Depends(caller_with(Right.SEE_PEOPLE))]
Manager = Annotated[Caller, Depends(caller_with(Right.MANAGE_PEOPLE))]


@router.post("/negatives", status_code=201)
async def reject(gateway: GatewayOf, caller: Manager, rejection: NewRejection) -> NegativeOut:
    """Remembers that the face of an alert or a sighting is not this person's. A face that is nearer to it than to the
    person's photographs is not called by their name again; the sighting, if it named them, names nobody now."""
    if rejection.alert_id is not None:
        await addressed(gateway, caller, rejection.alert_id)
        return await reject_alert(gateway, caller, rejection.alert_id)
    assert rejection.sighting_id is not None and rejection.person_id is not None
    return await reject_sighting(gateway, caller, rejection.sighting_id, rejection.person_id)


@router.get("/people/{person_id}/negatives")
async def list_negatives(gateway: GatewayOf, caller: Seer, person_id: str) -> list[NegativeOut]:
    """What was said not to be this person, oldest first."""
    return [await negative_out(gateway, negative) for negative in await gateway.store.negatives.list(person_id)]


@router.delete("/negatives/{negative_id}")
async def undo_rejection(gateway: GatewayOf, caller: Manager, negative_id: str) -> NegativeOut:
    """Takes it back; a sighting that lost its name by it has it again."""
    return await undo(gateway, caller, negative_id)
