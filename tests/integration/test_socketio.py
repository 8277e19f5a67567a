"""`/socket.io/` with the real `socket.io-client`: the native protocol's types as events, over the same sessions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from sightline.accounts import Role
from sightline.deliveries.entry import Cursor
from tests.integration.gateway_app import JPEG, GatewayRun, RunningGateway, observation, picture
from tests.socketio_client import SocketIoClient, socketio_client

TRANSPORTS = pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)


async def identified(client: SocketIoClient, gateway: RunningGateway, token: str, **options: Any) -> dict[str, Any]:
    data = {"client_type": "frontend", "auth_token": token, "request_id": "hello"} | options.pop("identify", {})
    await client.connect(gateway.url, **options)
    await client.next("connection_established")
    await client.emit("client_identify", **data)
    answer: dict[str, Any] = await client.next("identification_success")
    return answer


@TRANSPORTS
async def test_client_identifies_and_is_answered(gateway: RunningGateway, transports: list[str]) -> None:
    _, token = await gateway.user("olga")
    async with socketio_client() as client:
        answer = await identified(client, gateway, token, transports=transports)
        assert (answer["authenticated"], answer["mode"], answer["request_id"]) == (True, "live", "hello")
        assert await client.next("alert_snapshot") == {"alerts": [], "offset": 0}
        assert await client.next("caught_up") == {"offset": 0}
        assert await client.next("bulk_status_update") == {"cameras": []}
        await client.emit("heartbeat", client_time=12, request_id="beat")
        beat = await client.next("heartbeat_ack")
        assert (beat["client_time"], beat["request_id"]) == (12, "beat")
        if len(transports) == 2:
            while not client.all("upgrade"):
                await client.hear()


@TRANSPORTS
async def test_alert_is_told_confirmed_taken_and_not_told_again(gateway: RunningGateway, transports: list[str]) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with socketio_client() as client, gateway.engine() as engine:
        await identified(client, gateway, token, transports=transports, identify={"device": "desk"})
        await engine.sees(person, camera)
        alert = await client.next("alert_triggered")
        assert alert["person"]["first_name"] == "Ada"
        to = (await client.next("position"))["to"]
        await client.emit("received", offset=to)
        await client.emit("ack", alert_id=alert["alert_id"], verdict="confirmed", request_id="mine")
        recorded = await client.next("recorded")
        assert (recorded["by"], recorded["first"], recorded["request_id"]) == ("olga", True, "mine")
        cursor: Cursor | None = None
        while cursor is None:
            cursor = await gateway.gateway.store.log.cursor(user.id, "desk")
        assert cursor.offset >= alert["offset"]
    async with socketio_client() as client:
        answer = await identified(client, gateway, token, transports=transports, identify={"device": "desk"})
        assert answer["mode"] == "resumed"
        await client.next("caught_up")
        assert client.all("alert_triggered") == []


async def test_order_is_kept_and_the_credit_too(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with socketio_client() as client, gateway.engine() as engine:
        await identified(client, gateway, token, transports=["websocket"])
        await engine.sees(person, camera, times=150)
        offsets: list[int] = []
        while len(offsets) < 150:
            name, data = await client.hear()
            if name == "alert_triggered":
                offsets.append(data["offset"])
            elif name == "position":
                await client.emit("received", offset=data["to"])
        assert offsets == sorted(set(offsets))


async def test_picture_is_an_event_with_its_header_and_bytes(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with socketio_client() as client, gateway.engine() as engine, gateway.engine_pictures() as pictures:
        await identified(client, gateway, token, transports=["websocket"])
        await client.emit("subscribe_camera", camera_id=camera.id, frames=True)
        await gateway.until(lambda: gateway.gateway.hub.watched([camera.id]))
        await gateway.until(lambda: gateway.gateway.engines.links[0].cameras)
        await engine.send(observation(camera.id, 7))
        await pictures.send(picture(camera.id, 7))
        header, content = await client.next("frame")
        assert (header["camera_id"], header["frame_id"]) == (camera.id, 7)
        assert content == {"bytes": len(JPEG), "start": "ffd8"}
        assert [faces["frame_id"] for faces in client.all("face_detection_result")] == [7]


@pytest.mark.parametrize("where", ["auth token", "auth ticket", "query ticket", "header"])
async def test_token_or_ticket_may_come_with_the_connection(gateway: RunningGateway, where: str) -> None:
    _, token = await gateway.user("olga")
    async with gateway.http(token) as http:
        ticket = (await http.post("/api/ws-ticket")).json()["ticket"]
    shown: dict[str, Any] = {
        "auth token": {"auth": {"token": token}},
        "auth ticket": {"auth": {"ticket": ticket}},
        "query ticket": {"query": {"ticket": ticket}},
        "header": {"extraHeaders": {"Authorization": f"Bearer {token}"}},
    }[where]
    async with socketio_client() as client:
        await client.connect(gateway.url, transports=["websocket"], **shown)
        await client.next("connection_established")
        await client.emit("client_identify", client_type="mobile_app")
        assert (await client.next("identification_success"))["client_type"] == "mobile_app"


async def test_bad_token_ends_the_session_for_good(gateway: RunningGateway) -> None:
    async with socketio_client() as client:
        await client.connect(gateway.url, transports=["websocket"])
        await client.next("connection_established")
        await client.emit("client_identify", client_type="frontend", auth_token="a.b.c")
        assert (await client.next("error"))["code"] == "AUTH_FAILED"
        assert (await client.next("session_closed"))["code"] == 4500
        assert await client.next("disconnect") == {"reason": "io server disconnect"}


async def test_wrong_events_name_the_field_and_the_connection_stays(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with socketio_client() as client:
        await identified(client, gateway, token, transports=["websocket"])
        await client.emit("toast")
        assert (await client.next("error"))["details"] == {"path": "type"}
        await client.emit("ack", request_id="1")
        error = await client.next("error")
        assert (error["details"], error["request_id"]) == ({"path": "data.alert_id"}, "1")
        await client.emit_value("ack", [1, 2])
        assert (await client.next("error"))["details"] == {"path": "data"}
        await client.emit("process_frame", frame="")
        assert (await client.next("error"))["code"] == "INVALID_IMAGE"
        for forged in ("connection", "reconnect"):
            await client.emit(forged, **{"asgi.scope": {"client": ["127.0.0.1", 1]}})
            assert (await client.next("error"))["details"] == {"path": "type"}


async def test_newer_connection_of_the_device_supersedes_across_dialects(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with socketio_client() as older, gateway.http() as http:
        await identified(older, gateway, token, transports=["websocket"], identify={"device": "desk"})
        (connection,) = (await http.get("/ws/connections")).json()["connections"]
        assert (connection["user_name"], connection["client_type"]) == ("olga", "frontend")
        assert connection["dialect"] == "socket.io"
        async with gateway.client(token, device="desk"):
            assert (await older.next("session_closed"))["code"] == 4502
            await older.next("disconnect")
    await gateway.until(lambda: not gateway.gateway.tickers)


async def test_changed_account_ends_the_session(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with socketio_client() as client, gateway.http() as http:
        await identified(client, gateway, token, transports=["polling"])
        (await http.patch(f"/api/users/{user.id}", json={"role": Role.VIEWER.value})).raise_for_status()
        assert (await client.next("session_closed"))["code"] == 4503


async def test_connection_limit_is_a_connect_error(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_connections": 1}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.client(token), socketio_client() as client:
        await client.connect(gateway.url, transports=["websocket"])
        refusal = await client.next("connect_error")
        assert refusal["data"] == {"code": "CONNECTION_LIMIT", "retry_after_s": 10}
        assert "retry_after_s" in refusal["message"]


async def test_connections_that_open_no_session_are_limited_too(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_connections": 2}
    gateway = await gateway_run.start()
    async with gateway.http(None) as http:
        path = "/socket.io/?EIO=4&transport=polling"
        assert [(await http.get(path)).status_code for _ in range(3)] == [200, 200, 503]
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.socket("/socket.io/?EIO=4&transport=websocket"):
            pass
    assert refused.value.response.status_code == 503


async def test_jsonp_is_refused(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        assert (await http.get("/socket.io/?EIO=4&transport=polling&j=0")).status_code == 400


async def test_garbage_over_polling_is_refused(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        path = "/socket.io/?EIO=4&transport=polling"
        for garbage in (b"\xff\xfe", b"", b"4" * 100, b"42[", b"\x1e".join([b"2"] * 1000), b"451-[]", b"9"):
            sid = json.loads((await http.get(path)).text[1:])["sid"]
            assert (await http.post(f"{path}&sid={sid}", content=garbage)).status_code in (200, 400)
            assert (await http.post(f"{path}&sid=nobody", content=garbage)).status_code == 400
        assert (await http.post(f"{path}&sid={sid}", content=b"4" * 2**21)).status_code == 413


async def test_client_that_leaves_is_gone(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with socketio_client() as client:
        await identified(client, gateway, token, transports=["websocket"])
        await client.close()
        await gateway.until(lambda: not gateway.gateway.tickers and not list(gateway.gateway.hub.clients))


async def test_connection_that_opens_no_session_is_ended(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"identify_timeout_s": 0.1}
    gateway = await gateway_run.start()
    async with gateway.socket("/socket.io/?EIO=4&transport=websocket") as socket:
        assert json.loads((await socket.recv())[1:])["sid"]
        async with asyncio.timeout(10):
            await socket.wait_closed()


async def test_client_cannot_call_what_the_library_calls(gateway: RunningGateway) -> None:
    """A client's own events named `connect` and `disconnect` reach the handlers of python-socketio."""
    async with gateway.socket("/socket.io/?EIO=4&transport=websocket") as socket:
        await socket.recv()
        await socket.send("40")
        while "connection_established" not in str(await socket.recv()):
            pass
        forged = {"asgi.scope": {"type": "http", "client": ["127.0.0.1", 1], "headers": [], "query_string": ""}}
        await socket.send("42" + json.dumps(["connect", forged]))
        await socket.send("42" + json.dumps(["connect"]))
        await socket.send("42" + json.dumps(["heartbeat", {"client_time": 5}]))
        async with asyncio.timeout(10):
            while "heartbeat_ack" not in str(await socket.recv()):
                pass
        assert len(gateway.gateway.tickers) == 1


async def test_slow_client_does_not_fill_the_memory(gateway: RunningGateway) -> None:
    """The log waits on disk: little is put into the library's unbounded queue while the client does not read."""
    _, token = await gateway.user("olga")
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as http:
        path = "/socket.io/?EIO=4&transport=polling"
        sid = json.loads((await http.get(path)).text[1:])["sid"]
        await http.post(f"{path}&sid={sid}", content="40")
        identify = json.dumps(["client_identify", {"client_type": "frontend", "auth_token": token}])
        await http.post(f"{path}&sid={sid}", content="42" + identify)
        await gateway.until(lambda: list(gateway.gateway.hub.clients))
        for _ in range(300):
            gateway.gateway.hub.broadcast("camera_online", {"camera_id": "x", "status": "online"})
        await asyncio.sleep(0.2)
        answer = (await http.get(f"{path}&sid={sid}")).text
        assert 0 < answer.count("camera_online") <= 40
        told, until_s = answer.count("camera_online"), time.monotonic() + 20
        while told < 300 and time.monotonic() < until_s:
            told += (await http.get(f"{path}&sid={sid}")).text.count("camera_online")
        assert told == 300
        with contextlib.suppress(httpx.HTTPError):
            await http.post(f"{path}&sid={sid}", content="1")
