"""The Python SDK over real sockets: against the real gateway, and against a server that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from sightline.accounts import Role
from sightline.client import (
    AckRefused,
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    CaughtUp,
    ConnectionChanged,
    ConnectionState,
    Event,
    FaceResult,
    Gap,
    Picture,
    Problem,
    SightlineClient,
    Stopped,
    StopReason,
    Verdict,
)
from sightline.exceptions import ConfigurationError, Forbidden, Unavailable
from sightline.gateway.delivery import beginning
from sightline.testing import ServerProcess
from tests.flaky_proxy import FlakyProxy
from tests.integration.gateway_app import JPEG, PASSWORD, RunningGateway, observation, picture
from tests.integration.real_server import admin_token, alerts, demo_camera, until
from tests.scripted_server import Peer, scripted_server

PATIENCE_S = 20.0


def client_of(url: str, token: Any = "token", **options: Any) -> SightlineClient:
    """A client that reconnects after a hundredth of the usual wait."""
    values: dict[str, Any] = {"device": "desk", "jitter": 0.99, "chance": lambda: 0.0}
    return SightlineClient(url, token=token, **(values | options))


class Line:
    """The line to a gateway, which can be cut, and refuse and allow calls."""

    def __init__(self, gateway: RunningGateway) -> None:
        port = urlsplit(gateway.url).port
        assert port is not None
        self._proxy = FlakyProxy(port)

    async def __aenter__(self) -> Line:
        await asyncio.to_thread(self._proxy.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._proxy.stop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    async def cut(self) -> None:
        await asyncio.to_thread(self._proxy.cut)

    async def refuse(self) -> None:
        await asyncio.to_thread(self._proxy.refuse)

    async def allow(self) -> None:
        await asyncio.to_thread(self._proxy.listen)


async def read_until(client: SightlineClient, condition: Callable[[Event], object]) -> list[Event]:
    """Everything up to the first event that meets the condition."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in client:
            events.append(event)
            if condition(event):
                return events
    raise AssertionError("the client ended")


def is_alert(event: Event) -> bool:
    return isinstance(event, AlertTriggered)


def is_live(event: Event) -> bool:
    return isinstance(event, CaughtUp)


# ── against the real gateway ──


async def test_a_snapshot_in_parts_is_one_event(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "PART_BYTES", 1)
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 4)
        async with client_of(gateway.url, token) as client:
            (snapshot,) = [event for event in await read_until(client, is_live) if isinstance(event, AlertSnapshot)]
    assert ([alert.offset for alert in snapshot.alerts], snapshot.offset) == ([1, 2, 3, 4], 4)


