"""Recordings at a gateway: what engines have is listed, and a piece handed through to whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from sightline.events.footage import (
    FindFootage,
    FootageListed,
    FootagePiece,
    FootageSpan,
    FootageSpans,
    ListFootage,
    SendFootage,
)
from tests.integration.gateway_app import START_MS, RunningGateway, ScriptedEngine

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


def disk_of_one_piece(camera_id: str) -> Callable[[FindFootage], FootageSpans]:
    """An engine's answers that has recorded 5 MB of this camera."""
    left = [FootageSpan(starts_at=START_MS, ends_at=START_MS + 30_000, pieces=1, size_bytes=5_000_000)]

    def answer(asked: FindFootage) -> FootageSpans:
        found = {camera_id: list(left)} if left and camera_id in asked.within else {}
        if asked.delete and found:
            left.clear()
            return FootageSpans(request_id=asked.request_id, deleted=1)
        return FootageSpans(request_id=asked.request_id, spans=found)

    return answer


async def test_who_is_erased_is_told_what_still_shows_them_and_may_delete_it(gateway: RunningGateway) -> None:
    camera, ada, ben = await gateway.camera(), await gateway.wanted(), await gateway.wanted("Ben")
    _, operator = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http() as admin, gateway.http(operator) as olga:
        engine.recorded = disk_of_one_piece(camera.id)
        for person in (ada, ben):
            await engine.sees(person, camera)
        shown = (await olga.get(f"/api/people/{ada.id}/footage")).json()
        (asked,) = engine.all(FindFootage)
        ((since, until),) = asked.within[camera.id]
        assert not asked.delete
        assert until - since == 20_000, "an event is a moment, with some seconds before and after"
        (span,) = shown["spans"]
        assert (span["camera"], span["starts_at"], span["ends_at"]) == (camera.name, START_MS, START_MS + 30_000)
        assert (shown["pieces"], shown["size_bytes"]) == (1, 5_000_000)
        assert (shown["unreached_engines"], shown["seen"]) == ([], [])

        assert (await olga.delete(f"/api/people/{ada.id}", params={"footage": True})).status_code == 403
        receipt = (await olga.delete(f"/api/people/{ada.id}")).json()
        assert (receipt["recordings"], receipt["footage"]["spans"]) == (0, [span]), "it shows others too, and stays"
        assert not any(one.delete for one in engine.all(FindFootage))
        receipt = (await admin.delete(f"/api/people/{ben.id}", params={"footage": True})).json()
        assert (receipt["recordings"], receipt["footage"]["spans"], receipt["events"]) == (1, [], 1)
        audit = [one for one in (await admin.get("/api/audit")).json() if one["action"] == "person_erased"]
        assert [one["detail"] for one in audit] == [
            "1 references, 1 pieces of recordings", "1 references, 0 pieces of recordings"
        ]  # fmt: skip


async def test_of_an_engine_that_is_away_only_the_times_are_known(gateway: RunningGateway) -> None:
    camera, ada = await gateway.camera(), await gateway.wanted()
    await gateway.token_of("barn")
    async with gateway.engine() as engine:
        await engine.sees(ada, camera)
        async with gateway.http() as http:
            receipt = (await http.delete(f"/api/people/{ada.id}", params={"footage": True})).json()
    assert receipt["footage"]["unreached_engines"] == ["barn"]
    (seen,) = receipt["footage"]["seen"]
    assert (seen["camera"], seen["ends_at"] - seen["starts_at"]) == (camera.name, 20_000)


async def test_what_a_camera_recorded_is_deleted(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    path, times = f"/api/cameras/{camera.id}/footage", {"from": START_MS, "to": START_MS + 1}
    async with gateway.http() as http:
        assert (await http.delete(path, params=times)).json()["unreached_engines"] == ["local"]
        async with gateway.engine() as engine:
            engine.recorded = disk_of_one_piece(camera.id)
            answer = (await http.delete(path, params=times)).json()
            assert answer == {"camera_id": camera.id, "deleted": 1, "left": 0, "unreached_engines": []}
            assert (await http.delete(path, params={"from": 2, "to": 2})).status_code == 422
            assert [asked.within for asked in engine.all(FindFootage)] == [{camera.id: [(START_MS, START_MS + 1)]}]
        details = [one["detail"] for one in (await http.get("/api/audit")).json() if one["action"] == "footage_deleted"]
        assert details == [f"{number} pieces from {START_MS} to {START_MS + 1}" for number in (1, 0)]
