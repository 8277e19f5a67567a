"""What gateways behind one address ask of each other, and nobody else."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from sightline.events import engine_link as link
from sightline.events.still import Analyse, Draw
from sightline.gateway.engines.engine_analyst import PATIENCE_S
from sightline.gateway.web.access import CallerOf, GatewayOf

__all__ = ["PATH", "router"]

router = APIRouter()

PATH = "/api/siblings/ask"


@router.post(PATH, include_in_schema=False)
async def ask(
    request: Request, gateway: GatewayOf, caller: CallerOf, timeout_s: Annotated[float, Query(gt=0, le=120)]
) -> Response:
    """An engine's answer to a request of a gateway that has no engine: both as on the link to engines."""
    if not caller.is_local:
        raise HTTPException(403, "this is between the gateways of one server")
    try:
        asked = link.decode_gateway_message(await request.body())
    except msgspec.DecodeError as problem:
        raise HTTPException(400, str(problem)) from None
    if not isinstance(asked, Analyse | Draw | link.ProbeSource):
        raise HTTPException(400, "this is nothing that engines are asked by way of another gateway")
    engine = await gateway.engines.least_loaded(PATIENCE_S)
    answer = await engine.ask(asked, timeout_s)
    return Response(link.encode(answer), media_type="application/msgpack")
