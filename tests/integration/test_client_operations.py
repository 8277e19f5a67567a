"""What the Python SDK asks for besides alerts, against the real gateway: streams, duty, an engine's reports."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from sightline.accounts import Role
from sightline.client import (
    AlertRefused,
    ConnectionChanged,
    ConnectionState,
    DetectionResult,
    DutyStatus,
    Event,
    PersonErased,
    SightlineClient,
    StreamFailed,
    StreamRefused,
    StreamStarted,
    StreamWanted,
)
from sightline.exceptions import Unavailable
from sightline.service.gateway import engine_token
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway
from tests.integration.test_streams import online, player

Wanted = TypeVar("Wanted")


class Listener:
    """Reads a client's events for as long as the test runs."""

    def __init__(self, client: SightlineClient) -> None:
        self.client = client
        self.heard: list[Event] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.client:
            self.heard.append(event)
            self._changed.set()

    def all(self, kind: type[Wanted]) -> list[Wanted]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def signed_in(self, times: int = 1) -> None:
        def done() -> bool:
            states = [event.connection.state for event in self.all(ConnectionChanged)]
            return states.count(ConnectionState.AUTHENTICATED) >= times

        await self.until(done)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@contextlib.asynccontextmanager
async def listening(url: str, token: str, **options: Any) -> AsyncIterator[Listener]:
    values: dict[str, Any] = {"device": "desk", "jitter": 0.99, "chance": lambda: 0.0}
    async with SightlineClient(url, token=token, **(values | options)) as client:
        listener = Listener(client)
        try:
            yield listener
        finally:
            await listener.end()


