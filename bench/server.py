"""A Sightline server of its own for the benchmark: started, filled, watched, stopped."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench import processes
from bench.extras import Extras
from bench.figures import Buckets
from bench.footage import Footage
from sightline.client.rest import RestClient
from sightline.service import running_server

__all__ = ["Load", "Server"]

START_TIMEOUT_S = 30.0
ONLINE_TIMEOUT_S = 20.0
POLL_S = 0.1
REQUEST_TIMEOUT_S = 60.0
STEP_S = 0.137
"""Pause between adding cameras: their frames shall not all fall due at the same moment."""
LOOP_LAG = "sightline_event_loop_lag_seconds_bucket"
SETTINGS = {
    "SIGHTLINE_PORT": "0",
    "SIGHTLINE_ENGINE_WORKERS": "1",
    "SIGHTLINE_ANALYSIS_FPS": "5",
    "SIGHTLINE_TOKEN_MINUTES": "60",
    "SIGHTLINE_LOG_LEVEL": "error",
    # Every track shall raise an alert: the rule is not what is measured.
    "SIGHTLINE_UNSEEN_SECONDS": "0",
    "SIGHTLINE_REALERT_SECONDS": "0",
    "SIGHTLINE_PRESENCE_PER_CAMERA": "true",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of cameras cost over a while: CPU seconds a second of the engine, what other programs took of its
    core, the rates the cameras were held at, and by how much the gateway's event loop woke late (seconds).
    """

    cameras: int
    core_share: float
    others_share: float
    analysed_fps: tuple[float, ...]
    loop_lag: Buckets

    @property
    def per_analysed_frame_ms(self) -> float:
        """CPU of the whole engine for one analysed frame. Raises `RuntimeError` when there was none."""
        analysed_fps = sum(self.analysed_fps)
        if not analysed_fps:
            raise RuntimeError("the engine analysed no frame at all: is this machine very busy?")
        return self.core_share * 1000 / analysed_fps


class Server:
    """Runs while in its `async with` block. `engine_core` is for the engine alone; the gateway gets `other_core`."""

    def __init__(self, home: Path, models: Path, extras: Extras, *, engine_core: int, other_core: int) -> None:
        self._home = home
        self._extras = extras
        self._engine_core = engine_core
        self._other_core = other_core
        self._cameras: list[str] = []
        home.mkdir()
        (home / "models").symlink_to(models)

    async def __aenter__(self) -> Self:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
        self._process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("sightline")),
            "serve",
            env={**inherited, **SETTINGS, **self._extras.environment, "SIGHTLINE_HOME": str(self._home)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await self._reach()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        await self._stop()

    @property
    def engine_pid(self) -> int:
        """The engine's process: the server's child."""
        return processes.descendants(self._process.pid)[0]

    async def enrol(self, people: Path) -> int:
        """Puts everybody in `people` on a watch list; how many photographs were accepted."""
        watch_list = await self._client.create_watch_list("bench")
        accepted = 0
        for name, photos in _photographs(people).items():
            person = await self._client.create_person(first_name=name)
            await self._client.add_to_watch_list(watch_list.id, person.id)
            for file_name, content in photos:
                accepted += (await self._client.add_photo(person.id, file_name, content)).accepted
        return accepted

    async def sign_in(self) -> str:
        """An access token of a new operator, for clients of the WebSocket."""
        name, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        await self._client.create_user(name=name, role="operator", password=password)
        form = {"username": name, "password": password}
        response = await self._http.post("/api/token", data=form, headers={"Authorization": ""})
        return str(response.raise_for_status().json()["access_token"])

    async def watch(self, footage: Footage, cameras: int) -> None:
        """Makes it read that many cameras, all of the same footage, instead of those it read before."""
        for camera_id in self._cameras:
            await self._client.remove_camera(camera_id)
        self._cameras = []
        for number in range(cameras):
            camera = await self._client.create_camera(
                name=f"bench {number}", source=f"file:{footage.video}", alert_unknown=True
            )
            self._cameras.append(camera.id)
            await asyncio.sleep(STEP_S)
        await self._until(self._all_online, ONLINE_TIMEOUT_S, "the cameras did not come online")
        self._pin()

    async def measure(self, seconds: float, observed: Mapping[str, int]) -> Load:
        """What the present cameras cost from now on; `observed` counts their analysed frames meanwhile."""
        lag_before, observed_before = await self._loop_lag(), dict(observed)
        started_s, spent_before_s, busy_before_s = self._times_s()
        await asyncio.sleep(seconds)
        ended_s, spent_s, busy_s = self._times_s()
        took_s, core_share = ended_s - started_s, (spent_s - spent_before_s) / (ended_s - started_s)
        lag = await self._loop_lag()
        return Load(
            cameras=len(self._cameras),
            core_share=core_share,
            others_share=max(0.0, (busy_s - busy_before_s) / took_s - core_share),
            analysed_fps=tuple((observed[one] - observed_before.get(one, 0)) / took_s for one in self._cameras),
            loop_lag={bound: count - lag_before[bound] for bound, count in lag.items()},
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self._http.base_url)

    def _times_s(self) -> tuple[float, float, float]:
        """Now, CPU time of the engine, busy time of its core."""
        busy_s = processes.core_busy_seconds(self._engine_core)
        return time.monotonic(), processes.cpu_seconds(self.engine_pid), busy_s

    async def _reach(self) -> None:
        async def published() -> bool:
            if self._process.returncode is not None:
                raise RuntimeError(f"sightline serve ended with {self._process.returncode}")
            return running_server(self._home) is not None

        await self._until(published, START_TIMEOUT_S, "sightline serve did not answer")
        running = running_server(self._home)
        assert running is not None
        headers = {"Authorization": f"Bearer {running.token}"}
        self._http = httpx.AsyncClient(
            base_url=running.url, headers=headers, timeout=REQUEST_TIMEOUT_S, trust_env=False
        )
        self._client = RestClient(self._http)
        await self._until(self._engine_connected, START_TIMEOUT_S, "the engine did not connect")
        self._pin()

    def _pin(self) -> None:
        processes.pin(self._process.pid, self._other_core)
        processes.pin(self.engine_pid, self._engine_core)

    async def _engine_connected(self) -> bool:
        answer = (await self._http.get("/api/system")).raise_for_status().json()
        return bool(answer["engine"]["state"] == "connected")

    async def _loop_lag(self) -> dict[float, float]:
        """The histogram that the gateway exports, since its start."""
        text = (await self._http.get("/metrics")).raise_for_status().text
        return {
            float(sample.labels["le"]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == LOOP_LAG
        }

    async def _all_online(self) -> bool:
        return all(camera.status.state == "online" for camera in await self._client.cameras())

    async def _until(self, condition: Callable[[], Awaitable[bool]], timeout_s: float, otherwise: str) -> None:
        until_s = time.monotonic() + timeout_s
        while not await condition():
            if time.monotonic() > until_s:
                raise TimeoutError(otherwise)
            await asyncio.sleep(POLL_S)

    async def _stop(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        await self._process.wait()


def _photographs(people: Path) -> dict[str, list[tuple[str, bytes]]]:
    """File names and contents of everybody's photographs, by the name of their folder."""
    folders = sorted(path for path in people.iterdir() if path.is_dir())
    return {folder.name: [(photo.name, photo.read_bytes()) for photo in sorted(folder.iterdir())] for folder in folders}