async def test_alert_is_told_taken_and_recorded(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with client_of(gateway.url, token) as client, gateway.engine() as engine:
        before = await read_until(client, is_live)
        assert AlertSnapshot((), 0) in before
        await engine.sees(person, camera)
        triggered = (await read_until(client, is_alert))[-1]
        assert isinstance(triggered, AlertTriggered)
        assert not triggered.replay
        alert = triggered.alert
        assert alert.person is not None
        assert (alert.type, alert.severity, alert.camera.name) == ("watchlist_match", "critical", "Front door")
        assert (alert.person.first_name, alert.person.age) == ("Ada", 36)
        recorded = await client.ack(alert.alert_id, Verdict.CONFIRMED)
        assert (recorded.state, recorded.by, recorded.verdict, recorded.first) == (
            "acknowledged", "olga", "confirmed", True
        )  # fmt: skip
        updated = (await read_until(client, lambda event: isinstance(event, AlertUpdated)))[-1]
        assert isinstance(updated, AlertUpdated)
        assert (updated.alert_id, updated.state, updated.by) == (alert.alert_id, "acknowledged", "olga")
        again = await client.ack(alert.alert_id, Verdict.REJECTED)
        assert (again.first, again.verdict) == (False, "rejected")
        statistics = client.statistics
        assert statistics.connection_state is ConnectionState.AUTHENTICATED
        assert statistics.queue_size == 0
        assert statistics.messages_sent >= 4
        assert statistics.messages_received >= 8


async def test_server_refuses_for_good(gateway: RunningGateway) -> None:
    _, token = await gateway.user("vera", Role.VIEWER)
    async with client_of(gateway.url, token) as client:
        with pytest.raises(AckRefused) as refusal:
            await client.ack("no-such-alert")
        assert refusal.value.alert_id == "no-such-alert"
        assert client.statistics.queue_size == 0


async def test_line_that_breaks_again_and_again_costs_no_alert_and_repeats_none(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    seen: list[int] = []
    async with Line(gateway) as line, client_of(line.url, token) as client, gateway.engine() as engine:
        await read_until(client, is_live)
        await line.refuse()
        await engine.sees(person, camera, times=250)
        await line.allow()
        while len(seen) < 250:
            event = (await read_until(client, is_alert))[-1]
            assert isinstance(event, AlertTriggered)
            seen.append(event.alert.offset)
            if len(seen) % 40 == 0:
                await line.cut()
        await engine.sees(person, camera)
        event = (await read_until(client, is_alert))[-1]
        assert isinstance(event, AlertTriggered)
        seen.append(event.alert.offset)
    assert len(set(seen)) == 251
    assert seen == sorted(seen)


async def test_work_that_was_not_finished_comes_again_and_finished_work_does_not(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    outbox = tmp_path / "desk.outbox"
    first: list[str] = []
    async with gateway.engine() as engine:
        with pytest.raises(ZeroDivisionError):
            async with client_of(gateway.url, token, outbox=outbox) as client:
                await read_until(client, is_live)
                for times in range(1, 4):
                    await engine.sees(person, camera)
                    event = (await read_until(client, is_alert))[-1]
                    assert isinstance(event, AlertTriggered)
                    first.append(event.alert.alert_id)
                    if times == 3:
                        _ = 1 // 0  # the application fails over this one
        async with client_of(gateway.url, token, outbox=outbox) as client:
            events = await read_until(client, is_live)
    again = [event.alert.alert_id for event in events if isinstance(event, AlertTriggered)]
    assert again == first[2:]
    assert not any(isinstance(event, (AlertSnapshot, Gap)) for event in events)


async def test_subscriptions_bring_observations_and_pictures_after_a_cut_too(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with (
        Line(gateway) as line,
        client_of(line.url, token) as client,
        gateway.engine() as engine,
        gateway.engine_pictures() as pictures,
    ):
        client.subscribe_camera("*", frames=True, max_fps=30)
        sessions: set[str] = set()

        def watching() -> set[str]:
            return {one.client_id for one in gateway.gateway.hub.clients if one.wished_pictures()} - sessions

        for frame_id in (1, 2):
            await read_until(client, is_live)
            await gateway.until(watching)
            await engine.send(observation(camera.id, frame_id))
            result = (await read_until(client, lambda event: isinstance(event, FaceResult)))[-1]
            await pictures.send(picture(camera.id, frame_id))
            shown = (await read_until(client, lambda event: isinstance(event, Picture)))[-1]
            assert isinstance(result, FaceResult) and isinstance(shown, Picture)
            assert (result.frame_id, result.faces[0].bbox) == (frame_id, (10, 20, 30, 50))
            assert (shown.frame_id, shown.jpeg, shown.width, shown.height) == (frame_id, JPEG, 640, 480)
            if frame_id == 2:
                break
            sessions |= watching()
            await line.cut()
        client.unsubscribe_camera("*")
        await gateway.until(lambda: not watching())


async def test_newer_connection_of_the_device_takes_over(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    async with client_of(gateway.url, token) as older:
        await read_until(older, is_live)
        async with client_of(gateway.url, token) as newer:
            with pytest.raises(Stopped) as end:
                await read_until(older, lambda event: False)
            await read_until(newer, is_live)
    assert (end.value.why, end.value.code) == (StopReason.SUPERSEDED, 4502)


async def test_token_is_renewed_before_it_ends_and_again_after_a_refusal(gateway: RunningGateway) -> None:
    user, _ = await gateway.user("olga")
    tokens = gateway.gateway.tokens
    session_ms = int(gateway.gateway.settings.session_hours * 3_600_000)
    asked: list[bool] = []

    async def provider(fresh: bool) -> str:
        asked.append(fresh)
        if len(asked) == 1:
            return "one that the server refuses"
        # The first good one ends in three seconds at the latest, because its sign-in is nearly too long ago.
        signed_in_ms = gateway.gateway.clock.now_ms() - session_ms + 3_000 if len(asked) == 2 else None
        return tokens.issue(user, signed_in_ms=signed_in_ms)[0]

    async with client_of(gateway.url, provider) as client:
        await read_until(client, is_live)
        assert asked == [False, True]
        received = client.statistics.messages_received
        await gateway.until(lambda: len(asked) == 3 and client.statistics.messages_received > received)
        assert asked == [False, True, True]
        assert client.connection.state is ConnectionState.AUTHENTICATED


async def test_acknowledgement_survives_the_death_of_the_application(gateway: RunningGateway, tmp_path: Path) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    outbox = tmp_path / "killed.outbox"
    async with gateway.engine() as engine, client_of(gateway.url, token) as watcher:
        await read_until(watcher, is_live)
        await engine.sees(person, camera)
        alert = (await read_until(watcher, is_alert))[-1]
        assert isinstance(alert, AlertTriggered)
        alert_id = alert.alert.alert_id
        async with Line(gateway) as line:
            await line.refuse()
            command = [sys.executable, "-m", "tests.integration.sdk_application", line.url, token]
            killed = await asyncio.create_subprocess_exec(*command, outbox, alert_id, stdout=asyncio.subprocess.PIPE)
            assert killed.stdout is not None
            assert await killed.stdout.readline() == b"asked\n"
            os.kill(killed.pid, signal.SIGKILL)
            await killed.wait()
            await line.allow()
            async with client_of(line.url, token, device="killed", outbox=outbox):
                updated = (await read_until(watcher, lambda event: isinstance(event, AlertUpdated)))[-1]
    assert isinstance(updated, AlertUpdated)
    assert (updated.alert_id, updated.state, updated.verdict) == (alert_id, "acknowledged", "rejected")


@pytest.mark.slow
async def test_server_killed_between_alert_and_acknowledgement(
    start_server: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    server = start_server()
    async with server.client() as http:
        token = await admin_token(http)
        await demo_camera(http, "Hall")
        async with client_of(server.url, token, outbox=tmp_path / "desk.outbox") as client:
            triggered: list[AlertTriggered] = []
            async with asyncio.timeout(60):
                async for event in client:
                    if isinstance(event, AlertTriggered):
                        triggered.append(event)
                        break
            server.kill9()
            answer = asyncio.create_task(client.ack(triggered[0].alert.alert_id, Verdict.CONFIRMED))
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(60):
                recorded = await answer
    assert (recorded.state, recorded.by, recorded.verdict) == ("acknowledged", "admin", "confirmed")

    async def is_stored() -> bool:
        async with server.client() as http:
            stored = {alert["alert_id"]: str(alert["state"]) for alert in await alerts(http)}
        return stored[triggered[0].alert.alert_id] == "acknowledged"

    assert await until(is_stored, "acknowledged alert")


# ── what the how-to says ──

HOW_TO = Path(__file__).resolve().parents[2] / "docs/howto/python-client.md"


def snippets() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


async def test_program_of_the_how_to_runs(gateway: RunningGateway, tmp_path: Path) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    program = tmp_path / "watch.py"
    program.write_text(snippets()[0], encoding="utf-8")
    environment = {**os.environ, "HOME": str(tmp_path)}
    running = await asyncio.create_subprocess_exec(
        sys.executable, program, gateway.url, token, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        async with gateway.engine() as engine, asyncio.timeout(PATIENCE_S):
            assert await running.stdout.readline() == b"connecting \n"
            assert await running.stdout.readline() == b"connected signing in\n"
            assert await running.stdout.readline() == b"authenticated \n"
            await engine.sees(person, camera)
            assert await running.stdout.readline() == b"watchlist_match Ada Front door\n"
            assert await running.stdout.readline() == b"taken by olga\n"
    finally:
        running.kill()
        await running.wait()
    assert (tmp_path / ".watch.outbox").exists()


async def test_token_provider_of_the_how_to_signs_in(gateway: RunningGateway) -> None:
    user, _ = await gateway.user("olga")
    names: dict[str, Any] = {}
    exec(next(one for one in snippets() if "def signed_in" in one), names)
    right, wrong = (names["signed_in"](gateway.url, "olga", password) for password in (PASSWORD, "wrong"))
    await gateway.gateway.store.users.set_password(user.id, await gateway.gateway.passwords.hash(PASSWORD))
    async with client_of(gateway.url, right) as client:
        await read_until(client, is_live)
    async with client_of(gateway.url, wrong) as client:
        with pytest.raises(Stopped, match="the name or the password is wrong"):
            await read_until(client, is_live)


# ── against a server that misbehaves ──


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (4501, StopReason.PROTOCOL_VIOLATION),
        (4502, StopReason.SUPERSEDED),
        (4503, StopReason.REVOKED),
        (4777, StopReason.REFUSED),
    ],
)
async def test_server_sends_the_client_away(code: int, why: StopReason) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.close(code, "because")

    async with scripted_server(script) as url, client_of(url) as client:
        with pytest.raises(Stopped) as end:
            await read_until(client, lambda event: False)
        with pytest.raises(Stopped):
            await client.ack("a")
        assert client.connection.stopped is why
    assert (end.value.why, end.value.code) == (why, code)


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000, 4001, 4002, 4003, 4004, 4400])
async def test_server_asks_the_client_back(code: int) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        if peer.number == 1:
            await peer.socket.close(code, "later; retry_after_s=0")
        else:
            await peer.say("alert_triggered", alert_id="a")
            await peer.stay()

    async with scripted_server(script) as url, client_of(url) as client:
        await read_until(client, is_alert)


async def test_token_that_is_refused_for_good() -> None:
    identified: list[str] = []

    async def script(peer: Peer) -> None:
        identified.append((await peer.hear("client_identify"))["data"]["auth_token"])
        await peer.say("error", code="AUTH_FAILED", message="the token is not valid: sign in again")
        await peer.socket.close(4500, "the token is not valid")

    async with scripted_server(script) as url, client_of(url, "only one") as client:
        with pytest.raises(Stopped) as end:
            await read_until(client, lambda event: False)
    assert end.value.why is StopReason.BAD_TOKEN
    assert identified == ["only one"]


async def test_upgrade_refused_with_a_time_to_come_back() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.stay()

    reasons = []
    async with scripted_server(script, (503, {"Retry-After": "0"}), (502, {})) as url, client_of(url) as client:
        async for event in client:
            assert isinstance(event, ConnectionChanged)
            reasons.append(event.connection.reason)
            if event.connection.state is ConnectionState.AUTHENTICATED:
                break
    assert any("503" in reason for reason in reasons)


async def test_nobody_listens(free_port: int) -> None:
    async with client_of(f"http://127.0.0.1:{free_port}", max_reconnect_attempts=3) as client:
        with pytest.raises(Stopped, match="cannot be reached") as end:
            await read_until(client, lambda event: False)
    assert end.value.why is StopReason.GAVE_UP


async def test_duplicates_and_disorder_are_hidden_from_the_application() -> None:
    told: list[int] = []

    async def script(peer: Peer) -> None:
        identify = await peer.greet("resumed" if peer.number > 1 else "live", offset=9)
        if peer.number == 1:
            for alert_id in ("a", "b", "a"):
                await peer.say("alert_triggered", alert_id=alert_id)
            await peer.position(0, 2)
            await peer.position(0, 1)
            told.append((await peer.hear("received"))["data"]["offset"])
            peer.socket.transport.abort()
            return
        assert identify["resume"] == {"epoch": "e", "offset": 2}
        for alert_id in ("b", "a", "c"):
            await peer.say("alert_triggered", alert_id=alert_id)
        await peer.position(2, 9)
        told.append((await peer.hear("received"))["data"]["offset"])
        await peer.say("caught_up", offset=9)
        await peer.stay()

    async with scripted_server(script) as url, client_of(url) as client:
        events = await read_until(client, is_live)
    assert [event.alert.alert_id for event in events if isinstance(event, AlertTriggered)] == ["a", "b", "c"]
    assert told == [2, 9]


async def test_garbage_is_survived() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        for text in ("", "nonsense", "[]", "{}", '{"type": "alert_triggered", "data": {"alert_id": 7}}', "[" * 50_000):
            await peer.socket.send(text)
        for message in (b"", b"\xff" * 100, b"\x00\x00\x00\x02{}"):
            await peer.socket.send(message)
        await peer.say("alert_triggered", alert_id="a")
        await peer.stay()

    async with scripted_server(script) as url, client_of(url) as client:
        events = await read_until(client, is_alert)
        if not any(isinstance(event, Problem) for event in events):
            await read_until(client, lambda event: isinstance(event, Problem))


async def test_slow_application_sees_the_newest_and_nothing_piles_up() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        for frame_id in range(1, 501):
            header: dict[str, Any] = {
                "camera_id": "c",
                "frame_id": frame_id,
                "timestamp": 1,
                "width": 640,
                "height": 480,
            }
            head = json.dumps(header).encode()
            await peer.say("face_detection_result", **header, faces=[])
            await peer.socket.send(len(head).to_bytes(4, "big") + head + JPEG)
            await peer.say("heartbeat")
        await peer.say("alert_triggered", alert_id="a")
        await peer.stay()

    async with scripted_server(script) as url, client_of(url) as client:
        while client.statistics.messages_received < 1_502:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.01)  # the application is busy with something else
        events = await read_until(client, lambda event: isinstance(event, Picture))
    assert [getattr(event, "frame_id", None) for event in events[1:]] == [None, 500, 500]
    assert isinstance(events[1], AlertTriggered)


@pytest.mark.parametrize(("limit", "identifies"), [("OPEN_WAIT_MS", False), ("SILENCE_MS", True)])
async def test_silent_server_is_left(monkeypatch: pytest.MonkeyPatch, limit: str, identifies: bool) -> None:
    monkeypatch.setattr(f"sightline.client.session.{limit}", 300)

    async def script(peer: Peer) -> None:
        if identifies or peer.number > 1:
            await peer.greet()
        if peer.number > 1:
            await peer.say("alert_triggered", alert_id=f"on connection {peer.number}")
        await peer.stay()

    async with scripted_server(script) as url, client_of(url) as client:
        triggered = (await read_until(client, is_alert))[-1]
    assert isinstance(triggered, AlertTriggered)
    assert triggered.alert.alert_id == "on connection 2"


async def test_flood_beyond_the_credit_is_taken_in_parts() -> None:
    total = 2_500
    connections: list[int] = []

    async def script(peer: Peer) -> None:
        connections.append(peer.number)
        identify = await peer.greet("resumed", offset=total)
        start = identify.get("resume", {"offset": 0})["offset"]
        for offset in range(start + 1, total + 1):
            await peer.say("alert_triggered", alert_id=str(offset), offset=offset)
            if offset % 50 == 0:
                await peer.position(offset - 50, offset)
        await peer.stay()

    seen: list[int] = []
    async with scripted_server(script) as url, client_of(url) as client:
        while client.connection.state is not ConnectionState.DISCONNECTED:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.01)  # the application reads nothing, until the client has had enough
        while len(seen) < total:
            event = (await read_until(client, is_alert))[-1]
            assert isinstance(event, AlertTriggered)
            seen.append(event.alert.offset)
    assert seen == list(range(1, total + 1))
    assert len(connections) > 1


# ── the class itself ──


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/", "http://", ""])
def test_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError):
        client_of(url)