async def test_a_stream_is_started_changed_restored_and_stopped(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, listening(gateway.url, token) as page:
        await online(gateway, engine, camera)
        started = await page.client.start_stream(camera.id, quality="thumbnail")
        assert (started.camera_id, started.quality, started.status) == (camera.id, "thumbnail", "online")
        assert started.stream_url is not None
        changed = await page.client.change_stream_quality(camera.id, "hd")
        assert changed.new_quality == "hd"
        with pytest.raises(StreamRefused, match="no camera") as refused:
            await page.client.start_stream("nowhere")
        assert (refused.value.camera_id, refused.value.code) == ("nowhere", "INVALID_MESSAGE")
        await page.until(lambda: page.all(StreamFailed))

        (client,) = gateway.gateway.hub.clients
        client.end(4000, "retry_after_s=0")
        await page.until(lambda: len(page.all(StreamStarted)) == 2)
        restored = page.all(StreamStarted)[-1]
        assert restored.quality == "hd" and restored.stream_url not in (None, started.stream_url)
        async with player(str(restored.stream_url)) as response:
            assert response.status_code == 200
            await page.client.stop_stream(camera.id)
            assert [chunk async for chunk in response.aiter_raw()] == []
        assert page.client.statistics.queue_size == 0


async def test_duty_is_said_again_and_changes_nothing_that_was_said_since(gateway: RunningGateway) -> None:
    user, token = await gateway.user("rita", Role.RESPONDER)
    duty = gateway.gateway.store.duty
    async with listening(gateway.url, token, client_type="mobile_app") as phone:
        phone.client.set_duty(True)
        phone.client.update_location(52.5, 13.4, 8)
        await phone.until(lambda: phone.all(DutyStatus))
        assert (await duty.switches())[user.id].on is True
        await gateway.gateway.responders.switch(user, on=False)
        (client,) = gateway.gateway.hub.clients
        client.end(4000, "retry_after_s=0")
        await phone.until(lambda: len(phone.all(DutyStatus)) == 2)
        assert [status.on for status in phone.all(DutyStatus)] == [True, False]
        assert (await duty.switches())[user.id].on is False
        (state,) = [one for one in await gateway.gateway.responders.states() if one.user.id == user.id]
        assert state.fix_age_ms is not None


async def test_a_program_that_is_an_engine(gateway: RunningGateway, tmp_path: Path) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("ada", Role.ADMIN)
    machine = await engine_token(gateway.gateway, "yard")
    options = {"client_type": "ai_engine", "capabilities": ["vehicle"], "outbox": tmp_path / "outbox"}
    detection = {"label": "vehicle", "confidence": 0.5, "bbox": [1, 2, 3, 4]}
    async with listening(gateway.url, machine, **options) as engine, listening(gateway.url, token) as page:
        await engine.signed_in()
        page.client.subscribe_camera(camera.id)
        await page.client.start_stream(camera.id, quality="sd")
        await engine.until(lambda: engine.all(StreamWanted))
        assert engine.all(StreamWanted)[0] == StreamWanted(camera.id, camera.source, "sd")
        await page.client.change_stream_quality(camera.id, "hd")
        await engine.until(lambda: engine.all(StreamWanted)[-1].quality == "hd")
        assert engine.all(StreamWanted)[-1].rtsp_url == camera.source
        engine.client.send_ai_detection_result(camera.id, [detection], width=64, height=36)
        await page.until(lambda: page.all(DetectionResult))
        assert page.all(DetectionResult)[0].detections[0].label == "vehicle"
        engine.client.send_face_detection_result(camera.id, [{"bbox": [1, 2, 3, 4], "confidence": 0.5}])

        accepted = await engine.client.send_alert("n-1", "person_detected", camera.id, severity="critical")
        assert accepted.raised is not None and not accepted.duplicate
        assert (await engine.client.send_alert("n-1", "person_detected", camera.id)).duplicate
        with pytest.raises(AlertRefused, match="camera"):
            await engine.client.send_alert("n-2", "person_detected", "nowhere")
        await page.client.stop_stream(camera.id)
        await engine.until(lambda: engine.all(StreamWanted)[-1].quality is None)
        async with gateway.http() as http:
            await http.delete(f"/api/people/{person.id}")
        await page.until(lambda: page.all(PersonErased))


async def test_an_alert_of_an_engine_survives_both_sides(gateway_run: GatewayRun, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    gateway = await gateway_run.start()
    camera = await gateway.camera()
    machine = await engine_token(gateway.gateway, "yard")
    url = gateway.url
    await gateway_run.stop()
    async with listening(url, machine, client_type="ai_engine", outbox=outbox) as engine:
        sending = asyncio.create_task(engine.client.send_alert("n-1", "person_detected", camera.id))
        await asyncio.sleep(0)  # it is in the outbox now
    with pytest.raises(Unavailable):
        await sending
    gateway = await gateway_run.start()
    async with listening(gateway.url, machine, client_type="ai_engine", outbox=outbox) as engine:
        assert engine.client.statistics.queue_size == 1
        await engine.signed_in()
        await engine.client.send_alert("n-1", "person_detected", camera.id)
        assert engine.client.statistics.queue_size == 0
        (alert,) = await gateway.gateway.store.alerts.list(tags=frozenset({"role:admin"}))
        assert alert.why["engine"] == "yard"


async def test_connections_are_in_the_request_log_and_nothing_that_they_say(gateway: RunningGateway) -> None:
    user, token = await gateway.user("vera", Role.VIEWER)
    with capture_logs() as logs:
        async with gateway.client(token) as client:
            await client.socket.close(4000, "goodbye")
        async with gateway.client(token) as client:
            await client.next("bulk_status_update")  # what it hears once the hub knows it
            gateway.gateway.changes.user(user.id)
            await gateway.until(lambda: sum(one["event"] == "socket_closed" for one in logs) == 2)
        with pytest.raises(InvalidStatus):
            async with gateway.socket(f"/ws/field?ticket={token}"):
                pass
    opened = [one for one in logs if one["event"] == "socket_opened"]
    assert [(one["dialect"], one["client"]) for one in opened] == [
        ("ws/v1", "127.0.0.1"), ("ws/v1", "127.0.0.1"),
    ]  # fmt: skip
    closed = [one for one in logs if one["event"] == "socket_closed"]
    assert [(one["dialect"], one["code"]) for one in closed] == [("ws/v1", 4000), ("ws/v1", 4503), ("ws/field", 401)]
    assert all(one["seconds"] >= 0 for one in closed)
    assert token not in str(logs)
