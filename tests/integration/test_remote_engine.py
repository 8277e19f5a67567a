"""`sightline engine`, a process of its own: the real server, the real program, real models, a network that fails."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest

from sightline.client import SightlineClient, StreamRefused
from sightline.testing import ServerProcess
from tests.command_line import answer, sightline
from tests.flaky_proxy import flaky_proxy
from tests.integration.real_server import admin_token, demo_camera, until


class EngineProcess:
    """`sightline engine` with a home folder of its own."""

    def __init__(self, home: Path, models: Path) -> None:
        home.mkdir()
        (home / "models").symlink_to(models, target_is_directory=True)
        self.home = home
        self.log = home / "engine.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, url: str, token: str, *more: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
        own = {"SIGHTLINE_HOME": str(self.home), "SIGHTLINE_ENGINE_TOKEN": token, "SIGHTLINE_ENGINE_WORKERS": "1"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sightline", "engine", "--gateway", url, *more],
                env={**inherited, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def kill9(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Its exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


@pytest.fixture
def new_engine(tmp_path: Path, models_home: Path) -> Iterator[Callable[[str], EngineProcess]]:
    made: list[EngineProcess] = []

    def new(name: str) -> EngineProcess:
        made.append(EngineProcess(tmp_path / name, models_home / "models"))
        return made[-1]

    yield new
    for engine in made:
        engine.stop()
        print(f"--- {engine.log}\n{engine.log.read_text()}")


async def engines(http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    return {engine["engine_id"]: engine for engine in (await http.get("/api/engines")).raise_for_status().json()}


async def readers(http: httpx.AsyncClient) -> dict[str, str]:
    """The engine that reads each camera which is online."""
    online = {
        camera["id"]
        for camera in (await http.get("/api/cameras")).raise_for_status().json()
        if camera["status"]["state"] == "online"
    }
    shown = await engines(http)
    return {id: name for name, engine in shown.items() for id in engine["camera_ids"] if id in online}


@pytest.mark.timeout(400)  # real models, and leases of six seconds that have to end three times
async def test_engines_elsewhere_share_the_cameras_and_take_over(
    start_server: Callable[..., ServerProcess],
    new_engine: Callable[[str], EngineProcess],
    home: Path,
    models_home: Path,
) -> None:
    server = start_server({"local_engine": "false", "sighting_days": 0})
    yard = answer(home, "tokens", "create", "yard", "--for", "engine").strip()
    hall = answer(home, "tokens", "create", "hall", "--for", "engine").strip()
    with flaky_proxy(int(server.url.rpartition(":")[2])) as network:
        async with server.client() as http:
            cameras = [await demo_camera(http, f"door {number}") for number in range(2)]
            first, second = new_engine("yard"), new_engine("hall")
            first.start(f"http://127.0.0.1:{network.port}", yard)
            await until(lambda: _reads(http, {"yard": 2}), "cameras at the first engine")
            shown = (await engines(http))["yard"]
            assert (shown["is_local"], shown["missing_models"], shown["cameras"]) == (False, [], 2)
            assert abs(shown["clock_offset_ms"]) < 1_000
            assert (await engines(http))["hall"]["state"] == "away"
            metrics = (await http.get("/metrics")).text
            assert 'sightline_engine_cameras{engine="yard"} 2.0' in metrics

            assert "reads 2 cameras" in answer(first.home, "health")
            doctor = sightline(first.home, "doctor", "--json").stdout
            assert f"linked to http://127.0.0.1:{network.port}, 2 cameras" in doctor

            await _enrolled_meanwhile(http, models_home)
            await _streams(server, http, cameras[0])
            await _outage(server, http, first)

            second.start(server.url, hall)
            await until(lambda: _reads(http, {"yard": 1, "hall": 1}), "fair share")
            second.kill9()
            await until(lambda: _reads(http, {"yard": 2}), "takeover")

            second.start(server.url, hall)
            await until(lambda: _reads(http, {"yard": 1, "hall": 1}), "fair share again")
            network.hold()
            await until(lambda: _reads(http, {"hall": 2}), "takeover from a silent network")
            network.flow()
            network.cut()
            await until(lambda: _reads(http, {"yard": 1, "hall": 1}), "fair share after the cut")
            assert second.stop() == 0
            await until(lambda: _reads(http, {"yard": 2}), "what an engine leaves that ends")

            doctor = sightline(home, "doctor", "--json").stdout
            assert "engine yard" in doctor and "engine hall" in doctor and "is not connected" in doctor
            answer(home, "tokens", "revoke", "yard", "--for", "engine")
            await until(lambda: _gone(http), "end of a revoked engine")
        await until(lambda: _says(first, "refuses this engine's token"), "word of the refusal")


async def _enrolled_meanwhile(http: httpx.AsyncClient, models_home: Path) -> None:
    """Somebody who is enrolled while the engine is linked is known to it, by what changed in the gallery."""
    photo = await asyncio.to_thread((models_home / "models" / "astronaut.png").read_bytes)
    new = {"first_name": "Eileen", "last_name": "Collins"}
    person = str((await http.post("/api/people", json=new)).raise_for_status().json()["id"])
    files = {"files": ("photo.png", photo)}
    enrolled = (await http.post(f"/api/people/{person}/references", files=files)).raise_for_status().json()
    assert [result["accepted"] for result in enrolled["results"]] == [True]

    async def known() -> bool:
        found = (await http.post("/api/identify", files={"image": ("photo.png", photo)})).raise_for_status().json()
        return [face["person"]["id"] for face in found["faces"] if face["person"]] == [person]

    await until(known, "gallery at the engine")


async def _outage(server: ServerProcess, http: httpx.AsyncClient, engine: EngineProcess) -> None:
    """What is seen while no gateway runs waits on the engine's disk, and is told of afterwards."""
    spool = engine.home / "engine-spool"
    server.kill9()
    await until(lambda: asyncio.to_thread(_facts, spool), "facts in the spool")
    await until(lambda: _is_cut_off(engine), "word of the lost link")
    waiting = _facts(spool)
    server.start()
    http.headers["Authorization"] = f"Bearer {server.token}"
    await until(lambda: _sent(spool, waiting), "an empty spool")
    metrics = (await http.get("/metrics")).text
    (young,) = re.findall(r'^sightline_fact_age_seconds_bucket{le="1.0"} (.+)$', metrics, re.MULTILINE)
    (accepted,) = re.findall(r"^sightline_fact_age_seconds_count (.+)$", metrics, re.MULTILINE)
    assert float(accepted) - float(young) >= 1, "what was seen meanwhile is older than the start of a server takes"


