"""Recordings at a gateway: what engines have is listed, and a piece handed through to whoever asks."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from sightline.events.footage import FootageListed, FootagePiece, ListFootage, SendFootage
from tests.integration.gateway_app import RunningGateway, ScriptedEngine

VIDEO = bytes(range(256)) * 4096
AT_MS = 1_767_265_200_000


async def answered(gateway: RunningGateway, engine: ScriptedEngine, asking: Any, answer: FootageListed) -> Any:
    """What a request is answered with once the engine has answered."""
    asked = asyncio.create_task(asking)
    await engine.until(lambda: engine.all(ListFootage))
    request = engine.all(ListFootage)[-1]
    await engine.send(FootageListed(request_id=request.request_id, pieces=answer.pieces, stopped=answer.stopped))
    return await asked


async def test_what_an_engine_has_is_listed(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.http() as http:
        path = f"/api/cameras/{camera.id}/footage"
        assert (await http.get(path)).status_code == 503
        view = {"record": True}
        assert (await http.put(f"/api/cameras/{camera.id}/view", json=view)).json()["record"] is True
        async with gateway.engine() as engine:
            piece = FootagePiece(starts_at=AT_MS, duration_ms=30_000, size_bytes=7)
            listed = await answered(
                gateway,
                engine,
                http.get(path, params={"from": AT_MS, "to": AT_MS + 60_000}),
                FootageListed(request_id="", pieces=[piece], stopped="only 3 MB are free on the disk"),
            )
            asked = engine.all(ListFootage)[-1]
            assert (asked.camera_id, asked.since, asked.until) == (camera.id, AT_MS, AT_MS + 60_000)
        answer = listed.json()
        assert (answer["recording"], answer["stopped"]) == (True, "only 3 MB are free on the disk")
        (shown,) = answer["pieces"]
        assert (shown["starts_at"], shown["duration_ms"], shown["media_type"]) == (AT_MS, 30_000, "video/mp4")
        assert shown["url"] == f"{path}/{AT_MS}?engine=local"
        assert (await http.get(shown["url"])).status_code == 503, "its engine is away"
        assert (await http.get("/api/cameras/none/footage")).status_code == 404


async def test_a_piece_is_handed_through_and_who_looked_is_recorded(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, viewer = await gateway.user("vera")
    headers = {"Content-Type": "video/mp4"}
    async with gateway.engine() as engine, gateway.http(viewer) as http, gateway.http(gateway.engine_token) as machine:
        url = f"/api/cameras/{camera.id}/footage/{AT_MS}?engine=local"
        asking = asyncio.create_task(http.get(url))
        await engine.until(lambda: engine.all(SendFootage))
        request = engine.all(SendFootage)[-1]
        assert (request.camera_id, request.starts_at) == (camera.id, AT_MS)
        there = f"/api/engine/footage/{request.request_id}"
        assert (await machine.put(there, content=VIDEO, headers={"Content-Type": "text/html"})).status_code == 415
        async with gateway.http(None) as stranger:
            assert (await stranger.put(there, content=VIDEO, headers=headers)).status_code == 401
        putting = asyncio.create_task(machine.put(there, content=VIDEO, headers=headers))
        answer: httpx.Response = await asking
        assert (answer.status_code, answer.content == VIDEO) == (200, True)
        assert answer.headers["content-type"] == "video/mp4"
        assert (await putting).status_code == 204
        assert (await machine.put(there, content=VIDEO, headers=headers)).status_code == 404, "nobody waits any more"

        asking = asyncio.create_task(http.get(url))
        await engine.until(lambda: len(engine.all(SendFootage)) == 2)
        await engine.send(FootageListed(request_id=engine.all(SendFootage)[-1].request_id))
        assert (await asking).status_code == 404
    async with gateway.http() as admin:
        looks = [one for one in (await admin.get("/api/audit")).json() if one["action"] == "footage_viewed"]
    assert [(one["actor"], one["subject"], one["detail"]) for one in looks] == [("vera", camera.id, str(AT_MS))]