def test_a_certificate_is_of_use_with_tls_only() -> None:
    with pytest.raises(ConfigurationError, match="https"):
        client_of("http://127.0.0.1:8000", tls=ssl.create_default_context())


async def test_provider_that_fails_is_asked_again_and_one_that_forbids_ends_it() -> None:
    asked = 0

    async def provider(fresh: bool) -> str:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise OSError("the sign-in service is away")
        raise Forbidden("nobody is signed in")

    async def script(peer: Peer) -> None:
        await peer.stay()

    async with scripted_server(script) as url, client_of(url, provider) as client:
        with pytest.raises(Stopped, match="nobody is signed in") as end:
            await read_until(client, lambda event: False)
    assert (end.value.why, asked) == (StopReason.BAD_TOKEN, 3)


async def test_closing_ends_the_iteration_and_tells_who_waits() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.stay()

    async with scripted_server(script) as url:
        client = client_of(url)
        with pytest.raises(RuntimeError, match="async with"):
            _ = client.statistics
        async with client:
            await read_until(
                client,
                lambda event: (
                    isinstance(event, ConnectionChanged) and event.connection.state is ConnectionState.AUTHENTICATED
                ),
            )
            waiting = asyncio.create_task(client.ack("a"))
            reading = asyncio.create_task(anext(client))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another task"):
                await anext(client)
        with pytest.raises(Unavailable, match="closed"):
            await waiting
        with pytest.raises(StopAsyncIteration):
            await _outcome(reading)
        with pytest.raises(Unavailable, match="closed"):
            await client.ack("b")
        with pytest.raises(RuntimeError, match="entered once"):
            await client.__aenter__()