async def _is_cut_off(engine: EngineProcess) -> bool:
    """The engine says how it is every other second."""
    return "no link to" in await asyncio.to_thread(answer, engine.home, "health")


def _facts(spool: Path) -> set[str]:
    return {path.name for path in spool.glob("*.fact")}


async def _sent(spool: Path, waiting: set[str]) -> bool:
    return not waiting & _facts(spool)


async def _says(engine: EngineProcess, words: str) -> bool:
    return words in await asyncio.to_thread(engine.log.read_text)


async def _gone(http: httpx.AsyncClient) -> bool:
    return "yard" not in await engines(http)


async def _reads(http: httpx.AsyncClient, wanted: dict[str, int]) -> bool:
    counts: dict[str, int] = {}
    for name in (await readers(http)).values():
        counts[name] = counts.get(name, 0) + 1
    return counts == wanted


async def _streams(server: ServerProcess, http: httpx.AsyncClient, camera_id: str) -> None:
    """Streams of seed 004, with pictures that come from an engine elsewhere."""
    async with SightlineClient(server.url, token=await admin_token(http), device="test") as client:
        stream = await client.start_stream(camera_id, quality="thumbnail")
        small = await asyncio.to_thread(_shape, stream.stream_url)
        changed = await client.change_stream_quality(camera_id, "sd")
        large = await asyncio.to_thread(_shape, changed.stream_url)
        assert small is not None and large is not None and max(small[:2]) == 320 < max(large[:2])
        await client.stop_stream(camera_id)
        assert await asyncio.to_thread(_shape, changed.stream_url) is None
        with pytest.raises(StreamRefused) as refused:
            await client.start_stream("new", quality="sd", rtsp_url="rtsp://127.0.0.1:9/nothing")
        assert "nothing listens" in str(refused.value)


def _shape(url: str | None) -> tuple[int, ...] | None:
    capture = cv2.VideoCapture(url or "", cv2.CAP_FFMPEG)
    try:
        read, frame = capture.read()
        return frame.shape if read else None
    finally:
        capture.release()


def test_tokens_are_listed_and_revoked(home: Path) -> None:
    assert answer(home, "tokens", "create", "Front desk", "--for", "workstation").startswith("slm_")
    listed = answer(home, "tokens", "list")
    assert "Front desk" in listed and "slm_" not in listed
    answer(home, "tokens", "revoke", "Front desk", "--for", "workstation")
    assert sightline(home, "tokens", "create", "Nowhere", "--for", "camera").returncode == 1
