"""`/ws/alerts/{user_id}` to the letter, and `/ws/connections`."""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from sightline.accounts import Role
from sightline.events.alert import AlertState
from tests.integration.gateway_app import JPEG, GatewayRun, RunningGateway, identified

ANOMALY = "anomaly_detected"
OPERATORS = frozenset({"role:operator"})


def _anomalies(heard: list[dict[str, Any]]) -> list[str]:
    return [message["result"]["alert_id"] for message in heard if message["type"] == ANOMALY]


async def _cursor(gateway: RunningGateway, user_id: str) -> int | None:
    cursor = await gateway.gateway.store.log.cursor(user_id, "ws-alerts")
    return cursor.offset if cursor is not None else None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ws/alerts/{olga}", 401),
        ("/ws/alerts/{olga}?token=nonsense", 401),
        ("/ws/alerts/{otto}?token={token}", 403),
        ("/ws/alerts/nobody?token={token}", 403),
    ],
)
async def test_wrong_token_is_refused_before_the_upgrade(gateway: RunningGateway, path: str, status: int) -> None:
    olga, token = await gateway.user("olga")
    otto, _ = await gateway.user("otto")
    with pytest.raises(InvalidStatus) as refusal:
        async with gateway.socket(path.format(olga=olga.id, otto=otto.id, token=token)):
            pass
    assert refusal.value.response.status_code == status


