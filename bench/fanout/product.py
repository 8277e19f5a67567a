"""The gateway itself: store, log, hub, native dialect and server as `serve` sets them up, without its engine.

`prepare` accepts alerts of which the hub does not hear; `tick` lets it hear of some in each turn, or hands it
observations as an engine's link would. So what is timed is the way from the hub to the sockets, with the confirmations
of the clients, and not the accepting. With `--live` the hub hears of every commit, and facts come from an engine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from bench.fanout.commands import answer, commands
from bench.fanout.program import allow_many_files
from sightline import telemetry
from sightline.accounts import Role
from sightline.deliveries.entry import Entry
from sightline.events.alert import AlertType, Severity
from sightline.events.event import AlertDraft, Decision, DecisionContext, Event
from sightline.events.observation import Observation, TrackedFace
from sightline.gateway.app import create_app
from sightline.gateway.dialects.alerts_only import AlertsOnly
from sightline.gateway.gateway import Gateway
from sightline.gateway.hub import Hub, Shown
from sightline.service import interpreter
from sightline.service.asgi_server import server_config
from sightline.service.gateway import engine_token, open_gateway
from sightline.settings import Settings

ALERT_BYTES = 600
FACES = 6
"""Make an observation of 2 KB."""
ACCEPTED_AT_ONCE = 50
AUDIENCE = (f"role:{Role.OPERATOR.value}", f"role:{Role.VIEWER.value}")
SETTINGS: Mapping[str, Any] = {
    "max_connections": 20_000,
    "max_connections_per_user": 0,
    "new_connections_per_second": 10_000,
    "heartbeat_interval_s": 600.0,  # clients that only count say nothing by themselves
    "unseen_seconds": 0.0,
    "realert_seconds": 0.0,
    "presence_per_camera": True,
}


class _Reader(AlertsOnly):
    """A client that keeps what it was shown last."""

    client_id = user_id = user_name = client_type = dialect = device = "reader"
    connected_at_ms = last_heard_ms = 0
    shown = ""

    def wake(self) -> None:
        """It does not read the log."""

    def wants(self, camera_id: str) -> bool:
        return True

    def observe(self, shown: Shown) -> None:
        self.shown = str(shown.bundle.messages[0].payload)

    def end(self, code: int, reason: str) -> None:
        """It ends by itself."""


class Product:
    """A gateway with one camera that everybody looks at, and alerts about it."""

    def __init__(self, gateway: Gateway, *, live: bool) -> None:
        self._gateway = gateway
        self._round = asyncio.Event()
        self._padding = ""
        self._camera_id = ""
        self._frame_id = 0
        note = gateway.hub.on_round

        def rounded(seconds: float) -> None:
            note(seconds)
            self._round.set()

        gateway.hub.on_round = rounded
        if not live:
            self._make_deaf()

    def _make_deaf(self) -> None:
        """The hub hears of no commit, and the log shows no entry that it has not heard of."""
        hub, log = self._gateway.hub, self._gateway.store.log
        read = log.page

        async def page(after: int, limit: int) -> Sequence[Entry]:
            return [entry for entry in await read(after, limit) if entry.offset <= hub.top]

        log.page = page  # type: ignore[method-assign]
        hub.committed = lambda top: None  # type: ignore[method-assign]

    async def begin(self) -> dict[str, Any]:
        """Tokens for clients and engine, and what is sent here, for the other servers."""
        gateway = self._gateway
        now_ms = gateway.clock.now_ms()
        self._camera_id = await self._camera("Hall")
        user = await gateway.store.users.create(name="operator", role=Role.OPERATOR, password_hash="!", now_ms=now_ms)
        await self.prepare(1)
        Hub.committed(gateway.hub, 1)
        await self._round.wait()
        self._padding = "." * (ALERT_BYTES - len(await self._alert_at(0)))
        self._round.clear()
        await self.prepare(1)
        reader = _Reader()
        gateway.hub.join(reader)
        await gateway.hub.observe(self._observation(), source="bench")
        await asyncio.sleep(0)
        gateway.hub.leave(reader)
        Hub.committed(gateway.hub, 2)
        await self._round.wait()
        return {
            "token": gateway.tokens.issue(user)[0],
            "engine_token": await engine_token(gateway, "bench"),
            "payloads": {"alert": await self._alert_at(1), "detections": reader.shown},
        }

    async def cameras(self, count: int) -> list[str]:
        """Ids of so many further cameras, which raise an alert for every stranger."""
        return [await self._camera(f"Camera {number}") for number in range(count)]

    async def prepare(self, alerts: int) -> None:
        """Accepts so many, each in a transaction of its own."""
        for first in range(0, alerts, ACCEPTED_AT_ONCE):
            await asyncio.gather(*(self._accept() for _ in range(min(ACCEPTED_AT_ONCE, alerts - first))))

    async def tick(self, what: str, *, ticks: int, messages: int) -> None:
        """Sends so many messages to everybody in each of so many turns."""
        hub = self._gateway.hub
        for _ in range(ticks):
            if what == "alert":
                self._round.clear()
                Hub.committed(hub, hub.top + messages)
                await self._round.wait()
            else:
                for _ in range(messages):
                    await hub.observe(self._observation(), source="bench")
                await asyncio.sleep(0)

    async def _camera(self, name: str) -> str:
        camera = await self._gateway.store.cameras.create(
            name=name, source="rtsp://10.0.0.1/", latitude=52.5, longitude=13.4, analysis_fps=5.0, enabled=True,
            alert_unknown=True, now_ms=self._gateway.clock.now_ms(),
        )  # fmt: skip
        return camera.id

    async def _alert_at(self, after: int) -> str:
        page = await self._gateway.native_tail.page(after, after + 1)
        return page.entries[0].text

    async def _accept(self) -> None:
        now_ms = self._gateway.clock.now_ms()
        event = Event(
            id="", key=secrets.token_hex(16), kind="unknown", camera_id=self._camera_id, subject_id="somebody",
            person_id=None, captured_at_ms=now_ms, received_at_ms=now_ms, data={},
        )  # fmt: skip
        draft = AlertDraft(AlertType.UNKNOWN_PERSON, Severity.WARNING, AUDIENCE, {"note": self._padding})

        def decide(event: Event, context: DecisionContext) -> Decision:
            return Decision("bench", draft)

        await self._gateway.store.alerts.accept(event, decide, blobs={}, now_ms=now_ms)

    def _observation(self) -> Observation:
        self._frame_id += 1
        face = TrackedFace(
            bbox=(100, 200, 300, 400), confidence=0.9, landmarks=[(123.5, 234.5)] * 5, track_id=self._camera_id,
            identity="pending", quality=0.8,
        )  # fmt: skip
        now_ms = self._gateway.clock.now_ms()
        return Observation(
            camera_id=self._camera_id, frame_id=self._frame_id, timestamp=now_ms, width=1920, height=1080,
            faces=[face] * FACES,
        )  # fmt: skip


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to whoever started this."""

    def install_signal_handlers(self) -> None:
        """None."""


async def main(home: Path, *, live: bool) -> None:
    """Serves and does what it is told until its input ends."""
    telemetry.configure("error", "json")
    interpreter.tune()
    allow_many_files()
    settings = Settings(home=home, **SETTINGS)
    async with open_gateway(settings, local_token=secrets.token_urlsafe(32)) as gateway:
        product = Product(gateway, live=live)
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        listener.setblocking(False)
        server = _Server(await server_config(create_app(gateway, background=contextlib.nullcontext), settings))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port, began = listener.getsockname()[1], await product.begin()
        interpreter.put_aside()
        answer(port=port, **began)
        async for command in commands():
            ids: list[str] = []
            match command:
                case {"do": "cameras", "count": count}:
                    ids = await product.cameras(count)
                case {"do": "prepare", "alerts": alerts}:
                    await product.prepare(alerts)
                case {"do": "tick", "what": what, "ticks": ticks, "messages": messages}:
                    await product.tick(what, ticks=ticks, messages=messages)
            answer(done=True, ids=ids)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--live", action="store_true")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(main(arguments.home, live=arguments.live))