async def test_disk_that_fails_costs_memory_of_a_crash_and_nothing_else(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        id = (await peer.hear("ack"))["id"]
        await peer.say("recorded", id, alert_id="a", state="acknowledged")
        await peer.stay()

    folder = tmp_path / "gone"
    folder.mkdir()
    with capture_logs() as logs:
        async with scripted_server(script) as url, client_of(url, outbox=folder / "outbox") as client:
            shutil.rmtree(folder)
            assert (await client.ack("a")).state == "acknowledged"
    assert {entry["event"] for entry in logs} == {"outbox_not_saved"}


async def test_defect_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(peer: Peer) -> None:
        await peer.say("connection_established")
        await peer.stay()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sightline.client.session.decode_server_message", broken)
    async with scripted_server(script) as url, client_of(url) as client:
        with pytest.raises(ZeroDivisionError):
            await read_until(client, lambda event: False)


async def test_one_outbox_for_one_client(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.stay()

    async with scripted_server(script) as url, client_of(url, outbox=tmp_path / "outbox"):
        with pytest.raises(Unavailable, match="another client uses"):
            async with client_of(url, outbox=tmp_path / "outbox"):
                pass


async def _outcome(task: asyncio.Task[Event]) -> Event:
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    raise AssertionError("it was cancelled")
