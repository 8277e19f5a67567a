"""`/api/health`, `/api/stats`, cross-origin REST, and the figures of deliveries for Prometheus."""

from __future__ import annotations

import msgspec
import pytest

from sightline.accounts import Role
from sightline.events import engine_link as link
from tests.integration.gateway_app import GatewayRun, RunningGateway, observation


async def test_health_is_public_and_in_the_words_of_its_clients(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.http(None) as http, gateway.client(token) as client, gateway.engine():
        await client.send("heartbeat")
        await client.next("heartbeat_ack")
        answer = await http.get("/api/health")
        assert answer.status_code == 200
        body = answer.json()
        uptime = body["websocket"].pop("uptime")
        assert body == {
            "status": "Server is running",
            "websocket": {
                "enhanced_server": True,
                "connected_clients": 1,
                "messages_processed": 2,
                "ai_engine_connected": True,
            },
            "version": gateway.gateway.version,
        }
        assert 0 <= uptime <= gateway.gateway.clock.now_ms() - gateway.gateway.started_at_ms
        assert isinstance(uptime, int)


async def test_health_without_engine_or_clients(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        figures = (await http.get("/api/health")).json()["websocket"]
        assert (figures["connected_clients"], figures["ai_engine_connected"]) == (0, False)


async def test_stats_are_in_the_words_of_their_clients(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("olga")
    async with gateway.http(token) as http, gateway.client(token), gateway.engine() as engine:
        await gateway.until(lambda: gateway.gateway.engines.links[0].cameras)
        for number, spent_ms in ((1, 40.0), (2, 50.0)):
            await engine.send(msgspec.structs.replace(observation(camera.id, number), processing_ms=spent_ms))
        await engine.send(link.Status(load=0.1, cameras=1, spool_facts=0, spool_bytes=0))
        await gateway.until(lambda: gateway.gateway.engines.links[0].status)
        answer = (await http.get("/api/stats")).json()
        assert answer.pop("uptime") >= 0
        assert answer == {"active_connections": 1, "total_frames_processed": 2, "average_processing_time": 0.045}


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.OPERATOR, 200), (Role.VIEWER, 403)])
async def test_stats_are_for_those_who_see_the_system(gateway: RunningGateway, role: Role, status: int) -> None:
    _, token = await gateway.user("olga", role)
    async with gateway.http(token) as http:
        assert (await http.get("/api/stats")).status_code == status


async def test_stats_without_a_token_only_where_the_administrator_said_so(gateway_run: GatewayRun) -> None:
    gateway = await gateway_run.start()
    async with gateway.http(None) as http:
        assert (await http.get("/api/stats")).status_code == 401
    await gateway_run.stop()
    gateway_run.settings = {"anonymous_dialects": True}
    gateway = await gateway_run.start()
    async with gateway.http(None) as http:
        assert (await http.get("/api/stats")).status_code == 200
    async with gateway.http("a.b.c") as http:
        assert (await http.get("/api/stats")).status_code == 401


async def test_pages_of_allowed_origins_may_use_rest(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"allowed_origins": "https://wall.example, https://other.example/"}
    gateway = await gateway_run.start()
    asked = {
        "Origin": "https://wall.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    async with gateway.http(None) as http:
        preflight = await http.options("/api/cameras/1", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://wall.example"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        for origin in ("https://wall.example", "https://other.example"):
            answer = await http.get("/api/health", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in answer.headers
        refused = await http.get("/api/cameras", headers={"Origin": "https://wall.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://wall.example")
        polling = await http.get("/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://wall.example"})
        assert polling.headers["access-control-allow-origin"] == "https://wall.example"


async def test_pages_of_other_origins_may_not(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        for origin in ("https://evil.example", "null"):
            answer = await http.get("/api/health", headers={"Origin": origin})
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers


async def test_deliveries_are_counted_by_how_far_they_came(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.client(token, device="desk") as client, gateway.engine() as engine:
        await engine.sees(person, camera, times=3)
        alerts = [await client.data("alert_triggered") for _ in range(3)]
        to = 0
        while to < alerts[-1]["offset"]:
            to = (await client.data("position"))["to"]
        before = await _figures(gateway)
        assert before['sightline_deliveries_total{state="sent"}'] == 3
        assert before["sightline_oldest_undelivered_alert_seconds"] > 0
        assert before["sightline_fanout_seconds_count"] > 0
        await client.send("received", offset=to)
        await client.send("ack", alert_id=alerts[0]["alert_id"])
        await client.next("recorded")
        after = await _figures(gateway)
        assert after['sightline_deliveries_total{state="received"}'] == 3
        assert after['sightline_deliveries_total{state="acknowledged"}'] == 1


async def test_nothing_is_undelivered_when_everything_was_confirmed(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.client(token) as client, gateway.engine() as engine:
        await engine.sees(person, camera)
        await client.send("received", offset=(await client.data("position"))["to"])
        await client.send("heartbeat")
        await client.next("heartbeat_ack")
        assert (await _figures(gateway))["sightline_oldest_undelivered_alert_seconds"] == 0


async def _figures(gateway: RunningGateway) -> dict[str, float]:
    async with gateway.http() as http:
        text = (await http.get("/metrics")).raise_for_status().text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}