async def test_expired_and_void_tokens_are_refused(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    now_ms = gateway.gateway.clock.now_ms()
    hours_ms = 12 * 3_600_000
    almost, _ = gateway.gateway.tokens.issue(user, signed_in_ms=now_ms - hours_ms + 900)  # rounds to "expired"
    await asyncio.sleep(1)
    await gateway.gateway.store.users.update(user.id, disabled=True)
    for refused in (almost, token):
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.alerts_client(user, refused):
                pass
        assert refusal.value.response.status_code == 401


async def test_token_may_come_in_the_header_and_the_name_in_the_path(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.socket(f"/ws/alerts/{user.name}", additional_headers=headers):
        await gateway.until(lambda: gateway.gateway.hub.of_user(user.id))


async def test_alert_comes_with_its_picture(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.alerts_client(user, token) as client:
        async with gateway.http(gateway.engine_token) as http:
            (await http.put("/api/engine/blobs/snap-1", content=JPEG)).raise_for_status()
        await engine.tell(identified(person.id, camera.id, 1, blobs={"snapshot": "snap-1"}))
        message = await client.next(ANOMALY)
        assert message["stream_id"] == camera.id
        assert base64.b64decode(message["frame"]) == JPEG
        result = message["result"]
        assert (result["type"], result["person"]["first_name"]) == ("watchlist_match", "Ada")
        assert result["camera"]["id"] == camera.id


async def test_both_sides_may_ping(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client:
        await client.say("ping", timestamp="2026-01-01T00:00:00Z")
        datetime.fromisoformat((await client.next("pong"))["timestamp"])
        (session,) = gateway.gateway.tickers
        now_ms = gateway.gateway.clock.now_ms()
        session.tick(now_ms + 29_000)
        await client.silent()
        session.tick(now_ms + 31_000)
        datetime.fromisoformat((await client.next("ping"))["timestamp"])
        await client.say("pong", timestamp="2026-01-01T00:00:00Z")
        session.tick(now_ms + 59_000)
        await client.silent()


async def test_client_that_answers_nothing_is_closed(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"heartbeat_interval_s": 1}
    gateway = await gateway_run.start()
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client:
        assert (await client.closed())[0] == 4003


async def test_pong_moves_the_cursor_to_what_was_sent_before_the_ping(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.alerts_client(user, token) as client:
        await client.say("pong")  # to nothing: moves nothing
        await engine.sees(person, camera, 2)
        for _ in range(2):
            await client.next(ANOMALY)
        (session,) = gateway.gateway.tickers
        session.tick(gateway.gateway.clock.now_ms() + 31_000)
        await client.next("ping")
        await engine.sees(person, camera)
        await client.next(ANOMALY)
        assert await _cursor(gateway, user.id) is None
        await client.say("pong")
        await client.say("ping")
        await client.next("pong")  # answered after what came before it
        assert await _cursor(gateway, user.id) == 2


async def test_what_nobody_acknowledged_comes_again_once(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        async with gateway.alerts_client(user, token) as client:
            await engine.sees(person, camera, 3)
            for _ in range(3):
                await client.next(ANOMALY)
            first, second, third = _anomalies(client.heard)
            (session,) = gateway.gateway.tickers
            session.tick(gateway.gateway.clock.now_ms() + 31_000)
            await client.next("ping")
            await client.say("pong")
            await client.say("ack", stream_id=camera.id, alert_id=second)
            await client.say("ping")
            await client.next("pong")
        await engine.sees(person, camera)
        async with gateway.alerts_client(user, token) as client:
            for _ in range(3):
                await client.next(ANOMALY)
            await client.silent()
            shown = _anomalies(client.heard)
            assert shown[:2] == [first, third]
            assert shown[2] not in (first, second, third)


async def test_more_open_alerts_than_any_queue_holds_come_again(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 1_100)
    async with gateway.alerts_client(user, token) as client:
        for _ in range(1_100):
            await client.next(ANOMALY)
        assert len(set(_anomalies(client.heard))) == 1_100
        await client.say("ping")
        await client.next("pong")


async def test_ack_of_a_stream_takes_every_alert_that_came_from_it(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    here, there, person = await gateway.camera(), await gateway.camera("Back door"), await gateway.wanted()
    async with gateway.engine() as engine, gateway.alerts_client(user, token) as client:
        await engine.sees(person, here, 2)
        await engine.sees(person, there)
        for _ in range(3):
            await client.next(ANOMALY)
        await client.say("ack", stream_id=here.id)
        await client.say("ping")
        await client.next("pong")
        alerts = await gateway.gateway.store.alerts.list(tags=OPERATORS)
        taken = {alert.camera_id: (alert.state, alert.by) for alert in alerts}
        assert taken == {here.id: (AlertState.ACKNOWLEDGED, user.id), there.id: (AlertState.OPEN, None)}
        await client.say("ack", stream_id=here.id, alert_id="none")
        assert "was not sent here" in (await client.next("error"))["data"]["message"]


async def test_viewer_is_told_but_takes_nothing(gateway: RunningGateway) -> None:
    user, token = await gateway.user("vera", Role.VIEWER)
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.alerts_client(user, token) as client:
        await engine.sees(person, camera)
        await client.next(ANOMALY)
        for _ in range(2):
            await client.say("ack", stream_id=camera.id)
            assert (await client.next("error"))["data"]["code"] == "FORBIDDEN"
        (alert,) = await gateway.gateway.store.alerts.list(tags=OPERATORS)
        assert alert.state is AlertState.OPEN


async def test_newer_connection_of_a_user_supersedes_the_older(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as older:
        await gateway.until(lambda: gateway.gateway.hub.of_user(user.id))
        async with gateway.alerts_client(user, token) as newer:
            assert (await older.closed())[0] == 4502
            await newer.say("ping")
            await newer.next("pong")


async def test_wrong_messages(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client:
        for wrong in ('{"type": "sing"}', '{"type": "ack"}', "[]", '{"type": "ack", "stream_id": 5}'):
            await client.socket.send(wrong)
            assert (await client.next("error"))["data"]["code"] == "INVALID_MESSAGE"
        await client.socket.send("{")
        assert (await client.closed())[0] == 4501


async def test_changed_account_ends_the_connection(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client, gateway.http() as http:
        await gateway.until(lambda: gateway.gateway.hub.of_user(user.id))
        (await http.patch(f"/api/users/{user.id}", json={"disabled": True})).raise_for_status()
        assert (await client.closed())[0] == 4503


async def test_connection_limit(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_connections": 1}
    gateway = await gateway_run.start()
    user, token = await gateway.user("olga")
    async with gateway.client(token):
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.alerts_client(user, token):
                pass
        assert refusal.value.response.status_code == 503


async def test_connections_are_listed_for_administrators(gateway: RunningGateway) -> None:
    olga, token = await gateway.user("olga")
    otto, _ = await gateway.user("otto")
    _, admin = await gateway.user("anna", Role.ADMIN)
    async with gateway.alerts_client(olga, token), gateway.client(token), gateway.http(admin) as http:
        await gateway.until(lambda: len(gateway.gateway.hub.of_user(olga.id)) == 2)
        listed = (await http.get("/ws/connections")).json()
        assert listed["total_connections"] == 2
        assert sorted(entry["client_type"] for entry in listed["connections"]) == ["alerts", "frontend"]
        assert sorted(entry["dialect"] for entry in listed["connections"]) == ["ws/alerts", "ws/v1"]
        for entry in listed["connections"]:
            assert entry["user_id"] == olga.id
            assert entry["connected"] is True
            assert {"uptime_seconds", "last_heartbeat", "seconds_since_heartbeat"} <= entry.keys()
        assert (await http.get(f"/ws/connections/{olga.id}")).json()["connected"] is True
        assert (await http.get(f"/ws/connections/{otto.id}")).json() == {"user_id": otto.id, "connected": False}
        assert (await http.get("/ws/connections/nobody")).status_code == 404
    async with gateway.http(token) as http:
        assert (await http.get("/ws/connections")).status_code == 403
