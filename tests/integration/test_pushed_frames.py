"""`/ws` and `POST /api/detect`: frames in, what they show out; whose turn it is; who may; what is refused."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.accounts import Role
from sightline.deliveries.pushed import FRAME_MESSAGES
from sightline.events.observation import Observation
from sightline.events.still import Analyse, AnalysedFace, Analysis, FoundObject
from sightline.gateway.auth import hash_machine_token
from tests.integration.gateway_app import JPEG, PATIENCE_S, GatewayRun, RunningGateway, ScriptedEngine
from tests.socketio_client import socketio_client


class FramesClient:
    """A client of `/ws`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[tuple[str, dict[str, Any]]] = []

    async def push(self, timestamp: int = 1, image: bytes = JPEG, **settings: Any) -> None:
        data = {"frame": base64.b64encode(image).decode(), "timestamp": timestamp, "settings": settings}
        await self.say("process_frame", data)

    async def say(self, event: str, data: Any) -> None:
        await self.socket.send(json.dumps({"event": event, "data": data}))

    async def hear(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_S):
            text = await self.socket.recv()
        message = json.loads(text)
        msgspec.json.decode(text, type=FRAME_MESSAGES[message["event"]])
        self.heard.append((message["event"], message["data"]))
        return self.heard[-1]

    async def next(self, event: str) -> dict[str, Any]:
        while True:
            name, data = await self.hear()
            if name == event:
                return data

    async def closed(self) -> tuple[int, str]:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.hear()
        return self.socket.close_code or 0, self.socket.close_reason or ""


@contextlib.asynccontextmanager
async def frames_client(gateway: RunningGateway, token: str | None = None, path: str = "/ws") -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with gateway.socket(path, additional_headers=headers) as socket:
        client = FramesClient(socket)
        await client.next("connected")
        yield client


def seen(request: Analyse, people: int = 1, ms: float = 40.0, **fields: Any) -> Analysis:
    face = AnalysedFace(
        bbox=(1, 2, 3, 4), confidence=0.95, landmarks=[], quality=0, reasons=[], vector=b"", probe=b""
    )
    bodies = [FoundObject(label="person", bbox=(0, 0, 9, 30), confidence=0.8)] * people
    values: dict[str, Any] = {"width": 640, "height": 480, "faces": [face], "objects": bodies, "processing_ms": ms}
    return Analysis(request_id=request.request_id, **(values | fields))


async def asked(engine: ScriptedEngine, count: int) -> list[Analyse]:
    """What the engine has been asked, when it was asked so often."""
    await engine.until(lambda: len(engine.all(Analyse)) >= count)
    return engine.all(Analyse)


@contextlib.asynccontextmanager
async def answering(engine: ScriptedEngine, **fields: Any) -> AsyncIterator[None]:
    """The engine answers whatever it is asked."""

    async def answer() -> None:
        done = 0
        while True:
            for request in (await asked(engine, done + 1))[done:]:
                done += 1
                await engine.send(seen(request, **fields))

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# ── frames and answers ──


