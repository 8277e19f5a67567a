"""`/ws/v1` against a real gateway: who may connect, what they are told, and that nothing is lost or told twice."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from sightline.accounts import Role
from sightline.deliveries.entry import Cursor
from sightline.events.alert import Alert, AlertState
from sightline.events.engine_link import CameraReport
from sightline.exceptions import Unavailable
from sightline.gateway.delivery import beginning, sender
from tests.integration.gateway_app import JPEG, GatewayRun, RunningGateway, deaf_client, observation, picture

LIMIT_ENTRIES = 100


# ── who may connect ──


async def test_client_identifies_by_its_first_message(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.newcomer() as client:
        greeting = client.heard[0]["data"]
        assert greeting["heartbeat_interval"] == 30_000
        assert greeting["supported_protocols"] == ["sightline.v1"]
        await client.send("client_identify", id="7", client_type="frontend", auth_token=token, device="desk")
        answer = await client.next("identification_success")
        assert answer["id"] == "7"
        assert answer["data"]["authenticated"] is True
        assert answer["data"]["client_id"] == greeting["client_id"]
        assert answer["data"]["mode"] == "live"
        assert await client.data("alert_snapshot") == {"alerts": [], "offset": 0}
        assert await client.data("caught_up") == {"offset": 0}
        assert await client.data("bulk_status_update") == {"cameras": []}
        (connected,) = gateway.gateway.hub.clients
        assert (connected.user_id, connected.device, connected.client_type) == (user.id, "desk", "frontend")


async def test_client_identifies_by_the_header(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.newcomer(additional_headers={"Authorization": f"Bearer {token}"}) as client:
        await client.send("client_identify", client_type="desktop_app")
        assert (await client.data("identification_success"))["client_type"] == "desktop_app"


@pytest.mark.parametrize("kind", ["none", "garbage", "expired", "of another server", "of a disabled user"])
async def test_bad_token_is_refused_for_good(gateway: RunningGateway, tmp_path: Any, kind: str) -> None:
    user, token = await gateway.user("olga")
    tokens: dict[str, str | None] = {"none": None, "garbage": "a.b.c"}
    if kind == "expired":
        tokens[kind] = gateway.gateway.tokens.issue(user, signed_in_ms=user.created_at_ms - 11 * 3_600_000)[0]
        gateway.gateway.tokens._clock = _Later(60 * 60_000)
    elif kind == "of another server":
        async with GatewayRun(tmp_path / "other") as run:
            tokens[kind] = (await run.start()).gateway.tokens.issue(user)[0]
    elif kind == "of a disabled user":
        tokens[kind] = token
        await gateway.gateway.store.users.update(user.id, disabled=True)
    sent = tokens[kind]
    async with gateway.newcomer() as client:
        data = {"client_type": "frontend"} | ({"auth_token": sent} if sent else {})
        await client.send("client_identify", id="1", **data)
        refusal = await client.next("error")
        assert refusal["data"]["code"] == "AUTH_FAILED"
        assert refusal["data"]["request_id"] == refusal["id"] == "1"
        assert (await client.closed())[0] == 4500


async def test_unknown_client_type_may_try_again(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.newcomer() as client:
        await client.send("client_identify", client_type="toaster", auth_token=token)
        error = await client.data("error")
        assert error["code"] == "INVALID_CLIENT_TYPE"
        assert error["details"] == {"path": "data.client_type"}
        await client.send("client_identify", client_type="mobile_app", auth_token=token)
        await client.next("identification_success")


async def test_client_that_never_says_who_it_is_is_closed(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"identify_timeout_s": 0.1}
    gateway = await gateway_run.start()
    async with gateway.newcomer() as client:
        assert (await client.closed())[0] == 4501
        assert client.all("error")[-1]["code"] == "AUTH_FAILED"


async def test_silent_client_is_asked_and_then_closed(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        (session,) = gateway.gateway.tickers
        now_ms = gateway.gateway.clock.now_ms()
        session.tick(now_ms + 31_000)
        assert "server_time" in await client.data("heartbeat")
        session.tick(now_ms + 61_000)
        assert (await client.closed())[0] == 4003


async def test_heartbeat_is_answered_with_its_id(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        await client.send("heartbeat", id="beat", client_time=12)
        answer = await client.next("heartbeat_ack")
        assert (answer["id"], answer["data"]["client_time"]) == ("beat", 12)


async def test_connection_limit_is_said_and_lifted(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_connections": 2}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with (
        gateway.client(token),
        gateway.client(token),
        connect(f"{gateway.ws_url}/ws/v1", proxy=None) as refused,
    ):
        assert json.loads(await refused.recv())["data"]["code"] == "CONNECTION_LIMIT"
        await refused.wait_closed()
        assert refused.close_code == 4004
        assert "retry_after_s" in (refused.close_reason or "")
    await gateway.until(lambda: not gateway.gateway.tickers)
    async with gateway.client(token):
        pass


async def test_newer_connection_of_a_device_supersedes_the_older(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with (
        gateway.client(token, device="desk") as older,
        gateway.client(token, device="phone") as other,
        gateway.client(token, device="desk") as newer,
    ):
        assert (await older.closed())[0] == 4502
        for client in (newer, other):
            await client.send("heartbeat")
            await client.next("heartbeat_ack")


async def test_of_connections_that_come_at_once_one_stays(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")

    async def stay() -> int:
        async with gateway.client(token, device="desk") as client:
            return (await client.closed())[0]

    stays = [asyncio.create_task(stay()) for _ in range(6)]
    await gateway.until(lambda: sum(task.done() for task in stays) == 5)
    (left,) = [task for task in stays if not task.done()]
    assert [task.result() for task in stays if task is not left] == [4502] * 5
    (client,) = gateway.gateway.hub.clients
    client.end(4000, "enough")
    assert await left == 4000


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.VIEWER}], ids=["disabled", "another role"])
async def test_changed_account_ends_its_sessions(gateway: RunningGateway, change: dict[str, Any]) -> None:
    user, token = await gateway.user("olga")
    async with gateway.client(token) as client, gateway.http() as http:
        body = {name: getattr(value, "value", value) for name, value in change.items()}
        (await http.patch(f"/api/users/{user.id}", json=body)).raise_for_status()
        assert (await client.closed())[0] == 4503


async def test_account_that_stays_as_it_is_keeps_its_sessions(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.client(token) as client, gateway.http() as http:
        (await http.patch(f"/api/users/{user.id}", json={"role": "operator"})).raise_for_status()
        await client.send("heartbeat")
        await client.next("heartbeat_ack")


async def test_token_is_refreshed_in_band(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    _, another = await gateway.user("otto")
    async with gateway.client(token) as client:
        newer, claims = gateway.gateway.tokens.issue(user)
        await client.send("refresh", id="r", auth_token=newer)
        answer = await client.next("refreshed")
        assert (answer["id"], answer["data"]) == ("r", {"expires_at": claims.expires_ms})
        await client.send("refresh", id="s", auth_token=another)
        assert (await client.next("error"))["id"] == "s"
        assert (await client.closed())[0] == 4500


async def test_expired_token_closes_the_session_after_its_grace(gateway: RunningGateway) -> None:
    await gateway.user("olga")
    user = await gateway.gateway.store.users.by_name("olga")
    assert user is not None
    now_ms = gateway.gateway.clock.now_ms()
    nearly_over, claims = gateway.gateway.tokens.issue(user, signed_in_ms=now_ms - 12 * 3_600_000 + 3_000)
    async with gateway.client(nearly_over) as client:
        (session,) = gateway.gateway.tickers
        session.tick(claims.expires_ms + 24_999)
        await client.send("heartbeat")
        await client.next("heartbeat_ack")
        session.tick(claims.expires_ms + 25_000)
        assert (await client.closed())[0] == 4001


# ── what is refused ──


async def test_malformed_json_closes(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        await client.socket.send('{"type": "heartbeat", ')
        assert (await client.closed())[0] == 4501
        assert client.all("error")[-1]["code"] == "INVALID_MESSAGE"


async def test_wrong_message_names_the_field_and_the_connection_stays(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        for message, path in [
            ({"type": "sing", "id": "1"}, "type"),
            ({"id": "1", "data": {}}, "type"),
            ({"type": "received", "id": "1", "data": {}}, "data.offset"),
            ({"type": "received", "id": "1", "data": {"offset": -1}}, "data.offset"),
            ({"type": "received", "id": "1", "data": {"offset": 10**40}}, "data.offset"),
            ({"type": "received", "id": "1", "data": {"offset": 1}}, "data.offset"),
            ({"type": "ack", "id": "1", "data": {"alert_id": "a", "verdict": "maybe"}}, "data.verdict"),
            ({"type": "ack", "id": "1", "data": {"alert_id": "none"}}, "data.alert_id"),
            ({"type": "subscribe_camera", "id": "1", "data": {"camera_id": "none"}}, "data.camera_id"),
        ]:
            await client.socket.send(json.dumps(message))
            error = await client.next("error")
            assert (error["id"], error["data"]["request_id"]) == ("1", "1"), message
            assert error["data"]["details"]["path"] == path, message
        await client.socket.send(b"\x00\x01")
        assert "binary" in (await client.data("error"))["message"]
        await client.send("heartbeat")
        await client.next("heartbeat_ack")


async def test_message_before_identification_is_refused(gateway: RunningGateway) -> None:
    async with gateway.newcomer() as client:
        await client.send("subscribe_camera", id="1", camera_id="*")
        error = await client.next("error")
        assert (error["id"], error["data"]["code"]) == ("1", "INVALID_MESSAGE")


async def test_client_that_asks_faster_than_it_is_answered_is_not_thrown_out(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        for number in range(2_000):
            await client.send("heartbeat", id=str(number))
        answered = [(await client.next("heartbeat_ack"))["id"] for _ in range(2_000)]
        assert answered == [str(number) for number in range(2_000)]


async def test_role_without_cameras_may_not_subscribe(gateway: RunningGateway) -> None:
    _, token = await gateway.user("rita", Role.RESPONDER)
    async with gateway.client(token) as client:
        await client.send("subscribe_camera", id="1", camera_id="*")
        error = await client.next("error")
        assert (error["id"], error["data"]["code"]) == ("1", "FORBIDDEN")


# ── observations and pictures ──


async def test_picture_follows_the_observation_of_its_frame(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted("Ada")
    async with gateway.client(token) as client, gateway.engine() as engine, gateway.engine_pictures() as pictures:
        await client.send("subscribe_camera", camera_id=camera.id, frames=True)
        await engine.until(lambda: any(type(told).__name__ == "Watch" for told in engine.told))
        for first in ("observation", "picture"):  # two connections: either may be first
            frame_id = {"observation": 5, "picture": 6}[first]
            if first == "picture":
                await pictures.send(picture(camera.id, frame_id))
                await gateway.until(lambda: gateway.gateway.hub._early)
            await engine.send(observation(camera.id, frame_id, person_id=person.id))
            if first == "observation":
                await client.next("face_detection_result")
                await pictures.send(picture(camera.id, frame_id))
            header, jpeg = await client.picture()
            shown = client.all("face_detection_result")[-1]
            assert (header["frame_id"], shown["frame_id"]) == (frame_id, frame_id)
            assert jpeg == JPEG
            (face,) = shown["faces"]
            assert (face["name"], face["is_known"], face["bbox"]) == ("Ada Lovelace", True, [10, 20, 30, 50])
            assert (shown["width"], shown["height"], shown["source"]) == (640, 480, "local")
        assert len(client.all("face_detection_result")) == 2


async def test_who_does_not_look_is_sent_nothing(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with gateway.client(token) as client, gateway.client(token) as looker, gateway.engine() as engine:
        await engine.until(lambda: any(type(told).__name__ == "Assign" for told in engine.told))
        await client.next("caught_up")
        await looker.send("subscribe_camera", camera_id=camera.id)
        await looker.send("heartbeat")
        await looker.next("heartbeat_ack")
        await engine.send(observation(camera.id, 1))
        await looker.next("face_detection_result")
        await looker.send("unsubscribe_camera", camera_id=camera.id)
        await looker.send("heartbeat")
        await looker.next("heartbeat_ack")
        await engine.send(observation(camera.id, 2), observation(camera.id, 3))
        await gateway.until(lambda: gateway.gateway.metrics.observations._value.get() == 3)
        await looker.silent()
        assert client.all("face_detection_result") == []


async def test_max_fps_is_kept_for_each_client(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with gateway.client(token) as fast, gateway.client(token) as slow, gateway.engine() as engine:
        await engine.until(lambda: any(type(told).__name__ == "Assign" for told in engine.told))
        await fast.send("subscribe_camera", camera_id="*")
        await slow.send("subscribe_camera", camera_id="*", max_fps=0.01)
        for client in (fast, slow):
            await client.send("heartbeat")
            await client.next("heartbeat_ack")
        for frame_id in range(1, 6):
            await engine.send(observation(camera.id, frame_id))
            assert (await fast.data("face_detection_result"))["frame_id"] == frame_id
        await slow.send("heartbeat")
        await slow.next("heartbeat_ack")
        await slow.silent()
        assert [shown["frame_id"] for shown in slow.all("face_detection_result")] == [1]


async def test_camera_states_are_told(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with gateway.client(token) as client:
        (state,) = (await client.data("bulk_status_update"))["cameras"]
        assert (state["camera_id"], state["status"]) == (camera.id, "offline")
        async with gateway.engine() as engine:
            assert (await client.data("ai_engine_status"))["status"] == "connected"
            assert (await client.data("stream_status_update"))["status"] == "connecting"
            report = CameraReport(camera_id=camera.id, state="online", reason="", since=7, fps=25.0)
            await engine.send(report, report)
            assert (await client.data("stream_status_update"))["status"] == "online"
            assert (await client.data("camera_online"))["camera_id"] == camera.id
        assert (await client.data("ai_engine_status"))["status"] == "disconnected"
        gone = await client.data("stream_status_update")
        assert (gone["status"], gone["reason"]) == ("offline", gateway.gateway.engines.why_none)


# ── alerts: told, confirmed, resumed ──


async def test_alert_is_told_confirmed_and_not_told_again(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        async with gateway.client(token, device="desk") as client:
            await engine.sees(person, camera)
            alert = await client.data("alert_triggered")
            assert (alert["type"], alert["severity"], alert["state"]) == ("watchlist_match", "critical", "open")
            assert alert["camera"] == {"id": camera.id, "name": "Front door", "latitude": 52.5, "longitude": 13.4}
            assert alert["person"]["first_name"] == "Ada"
            assert alert["why"]["rule"] == "watch_list"
            assert await client.data("position") == {"from": 0, "to": alert["offset"]}
            await client.send("received", offset=alert["offset"])
            await _stored(gateway, user.id, "desk", alert["offset"])
        await engine.sees(person, camera, 2)
        async with gateway.client(token, device="desk") as client:
            assert client.heard[-1]["data"]["mode"] == "resumed"
            caught_up = await client.data("caught_up")
            assert [told["offset"] for told in client.all("alert_triggered")] == [2, 3]
            assert [(told["from"], told["to"]) for told in client.all("position")] == [(1, 3)]
            assert caught_up == {"offset": 3}
            assert client.all("alert_snapshot") == []


async def test_what_was_not_confirmed_is_told_again(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        async with gateway.client(token, device="desk") as client:
            await engine.sees(person, camera, 3)
            for _ in range(3):
                await client.next("alert_triggered")
            await client.send("received", offset=1)
            await client.send("heartbeat")
            await client.next("heartbeat_ack")
        async with gateway.client(token, device="desk") as client:
            await client.next("caught_up")
            assert [told["offset"] for told in client.all("alert_triggered")] == [2, 3]


async def test_client_resumes_exactly_where_it_says(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    epoch = (await gateway.gateway.store.log.bounds()).epoch
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 5)
        for offset in range(6):
            async with gateway.client(token, resume={"epoch": epoch, "offset": offset}) as client:
                assert (
                    client.heard[-1]["data"] | {"mode": "resumed", "epoch": epoch, "offset": 5}
                    == (client.heard[-1]["data"])
                )
                await client.next("caught_up")
                assert [told["offset"] for told in client.all("alert_triggered")] == list(range(offset + 1, 6))


async def test_new_device_is_given_what_is_open(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 3)
        first, *_ = await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
        await gateway.gateway.store.alerts.acknowledge(first.id, by=user.id, verdict=None, now_ms=1)
        async with gateway.client(token, device="new") as client:
            assert client.heard[-1]["data"]["mode"] == "live"
            snapshot = await client.data("alert_snapshot")
            assert [alert["offset"] for alert in snapshot["alerts"]] == [1, 2]
            assert snapshot["offset"] == 4
            await client.next("caught_up")
            assert client.all("alert_triggered") == []
            await engine.sees(person, camera)
            assert (await client.data("alert_triggered"))["offset"] == 5
            assert await client.data("position") == {"from": 4, "to": 5}


async def test_many_open_alerts_come_in_parts_before_everything_later(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "PART_BYTES", 1)
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    alert = gateway.gateway.views.alert
    raised: list[asyncio.Task[None]] = []

    async def view(one: Alert) -> dict[str, Any]:
        if one.offset == 2:  # while the parts are being made, the log grows
            raised.append(asyncio.create_task(engine.sees(person, camera)))
            await gateway.until(lambda: gateway.gateway.hub.top == 4)
        return await alert(one)

    async with gateway.engine() as engine:
        await engine.sees(person, camera, 3)
        monkeypatch.setattr(gateway.gateway.views, "alert", view)
        async with gateway.client(token, device="new") as client:
            await client.next("alert_triggered")
            parts = client.all("alert_snapshot")
            assert [[told["offset"] for told in part["alerts"]] for part in parts] == [[1], [2], [3]]
            assert [(part["offset"], part.get("more")) for part in parts] == [(3, True), (3, True), (3, None)]
            assert [told["offset"] for told in client.all("alert_triggered")] == [4]
            order = [message["type"] for message in client.heard]
            assert order.index("caught_up") > len(order) - 1 - order[::-1].index("alert_snapshot")
        await asyncio.gather(*raised)


async def test_a_snapshot_is_made_no_faster_than_it_is_read(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "PART_BYTES", 1)
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    alert = gateway.gateway.views.alert
    made: list[int] = []

    async def view(one: Alert) -> dict[str, Any]:
        made.append(one.offset)
        return await alert(one) | {"note": "x" * 100_000}

    async with gateway.engine() as engine:
        await engine.sees(person, camera, 60)
        monkeypatch.setattr(gateway.gateway.views, "alert", view)
        with await deaf_client(gateway, token) as _:
            await gateway.until(lambda: len(made) > 2)
            for _ in range(20):
                await asyncio.sleep(0.005)
            assert len(made) < 40, "the client takes nothing"


async def test_device_that_confirmed_only_a_snapshot_is_known(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        async with gateway.client(token, device="new") as client:
            await client.send("received", offset=(await client.data("alert_snapshot"))["offset"])
            await client.send("heartbeat")
            await client.next("heartbeat_ack")
        await engine.sees(person, camera)
        (alert,) = await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
        await gateway.gateway.store.alerts.acknowledge(alert.id, by=user.id, verdict=None, now_ms=1)
        async with gateway.client(token, device="new") as client:
            assert client.heard[-1]["data"]["mode"] == "resumed"
            assert (await client.data("alert_triggered"))["alert_id"] == alert.id, "though it is not open any more"


@pytest.mark.parametrize("kind", ["another epoch", "beyond the top", "below the floor"])
async def test_gap_is_said_and_filled_with_a_snapshot(gateway: RunningGateway, kind: str) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    log = gateway.gateway.store.log
    epoch = (await log.bounds()).epoch
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 2)
        if kind == "below the floor":
            await log.prune(gateway.gateway.clock.now_ms() + 1)
            await engine.sees(person, camera, 1)
        resume = {
            "another epoch": {"epoch": "before-the-restore", "offset": 1},
            "beyond the top": {"epoch": epoch, "offset": 3},
            "below the floor": {"epoch": epoch, "offset": 0},
        }[kind]
        async with gateway.client(token, resume=resume) as client:
            assert client.heard[-1]["data"]["mode"] == "gap"
            snapshot = await client.data("alert_snapshot")
            still_open = await gateway.gateway.store.alerts.list(
                tags=frozenset({"role:operator"}), states=[AlertState.OPEN]
            )
            assert {alert["alert_id"] for alert in snapshot["alerts"]} == {alert.id for alert in still_open}
            assert still_open


async def test_client_that_never_confirms_is_sent_no_more_than_its_credit(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.client(token) as client:
        await client.next("bulk_status_update")
        await engine.sees(person, camera, LIMIT_ENTRIES + 30)
        for _ in range(LIMIT_ENTRIES):
            await client.next("alert_triggered")
        assert (await client.data("position"))["to"] == LIMIT_ENTRIES
        await client.silent()
        await client.send("received", offset=client.all("position")[0]["to"])
        freed = client.all("position")[0]["to"]
        for _ in range(min(30, freed)):
            await client.next("alert_triggered")
        offsets = [told["offset"] for told in client.all("alert_triggered")]
        assert offsets == list(range(1, len(offsets) + 1))


async def test_positions_join_and_never_skip_what_is_for_the_client(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"alert_roles": ("admin",)}
    gateway = await gateway_run.start()
    _, admin = await gateway.user("anna", Role.ADMIN)
    _, operator = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.client(admin) as client, gateway.client(operator) as other:
        for _ in range(4):
            await engine.sees(person, camera)
            await client.next("position")
        joins = [(told["from"], told["to"]) for told in client.all("position")]
        assert joins == [(0, 1), (1, 2), (2, 3), (3, 4)]
        await other.next("bulk_status_update")
        (session,) = [client for client in gateway.gateway.hub.clients if client.user_name == "olga"]
        await gateway.until(lambda: session._log.cursor == 4)  # type: ignore[attr-defined]
        session.tick(gateway.gateway.clock.now_ms() + 31_000)  # type: ignore[attr-defined]
        assert await other.data("position") == {"from": 0, "to": 4}
        assert other.all("alert_triggered") == []


# ── trouble ──


async def test_client_that_takes_nothing_is_let_go_and_misses_nothing(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "STALLED_MS", 200)
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    epoch = (await gateway.gateway.store.log.bounds()).epoch
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
        with await deaf_client(gateway, token):
            await gateway.until(lambda: gateway.gateway.hub.of_user(user.id))
            await engine.until(lambda: any(type(told).__name__ == "Watch" for told in engine.told))
            for frame_id in range(1, 21):
                await engine.send(observation(camera.id, frame_id))
                await pictures.send(picture(camera.id, frame_id) + bytes(1_000_000))
                await asyncio.sleep(0.01)  # or all but the newest would be replaced before it is sent
            await engine.sees(person, camera, 2)
            await gateway.until(lambda: not gateway.gateway.tickers)
            assert gateway.gateway.hub.of_user(user.id) == []
        async with gateway.client(token, resume={"epoch": epoch, "offset": 0}) as client:
            await client.next("caught_up")
            assert [told["offset"] for told in client.all("alert_triggered")] == [1, 2]


async def test_store_in_trouble_is_said_and_the_session_goes_on(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    store = gateway.gateway.store

    async def disk_full(*_: Any, **__: Any) -> Any:
        raise Unavailable("the disk is full")

    acknowledge, advance = store.alerts.acknowledge, store.log.advance
    async with gateway.engine() as engine, gateway.client(token, device="desk") as client:
        await engine.sees(person, camera)
        alert = await client.data("alert_triggered")
        await client.next("position")
        store.alerts.acknowledge = store.log.advance = disk_full  # type: ignore[method-assign]
        await client.send("received", offset=1)
        await client.send("ack", id="a", alert_id=alert["alert_id"])
        error = await client.next("error")
        assert (error["id"], error["data"]["code"]) == ("a", "PROCESSING_ERROR")
        assert "disk is full" in error["data"]["message"]
        store.alerts.acknowledge, store.log.advance = acknowledge, advance  # type: ignore[method-assign]
        await client.send("ack", id="b", alert_id=alert["alert_id"])
        assert (await client.next("recorded"))["id"] == "b"
        while 2 not in [position["to"] for position in client.all("position")]:
            await client.hear()
        await client.send("received", offset=2)
        await _stored(gateway, user.id, "desk", 2)


async def test_newcomer_is_asked_to_come_back_while_the_store_is_in_trouble(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")

    async def broken(*_: Any) -> Any:
        raise Unavailable("the disk refuses to read")

    gateway.gateway.store.log.bounds = broken  # type: ignore[method-assign]
    async with gateway.newcomer() as client:
        await client.send("client_identify", client_type="frontend", auth_token=token)
        code, reason = await client.closed()
        assert code == 4004
        assert "retry_after_s" in reason


async def test_account_that_changes_while_it_signs_in_does_not_stay(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    store = gateway.gateway.store
    really_bounds = store.log.bounds

    async def meanwhile() -> Any:
        await store.users.update(user.id, disabled=True)
        gateway.gateway.changes.user(user.id)
        return await really_bounds()

    store.log.bounds = meanwhile  # type: ignore[method-assign]
    async with gateway.newcomer() as client:
        await client.send("client_identify", client_type="frontend", auth_token=token)
        assert (await client.closed())[0] == 4503


# ── taking an alert ──


async def test_first_to_acknowledge_has_it_and_everybody_is_told(gateway: RunningGateway) -> None:
    _, olga = await gateway.user("olga")
    _, otto = await gateway.user("otto")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.client(olga) as first, gateway.client(otto) as second:
        await engine.sees(person, camera)
        alert = await first.data("alert_triggered")
        await second.next("alert_triggered")
        await first.send("ack", id="a", alert_id=alert["alert_id"], verdict="confirmed")
        recorded = await first.next("recorded")
        assert recorded["id"] == "a"
        assert (
            recorded["data"] | {"state": "acknowledged", "by": "olga", "verdict": "confirmed", "first": True}
            == (recorded["data"])
        )
        for client in (first, second):
            update = await client.heard_or_next("alert_updated")
            assert (update["alert_id"], update["state"], update["by"]) == (alert["alert_id"], "acknowledged", "olga")
            assert (update["offset"], update["escalation_level"]) == (2, 0)
            assert update["at"] == recorded["data"]["at"]
        await second.send("ack", id="b", alert_id=alert["alert_id"], verdict="rejected")
        late = await second.next("recorded")
        assert (late["id"], late["data"]["by"], late["data"]["first"]) == ("b", "olga", False)
        assert late["data"]["verdict"] == "confirmed"


async def test_viewer_sees_but_cannot_take_an_alert(gateway: RunningGateway) -> None:
    _, token = await gateway.user("vera", Role.VIEWER)
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.client(token) as client:
        await engine.sees(person, camera)
        alert = await client.data("alert_triggered")
        await client.send("ack", id="a", alert_id=alert["alert_id"])
        error = await client.next("error")
        assert (error["id"], error["data"]["code"]) == ("a", "FORBIDDEN")
        assert (await gateway.gateway.store.alerts.get(alert["alert_id"])).state is AlertState.OPEN


async def test_alert_of_other_roles_is_neither_told_nor_taken(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"alert_roles": ("admin",)}
    gateway = await gateway_run.start()
    _, admin = await gateway.user("anna", Role.ADMIN)
    _, operator = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine, gateway.client(admin) as told, gateway.client(operator) as other:
        await engine.sees(person, camera)
        alert = await told.data("alert_triggered")
        await other.send("ack", id="a", alert_id=alert["alert_id"])
        assert (await other.next("error"))["data"]["code"] == "INVALID_MESSAGE"
        assert other.all("alert_triggered") == []


async def test_renamed_person_has_the_new_name_in_what_is_told_again(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    resume = {"epoch": (await gateway.gateway.store.log.bounds()).epoch, "offset": 0}
    async with gateway.engine() as engine, gateway.http() as http:
        await engine.sees(person, camera)
        for name in ("Ada", "Augusta"):
            (await http.patch(f"/api/people/{person.id}", json={"first_name": name})).raise_for_status()
            async with gateway.client(token, resume=resume) as client:
                assert (await client.data("alert_triggered"))["person"]["first_name"] == name


async def _stored(gateway: RunningGateway, user_id: str, device: str, offset: int) -> None:
    async with asyncio.timeout(10):
        while True:
            cursor = await gateway.gateway.store.log.cursor(user_id, device)
            if isinstance(cursor, Cursor) and cursor.offset == offset:
                return
            await asyncio.sleep(0.01)


class _Later:
    """A clock that is ahead of the machine's."""

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def monotonic_s(self) -> float:
        return time.monotonic()
