"""Clips at a gateway: put by engines, seen by whom the alert is addressed to."""

from __future__ import annotations

from typing import Any

import httpx

from sightline.events.fact import Accepted, ClipRef
from tests.integration.gateway_app import START_MS, GatewayRun, RunningGateway, identified

VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 400


def ref(blob_id: str = "clip-1") -> ClipRef:
    return ClipRef(blob_id=blob_id, starts_at=START_MS - 5_000, offset_ms=5_040)


async def put(gateway: RunningGateway, blob_id: str = "clip-1", data: bytes = VIDEO, **changed: Any) -> httpx.Response:
    async with gateway.http(gateway.engine_token) as machine:
        return await machine.put(
            f"/api/engine/blobs/{blob_id}",
            content=data,
            **({"headers": {"Content-Type": "video/mp4"}, "params": {"duration_ms": 15_200}} | changed),
        )


async def test_a_clip_from_the_fact_to_the_player(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, operator = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(operator) as http:
        await engine.tell(identified(person.id, camera.id, 0, clip=ref()))
        assert engine.all(Accepted)[-1].clip is True
        (alert,) = (await http.get("/api/alerts")).json()["alerts"]
        path = f"/api/alerts/{alert['alert_id']}/clip"
        awaited = (await http.get(path)).json()
        assert awaited["clip_url"] is None
        assert (awaited["clip_starts_at"], awaited["event_offset_ms"]) == (START_MS - 5_000, 5_040)
        assert (await http.get(f"{path}/video")).status_code == 404

        assert (await put(gateway)).status_code == 204
        there = (await http.get(path)).json()
        assert (there["state"], there["media_type"], there["duration_ms"]) == ("ready", "video/mp4", 15_200)
        assert there["size_bytes"] == len(VIDEO)
        whole = await http.get(there["clip_url"])
        assert (whole.content, whole.headers["content-type"]) == (VIDEO, "video/mp4")
        part = await http.get(there["clip_url"], headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, VIDEO[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(VIDEO)}"
        assert whole.headers["cache-control"] == "private, no-store"
    async with gateway.http() as admin:
        looks = [one for one in (await admin.get("/api/audit")).json() if one["action"] == "clip_viewed"]
    seen = [(one["actor"], one["subject"]) for one in looks]
    assert seen == [("olga", alert["alert_id"])], "a seek is no second look"


async def test_clips_that_are_not_taken(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"clip_upload_mb": 1}
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    assert (await put(gateway, "clip-9")).status_code == 404
    async with gateway.engine() as engine:
        await engine.tell(identified(person.id, camera.id, 0, clip=ref()))
        assert (await put(gateway, data=bytes(2**20 + 1))).status_code == 413
        assert (await put(gateway, headers={"Content-Type": "video/quicktime"})).status_code == 415
        assert (await put(gateway, params={"duration_ms": "1" * 40})).status_code == 204
        async with gateway.http() as http:
            (alert,) = (await http.get("/api/alerts")).json()["alerts"]
            await gateway.gateway.store.clips.prune(10**15, most=10)
            assert (await http.get(f"/api/alerts/{alert['alert_id']}/clip")).json()["state"] == "none"
        await engine.tell(identified("nobody-we-know", camera.id, 1, clip=ref("clip-2")))
        assert engine.all(Accepted)[-1].clip is False
    assert (await put(gateway, "clip-2")).status_code == 404
    async with gateway.http(None) as stranger:
        answer = await stranger.put("/api/engine/blobs/clip-1", content=VIDEO, headers={"Content-Type": "video/mp4"})
        assert answer.status_code == 401
