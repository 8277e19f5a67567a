"""The server under measurement: its cameras, what its processes cost, what memory they hold."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import processes
from sightline.testing import ServerProcess

__all__ = ["Cost", "House"]

ONLINE_TIMEOUT_S = 60.0
POLL_S = 0.1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ADMIN_PASSWORD = "the-owner-of-this-house"
SETTINGS = {
    "log_level": "error",
    "engine_workers": 1,
    "new_connections_per_second": 0,
    "allow_loopback_targets": True,
    "token_minutes": 600,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds a second of the engines and of the gateway."""

    engine: float
    gateway: float

    @property
    def whole(self) -> float:
        """Of both."""
        return self.engine + self.gateway


class House:
    """A running server."""

    def __init__(self, server: ServerProcess, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, models: Path) -> AsyncIterator[House]:
        """Runs in the block, with the models of that folder."""
        home = folder / "home"
        home.mkdir()
        (home / "models").symlink_to(models)
        server = ServerProcess(home, SETTINGS)
        server.start()
        try:
            async with server.client() as http:
                house = cls(server, http)
                await house._ready()
                yield house
        finally:
            server.stop()

    @property
    def url(self) -> str:
        return self.server.url

    async def camera(self, name: str, source: str, *, analysis_fps: float) -> str:
        """A new camera's id."""
        body = {"name": name, "source": source, "analysis_fps": analysis_fps}
        return str((await self.http.post("/api/cameras", json=body)).raise_for_status().json()["id"])

    async def remove(self, camera_id: str) -> None:
        (await self.http.delete(f"/api/cameras/{camera_id}")).raise_for_status()

    async def analyse(self, camera_ids: list[str], fps: float) -> None:
        """From now on so many pictures of each are analysed a second."""
        for camera_id in camera_ids:
            path = f"/api/cameras/{camera_id}"
            (await self.http.patch(path, json={"analysis_fps": fps})).raise_for_status()

    async def online(self, camera_ids: list[str]) -> None:
        """Waits until all of them deliver. Raises `RuntimeError` with the reason of one that does not."""
        until_s = time.monotonic() + ONLINE_TIMEOUT_S
        while True:
            states = [await self._status(camera_id) for camera_id in camera_ids]
            away = [state for state in states if state["state"] != "online"]
            if not away:
                return
            if time.monotonic() > until_s:
                raise RuntimeError(f"a camera is {away[0]['state']}: {away[0]['reason']}")
            await asyncio.sleep(POLL_S)

    async def cost(self, seconds: float) -> Cost:
        """Of what happens in the next seconds."""
        engines_s, gateway_s, began_s = self._engines_s(), processes.cpu_seconds(self.server.pid), time.monotonic()
        await asyncio.sleep(seconds)
        took_s = time.monotonic() - began_s
        engine = (self._engines_s() - engines_s) / took_s
        gateway = (processes.cpu_seconds(self.server.pid) - gateway_s) / took_s
        return Cost(engine, gateway)

    def resident_bytes(self) -> int:
        """Memory of all its processes."""
        pids = (self.server.pid, *processes.descendants(self.server.pid))
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * PAGE_BYTES

    async def let_in(self) -> None:
        """Gives the administrator a password, for the console."""
        (admin, *_) = (await self.http.get("/api/users")).raise_for_status().json()
        path = f"/api/users/{admin['id']}/password"
        (await self.http.put(path, json={"password": ADMIN_PASSWORD})).raise_for_status()

    def _engines_s(self) -> float:
        return sum(processes.cpu_seconds(pid) for pid in processes.descendants(self.server.pid))

    async def _status(self, camera_id: str) -> dict[str, Any]:
        return dict((await self.http.get(f"/api/cameras/{camera_id}")).raise_for_status().json()["status"])

    async def _ready(self) -> None:
        async with asyncio.timeout(ONLINE_TIMEOUT_S):
            while not (await self.http.get("/api/models/info")).json()["face_model"]["loaded"]:  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