async def test_frame_is_answered_as_the_seed_says(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client:
        hello = client.heard[0][1]
        assert hello["authenticated"]
        assert hello["client_id"]
        await client.push(1640995200000)
        (request,) = await asked(engine, 1)
        assert request.image == JPEG
        assert (set(request.tasks), request.confidence_threshold, request.max_side, request.background) == (
            {"faces", "objects"}, 0.5, 1024, True,
        )  # fmt: skip
        await engine.send(seen(request, people=11))
        result = await client.next("detection_result")
        assert result["faces"] == [{"bbox": [1, 2, 3, 4], "confidence": 0.95}]
        assert len(result["bodies"]) == 11
        crowd = result["crowd_analysis"]
        assert (crowd["face_count"], crowd["body_count"], crowd["crowd_level"]) == (1, 11, "very_high")
        assert [(alert["type"], alert["level"]) for alert in result["alerts"]] == [("crowd_warning", "warning")]
        assert (result["processing_time"], result["frame_timestamp"]) == (0.04, 1640995200000)


async def test_settings_of_a_frame_hold_for_this_frame(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client:
        await client.push(1, confidence_threshold=0.25, crowd_threshold=1)
        await engine.send(seen((await asked(engine, 1))[0], people=2))
        assert (await client.next("detection_result"))["alerts"]
        await client.push(2)
        first, second = await asked(engine, 2)
        await engine.send(seen(second, people=2))
        assert (await client.next("detection_result"))["alerts"] == []
        assert (first.confidence_threshold, second.confidence_threshold) == (0.25, 0.5)


async def test_who_sends_faster_than_served_keeps_the_newest_frame(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client:
        await client.push(0, image=b"\xff0")
        (first,) = await asked(engine, 1)
        for number in range(1, 6):
            await client.push(number, image=b"\xff%d" % number)
        for number in range(1, 5):
            assert await client.hear() == ("frame_dropped", {"timestamp": number})
        await engine.send(seen(first))
        assert (await client.next("detection_result"))["frame_timestamp"] == 0
        _, newest = await asked(engine, 2)
        assert newest.image == b"\xff5"
        await engine.send(seen(newest))
        assert (await client.next("detection_result"))["frame_timestamp"] == 5


async def test_clients_take_turns_however_fast_they_push(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(gateway.engine())
        clients = [await stack.enter_async_context(frames_client(gateway, token)) for _ in range(4)]
        for served in range(16):
            for number, client in enumerate(clients):
                for _ in range(1 if number else 5):  # the first is greedy
                    await client.push(0, image=b"%d" % number)
                await client.socket.send("and now?")
                while (await client.next("error"))["code"] != "INVALID_MESSAGE":
                    pass  # every frame before it has been read then
            await engine.send(seen((await asked(engine, served + 2))[served]))
        order = [int(request.image) for request in engine.all(Analyse)]
        assert max(Counter(order).values()) - min(Counter(order).values()) <= 1, order


async def test_several_engines_share_the_frames(gateway: RunningGateway) -> None:
    token = (await gateway.user("olga"))[1]
    store, clock = gateway.gateway.store, gateway.gateway.clock
    await store.machine_tokens.create(name="second", token_hash=hash_machine_token("slm_2"), now_ms=clock.now_ms())
    second = RunningGateway(gateway.gateway, gateway.app, gateway.url, "slm_2")
    async with contextlib.AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(one.engine()) for one in (gateway, second)]
        clients = [await stack.enter_async_context(frames_client(gateway, token)) for _ in range(2)]
        for client in clients:
            await client.push()
        for engine in engines:
            await asked(engine, 1)


# ── what goes wrong ──


async def test_every_fault_of_a_frame_is_told_and_the_next_is_served(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_frame_mib": 1}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client:
        large = "A" * (1_500_000)
        cases: list[tuple[Any, str]] = [
            ({"frame": "not base64!"}, "INVALID_IMAGE"),
            ({"frame": ""}, "INVALID_IMAGE"),
            ({"frame": large}, "FRAME_TOO_LARGE"),
            ({"frame": "A" * 4_000_000}, "FRAME_TOO_LARGE"),
            ({}, "INVALID_MESSAGE"),
            ({"frame": "AAAA", "settings": {"confidence_threshold": 2}}, "INVALID_MESSAGE"),
        ]
        for data, code in cases:
            await client.say("process_frame", data)
            assert (await client.next("error"))["code"] == code, data
        await client.socket.send("no json")
        assert (await client.next("error"))["code"] == "INVALID_MESSAGE"
        await client.socket.send(b"binary")
        assert (await client.next("error"))["code"] == "INVALID_MESSAGE"
        assert engine.all(Analyse) == []
        for code in ("INVALID_IMAGE", "FRAME_TOO_LARGE"):
            await client.push(5)
            request = (await asked(engine, 1))[-1]
            await engine.send(Analysis(request_id=request.request_id, error="in words", error_code=code))
            assert await client.next("error") == {
                "code": code, "message": "in words", "details": "", "frame_timestamp": 5,
            }  # fmt: skip
            engine.told.clear()
        async with answering(engine):
            await client.push(7)
            assert (await client.next("detection_result"))["frame_timestamp"] == 7


async def test_inference_that_fails_is_told_to_the_client_and_once_to_operators(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client, gateway.client(token) as console:
        for number in range(3):
            await client.push(number)
            request = (await asked(engine, number + 1))[-1]
            await engine.send(
                Analysis(request_id=request.request_id, error="Model inference failed", error_code="PROCESSING_ERROR")
            )
            error = await client.next("error")
            assert (error["code"], error["message"], error["details"]) == (
                "PROCESSING_ERROR", "Failed to process frame", "Model inference failed",
            )  # fmt: skip
            assert [(alert["type"], alert["level"]) for alert in error["alerts"]] == [("processing_error", "error")]
        alert = await console.data("alert_triggered")
        assert (alert["type"], alert["severity"]) == ("processing_error", "error")
        alerts = await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
        assert len(alerts) == 1


async def test_an_engine_that_dies_costs_its_frame_only(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with frames_client(gateway, token) as client:
        async with gateway.engine() as engine:
            await client.push(1)
            await asked(engine, 1)
        error = await client.next("error")
        assert error["code"] == "PROCESSING_ERROR"
        assert "went away" in error["details"]
        async with gateway.engine() as engine, answering(engine):
            await client.push(2)
            assert (await client.next("detection_result"))["frame_timestamp"] == 2


async def test_too_many_frames_are_refused_and_counted(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": ("process_frame=0.05",)}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, frames_client(gateway, token) as client, answering(engine):
        for number in range(4):
            await client.push(number)
        codes = []
        while len(codes) < 1:
            name, data = await client.hear()
            codes += [data["code"]] if name == "error" else []
        assert codes == ["RATE_LIMITED"]


async def test_connections_are_bounded_and_operators_told(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_frame_connections": 1, "frame_alert_levels": ("connection_limit=critical",)}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.client(token) as console, frames_client(gateway, token):
        async with gateway.socket("/ws", additional_headers=headers) as socket:
            refused = FramesClient(socket)
            error = await refused.next("error")
            assert error["code"] == "CONNECTION_LIMIT"
            assert error["alerts"][0]["level"] == "critical"
            assert (await refused.closed())[0] == 4004
        alert = await console.data("alert_triggered")
        assert (alert["type"], alert["severity"]) == ("connection_limit", "critical")
    await gateway.until(lambda: gateway.gateway.frames.connections == 0)
    async with frames_client(gateway, token):
        assert gateway.gateway.frames.connections == 1


# ── who may ──


async def test_a_ticket_or_a_first_message_says_who_this_is(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, answering(engine), gateway.http(token) as http:

        async def ticket() -> str:
            return str((await http.post("/api/ws-ticket")).json()["ticket"])

        for path in (f"/ws?ticket={await ticket()}", f"/ws?token={token}"):
            async with frames_client(gateway, path=path) as client:
                assert client.heard[0][1]["authenticated"]
                await client.push()
                await client.next("detection_result")
        for data in ({"ticket": await ticket()}, {"token": token}):
            async with frames_client(gateway) as client:
                assert not client.heard[0][1]["authenticated"]
                await client.say("authenticate", data)
                assert (await client.next("authenticated"))["expires_at"]
                await client.push()
                await client.next("detection_result")
                connected = gateway.gateway.hub.clients
                assert [(one.user_name, one.client_type) for one in connected] == [("olga", "frames")]


async def test_nobody_without_a_token_unless_allowed(gateway: RunningGateway) -> None:
    _, viewers = await gateway.user("vera", Role.VIEWER)
    used = "slt_used"
    for path, headers, status in (
        (f"/ws?ticket={used}", {}, 401),
        ("/ws?token=nonsense", {}, 401),
        ("/ws", {"Authorization": f"Bearer {viewers}"}, 403),
        ("/ws", {"Origin": "https://elsewhere.example"}, 403),
    ):
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.socket(path, additional_headers=headers):
                pass
        assert refusal.value.response.status_code == status
    for event, data in (
        ("process_frame", {"frame": "AAAA"}),
        ("authenticate", {"token": "x"}),
        ("authenticate", {"ticket": "slt_x"}),
        ("authenticate", {"token": viewers}),
    ):
        async with frames_client(gateway) as client:
            await client.say(event, data)
            assert (await client.next("error"))["code"] == "AUTH_FAILED"
            assert (await client.closed())[0] == 4500


async def test_who_has_not_said_who_they_are_takes_nobodys_place(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_frame_connections": 1}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with frames_client(gateway), frames_client(gateway) as late, frames_client(gateway, token):
        await late.say("authenticate", {"token": token})
        assert (await late.next("error"))["code"] == "CONNECTION_LIMIT"
        assert (await late.closed())[0] == 4004


async def test_without_an_engine_nobody_waits_for_another_client(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(frames_client(gateway, token)) for _ in range(8)]
        for number, client in enumerate(clients):
            await client.push(number)
        engine = await stack.enter_async_context(gateway.engine())
        await asked(engine, 8)


async def test_whoever_says_nothing_is_not_kept(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"identify_timeout_s": 0.2}
    gateway = await gateway_run.start()
    async with frames_client(gateway) as client:
        assert (await client.closed())[0] == 4500


async def test_a_disabled_account_ends_its_connection(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with frames_client(gateway, token) as client, gateway.http() as http:
        assert (await http.patch(f"/api/users/{user.id}", json={"disabled": True})).is_success
        assert (await client.closed())[0] == 4503


async def test_anonymous_clients_where_the_administrator_says_so(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"anonymous_dialects": True}
    gateway = await gateway_run.start()
    async with gateway.engine() as engine, answering(engine), gateway.http(None) as http:
        async with frames_client(gateway) as client:
            await client.push()
            await client.next("detection_result")
        assert (await http.post("/api/detect", files={"image": ("a.jpg", JPEG)})).is_success
        info = (await http.get("/api/models/info")).json()
        assert {"loaded", "path", "device"} <= info["face_model"].keys()
        assert (await http.get("/api/stats")).json()["total_frames_processed"] == 2
        assert (await http.post("/api/identify", files={"image": ("a.jpg", JPEG)})).status_code == 401


# ── REST ──


async def test_one_picture_is_answered_like_a_frame(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(token) as http:
        asking = asyncio.create_task(
            http.post(
                "/api/detect",
                files={"image": ("a.jpg", JPEG)},
                data={"confidence_threshold": "0.3", "crowd_threshold": "1"},
            )
        )
        (request,) = await asked(engine, 1)
        assert (request.image, request.confidence_threshold, request.background) == (JPEG, 0.3, False)
        await engine.send(seen(request, people=2, missing={"objects": "no model"}))
        answer = await asking
        assert answer.is_success, answer.text
        body = answer.json()
        assert body["faces"] == [{"bbox": [1, 2, 3, 4], "confidence": 0.95}]
        assert body["alerts"][0]["type"] == "crowd_warning"
        assert (body["width"], body["height"], body["processing_time"]) == (640, 480, 0.04)
        assert body["missing"] == {"bodies": "no model"}


async def test_several_pictures_are_answered_in_order_and_a_bad_one_spoils_none(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    files = [("images", (f"{number}.jpg", b"\xff%d" % number)) for number in range(5)]
    files.insert(3, ("images", ("empty.jpg", b"")))
    async with gateway.engine() as engine, gateway.http(token) as http:
        asking = asyncio.create_task(http.post("/api/detect", files=files))
        for number in range(5):
            request = (await asked(engine, number + 1))[number]
            if request.image == b"\xff2":
                bad = Analysis(request_id=request.request_id, error="cut off", error_code="INVALID_IMAGE")
                await engine.send(bad)
            elif request.image == b"\xff4":
                worse = Analysis(request_id=request.request_id, error="broken", error_code="PROCESSING_ERROR")
                await engine.send(worse)
            else:
                await engine.send(seen(request, people=int(request.image[1:])))
        results = (await asking).json()["results"]
    assert [one["filename"] for one in results] == ["0.jpg", "1.jpg", "2.jpg", "empty.jpg", "3.jpg", "4.jpg"]
    codes = [one["data"].get("code", one["data"].get("crowd_analysis", {}).get("body_count")) for one in results]
    assert codes == [0, 1, "INVALID_IMAGE", "INVALID_IMAGE", 3, "PROCESSING_ERROR"]


async def test_requests_that_make_no_sense_are_refused(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    cases: list[tuple[list[Any], dict[str, str]]] = [
        ([], {}),
        ([("image", ("a", JPEG)), ("images", ("a", JPEG))], {}),
        ([("image", ("a", JPEG))], {"confidence_threshold": "1.1"}),
        ([("image", ("a", JPEG))], {"confidence_threshold": "nan"}),
        ([("image", ("a", JPEG))], {"crowd_threshold": "-1"}),
        ([("image", ("a", b""))], {}),
        ([("images", ("a", JPEG))] * 65, {}),
    ]
    async with gateway.http(token) as http:
        for files, data in cases:
            answer = await http.post("/api/detect", files=files or None, data=data)
            assert answer.status_code == 422, answer.text
            assert answer.json()["detail"]


async def test_stats_count_frames_of_cameras_and_of_clients(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http, answering(engine, ms=40.0):
        assert (await http.get("/api/stats")).json()["average_processing_time"] == 0
        await gateway.until(lambda: gateway.gateway.engines.links[0].cameras)
        watched = Observation(
            camera_id=camera.id, frame_id=1, timestamp=1, width=8, height=8, faces=[], processing_ms=10.0
        )
        await engine.send(watched, watched)
        for _ in range(2):
            assert (await http.post("/api/detect", files={"image": ("a.jpg", JPEG)})).is_success
        stats = (await http.get("/api/stats")).json()
        assert (stats["total_frames_processed"], stats["average_processing_time"]) == (4, 0.025)
        health = await http.get("/health")
        assert health.json()["status"] == "healthy"
        assert health.json()["timestamp"].endswith("Z")


async def test_who_goes_away_leaves_nothing_behind(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine:
        async with frames_client(gateway, token) as client:
            await client.push(1)
            (first,) = await asked(engine, 1)
            await client.push(2)
        await gateway.until(lambda: gateway.gateway.frames.connections == 0)
        await engine.send(seen(first))
        async with frames_client(gateway, token) as client, answering(engine):
            await client.push(3)
            assert (await client.next("detection_result"))["frame_timestamp"] == 3
        assert len(engine.all(Analyse)) == 2, "the frame that waited was forgotten with its client"


async def test_a_port_of_its_own_answers_on_every_path(gateway_run: GatewayRun, free_port: int) -> None:
    gateway_run.settings = {"listen": (f"{free_port}=frames",)}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    own = RunningGateway(gateway.gateway, gateway.app, f"http://127.0.0.1:{free_port}", "")
    async with frames_client(own, token, path="/anything") as client:
        assert client.heard[0][0] == "connected"


# ── Socket.IO ──


async def test_socketio_client_pushes_frames_when_it_said_who_it_is(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    frame = base64.b64encode(JPEG).decode()
    async with socketio_client() as client, gateway.engine() as engine, answering(engine, people=2):
        await client.connect(gateway.url, transports=["websocket"], auth={"token": token})
        await client.next("connection_established")
        await client.emit("process_frame", frame=f"data:image/jpeg;base64,{frame}", timestamp=7)
        result = await client.next("detection_result")
        assert (result["frame_timestamp"], result["crowd_analysis"]["body_count"]) == (7, 2)
        await client.emit("process_frame", frame="no base64!")
        assert (await client.next("error"))["code"] == "INVALID_IMAGE"
        await client.emit_value("process_frame", 12)
        assert (await client.next("error"))["code"] == "INVALID_MESSAGE"
        await client.emit("client_identify", client_type="frontend", auth_token=token)
        await client.next("identification_success")
        await client.emit("process_frame", frame=frame, timestamp=8)
        assert (await client.next("detection_result"))["frame_timestamp"] == 8


async def test_socketio_frames_need_the_right_too(gateway: RunningGateway) -> None:
    _, viewers = await gateway.user("vera", Role.VIEWER)
    for auth in ({}, {"token": viewers}):
        async with socketio_client() as client:
            await client.connect(gateway.url, transports=["websocket"], auth=auth)
            await client.next("connection_established")
            await client.emit("process_frame", frame="AAAA")
            assert (await client.next("error"))["code"] == "AUTH_FAILED"


async def test_anonymous_socketio_client_needs_not_identify(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"anonymous_dialects": True, "identify_timeout_s": 0.3}
    gateway = await gateway_run.start()
    frame = base64.b64encode(JPEG).decode()
    async with socketio_client() as client, gateway.engine() as engine, answering(engine):
        await client.connect(gateway.url, transports=["websocket"])
        await client.next("connection_established")
        for number in range(3):
            await client.emit("process_frame", frame=frame, timestamp=number)
            assert (await client.next("detection_result"))["frame_timestamp"] == number
            await asyncio.sleep(0.5)
        assert client.all("disconnect") == []


async def test_the_real_multipart_client_of_the_documentation(gateway: RunningGateway) -> None:
    """A browser sends `image` with a file name and type of its own."""
    async with gateway.engine() as engine, gateway.http() as http, answering(engine):
        files = {"image": ("blob", JPEG, "image/webp")}
        answer: httpx.Response = await http.post("/api/detect", files=files)
        assert answer.is_success
