"""Every message of the five programs that this one replaces, in every dialect in which they had it.

The tables are written from those programs' own documents: what a client says is what is written there and no more, and
of what it is told at least the fields that it reads there are demanded.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from sightline.accounts import Role
from sightline.service.gateway import engine_token
from tests.integration.gateway_app import GatewayRun, NativeClient, RunningGateway
from tests.socketio_client import SocketIoClient, socketio_client

CAMERA = "cam_001"
SOURCE = "rtsp://camera.example/stream"
FACE = {"bbox": [1, 2, 30, 40], "confidence": 0.9}


class Speaker(Protocol):
    """A client of one of the two dialects that have these messages."""

    async def say(self, type: str, data: dict[str, Any]) -> None: ...
    async def hear(self, type: str) -> dict[str, Any]: ...


@dataclass
class Native:
    """Over `/ws/v1`."""

    client: NativeClient

    async def say(self, type: str, data: dict[str, Any]) -> None:
        await self.client.send(type, **data)

    async def hear(self, type: str) -> dict[str, Any]:
        return await self.client.data(type)


@dataclass
class SocketIo:
    """Over the real `socket.io-client`."""

    client: SocketIoClient

    async def say(self, type: str, data: dict[str, Any]) -> None:
        await self.client.emit_value(type, data)

    async def hear(self, type: str) -> dict[str, Any]:
        return dict(await self.client.next(type))


@contextlib.asynccontextmanager
async def speaker(gateway: RunningGateway, dialect: str, client_type: str, token: str) -> AsyncIterator[Speaker]:
    async with contextlib.AsyncExitStack() as stack:
        one: Speaker
        if dialect == "native":
            client = NativeClient(await stack.enter_async_context(gateway.socket("/ws/v1")))
            one = Native(client)
        else:
            io = await stack.enter_async_context(socketio_client())
            await io.connect(gateway.url)
            one = SocketIo(io)
        established = await one.hear("connection_established")
        assert established["client_id"]
        await one.say("client_identify", {"client_type": client_type, "auth_token": token})
        assert (await one.hear("identification_success"))["authenticated"] is True
        yield one


@dataclass(frozen=True)
class Exchange:
    """Who says what, who hears what of it, and the fields that must be in it."""

    who: str
    type: str
    data: dict[str, Any]
    hears: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


REQUEST = {"camera_id": CAMERA, "rtsp_url": SOURCE, "quality": "hd", "request_id": "r1"}
PIPELINE = [
    Exchange("page", "heartbeat", {}, [("page", "heartbeat_ack", {})]),
    Exchange("engine", "heartbeat", {}, [("engine", "heartbeat_ack", {})]),
    Exchange(
        "page", "stream_start_request", REQUEST,
        [
            ("page", "stream_start_success", {"camera_id": CAMERA, "quality": "hd", "request_id": "r1"}),
            ("engine", "start_stream_processing", {"camera_id": CAMERA, "rtsp_url": SOURCE, "quality": "hd"}),
        ],
    ),
    Exchange("page", "subscribe_camera", {"camera_id": CAMERA}),
    Exchange("page", "heartbeat", {}, [("page", "heartbeat_ack", {})]),
    Exchange(
        "engine", "ai_detection_result",
        {"camera_id": CAMERA, "detections": [{"label": "package", "confidence": 0.8, "bbox": [1, 2, 3, 4]}]},
        [("page", "ai_detection_result", {"camera_id": CAMERA})],
    ),
    Exchange(
        "engine", "face_detection_result",
        {"camera_id": CAMERA, "faces": [FACE, FACE | {"is_known": True, "name": "Ada"}]},
        [("page", "face_detection_result", {"camera_id": CAMERA})],
    ),
    Exchange(
        "engine", "alert_triggered",
        {"alert_id": "1", "type": "unknown_person", "severity": "critical", "camera_id": CAMERA},
        [("page", "alert_triggered", {"type": "unknown_person", "severity": "critical"})],
    ),
    Exchange(
        "page", "stream_quality_change", {"camera_id": CAMERA, "new_quality": "sd", "request_id": "r2"},
        [
            ("page", "quality_change_success", {"camera_id": CAMERA, "request_id": "r2"}),
            ("engine", "change_stream_quality", {"camera_id": CAMERA, "new_quality": "sd"}),
        ],
    ),
    Exchange(
        "page", "stream_stop_request", {"camera_id": CAMERA, "quality": "sd", "request_id": "r3"},
        [
            ("page", "stream_stop_success", {"camera_id": CAMERA, "quality": "sd", "request_id": "r3"}),
            ("engine", "stop_stream_processing", {"camera_id": CAMERA}),
        ],
    ),
    Exchange(
        "page", "stream_start_request", {"camera_id": "nowhere", "quality": "hd", "request_id": "r4"},
        [("page", "stream_start_error", {"camera_id": "nowhere", "request_id": "r4"})],
    ),
    Exchange("page", "stream_start_request", {"quality": "hd"}, [("page", "error", {"code": "INVALID_MESSAGE"})]),
]  # fmt: skip
"""The pipeline of pages, a server and an engine, with its own names and fields."""


@pytest.mark.parametrize("dialect", ["native", "socketio"])
async def test_the_pipeline_of_pages_and_an_engine(gateway: RunningGateway, dialect: str) -> None:
    _, admin = await gateway.user("ada", Role.ADMIN)
    async with speaker(gateway, dialect, "frontend", admin) as page:
        token = await engine_token(gateway.gateway, "pipeline")
        async with speaker(gateway, dialect, "ai_engine", token) as engine:
            status = await page.hear("ai_engine_status")
            assert (status["engine_id"], status["status"]) == ("pipeline", "connected")
            speakers = {"page": page, "engine": engine}
            for exchange in PIPELINE:
                await speakers[exchange.who].say(exchange.type, exchange.data)
                for who, type, wanted in exchange.hears:
                    heard = await speakers[who].hear(type)
                    assert wanted.items() <= heard.items(), (exchange.type, heard)
        assert (await page.hear("ai_engine_status"))["status"] == "disconnected"


async def test_the_alerts_of_one_user(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client, gateway.engine() as engine:
        await client.say("ping", timestamp="2026-11-20T12:00:00Z")
        assert (await client.next("pong"))["timestamp"]
        await engine.sees(person, camera)
        anomaly = await client.next("anomaly_detected")
        assert anomaly.keys() >= {"type", "stream_id", "result", "frame"}
        assert anomaly["stream_id"] == camera.id
        await client.say("ack", stream_id=anomaly["stream_id"])
        store = gateway.gateway.store
        alert_id = anomaly["result"]["alert_id"]
        while (await store.alerts.get(alert_id)).by is None:
            await client.say("ping")
            await client.next("pong")
        async with gateway.http() as http:
            connections = (await http.get("/ws/connections")).json()
            one = (await http.get(f"/ws/connections/{user.id}")).json()
        assert connections["total_connections"] == 1
        wanted = {"user_id", "connected", "uptime_seconds", "last_heartbeat", "seconds_since_heartbeat"}
        assert connections["connections"][0].keys() >= wanted and one.keys() >= wanted
        assert (one["user_id"], one["connected"]) == (user.id, True)


async def test_the_pages_and_phones_in_the_field(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"anonymous_dialects": True}
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with contextlib.AsyncExitStack() as stack:
        page, phone = [await stack.enter_async_context(gateway.socket("/ws/field")) for _ in range(2)]
        await page.send(json.dumps({"latitude": 40.9983, "longitude": 71.67257, "state": "web"}))
        await phone.send(json.dumps({"latitude": 52.5, "longitude": 13.4, "state": "apk"}))
        await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == 2)
        await phone.send(json.dumps({"any": ["thing"]}))
        for hearer in (page, phone):
            assert json.loads(await hearer.recv()) == {"echo": {"any": ["thing"]}}
        engine = await stack.enter_async_context(gateway.engine())
        await engine.sees(person, camera)
        for hearer, event in ((page, "all_clients"), (phone, "nearest_client")):
            alert = json.loads(await hearer.recv())
            assert alert["event"] == event
            assert alert["context"].keys() == {
                "id", "first_name", "last_name", "age", "description", "url", "camera"
            }  # fmt: skip


async def test_what_is_asked_over_http(gateway: RunningGateway) -> None:
    asked: dict[str, dict[str, Any]] = {
        "/health": {"status": str, "timestamp": str},
        "/api/health": {
            "status": str, "version": str,
            "websocket": {
                "enhanced_server": bool, "connected_clients": int, "messages_processed": int,
                "ai_engine_connected": bool, "uptime": int,
            },
        },
        "/api/stats": {
            "active_connections": int, "total_frames_processed": int, "average_processing_time": float, "uptime": int,
        },
    }  # fmt: skip
    async with gateway.http() as http:
        for path, shape in asked.items():
            _has_shape((await http.get(path)).json(), shape, path)


def _has_shape(value: Any, shape: Any, where: str) -> None:
    if isinstance(shape, dict):
        assert value.keys() >= shape.keys(), where
        for name, part in shape.items():
            _has_shape(value[name], part, f"{where} {name}")
    else:
        assert type(value) is shape, where


async def test_a_port_of_its_own_answers_health_and_plays_streams(gateway_run: GatewayRun, free_port: int) -> None:
    gateway_run.settings = {"listen": f"{free_port}=socketio"}
    gateway = await gateway_run.start()
    gateway.url = f"http://127.0.0.1:{free_port}"
    async with gateway.http(None) as http:
        assert (await http.get("/api/health")).json()["status"] == "Server is running"
        assert (await http.get("/api/cameras/x/stream.mjpeg")).status_code == 401
