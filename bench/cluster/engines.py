"""Frames a second that 1, 2, 3 engines analyse with real models, at one gateway."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.processes import cpu_seconds
from sightline.testing import ServerProcess

__all__ = ["ANALYSIS_FPS", "EngineRates", "measure_engines"]

ANALYSIS_FPS = 5.0
READY_S = 240.0
POLL_S = 0.25
WARM_UP_S = 15.0
"""In which the cameras are opened, a few at a time."""
FRAMES = "sightline_observations_total"


@dataclass(frozen=True, slots=True)
class EngineRates:
    """Frames a second of all cameras, the cameras of five frames a second that this is, and CPU ms a frame: the
    engines', and the gateway's, which nobody watches."""

    engines: int
    offered_cameras: int
    frames: float
    cameras: float
    engine_ms_a_frame: float
    gateway_ms_a_frame: float


async def measure_engines(folder: Path, models: Path, *, engines: int, cameras: int, seconds: float) -> EngineRates:
    """Offers more cameras (drawn, with two people each) than can be analysed, and counts what is."""
    home = folder / "gateway"
    await asyncio.to_thread(home.mkdir, parents=True)
    server = ServerProcess(home, {"local_engine": False, "log_level": "error"})
    await asyncio.to_thread(server.start)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        async with server.client() as http:
            for number in range(cameras):
                camera = {"name": f"Gate {number}", "source": "demo:", "analysis_fps": ANALYSIS_FPS}
                (await http.post("/api/cameras", json=camera)).raise_for_status()
            for number in range(engines):
                answer = (await http.post(f"/api/engines/bench-{number}/token")).raise_for_status().json()
                engine_home = folder / f"engine-{number}"
                processes.append(_start(server.url, answer["token"], engine_home, models, cameras))
            await _all_read(http, engines)
            await asyncio.sleep(WARM_UP_S)
            before, began_s, cpu_s = await _frames(http), time.monotonic(), _cpu_s(processes)
            gateway_s = cpu_seconds(server.pid)
            await asyncio.sleep(seconds)
            frames, took_s = await _frames(http) - before, time.monotonic() - began_s
            spent_s, gateway_s = _cpu_s(processes) - cpu_s, cpu_seconds(server.pid) - gateway_s
    finally:
        for process in processes:
            process.kill()
            process.wait()
        server.kill9()
    rate = frames / took_s
    frames = max(1, frames)
    return EngineRates(
        engines, cameras, rate, rate / ANALYSIS_FPS, 1e3 * spent_s / frames, 1e3 * gateway_s / frames
    )


def _start(url: str, token: str, home: Path, models: Path, cameras: int) -> subprocess.Popen[bytes]:
    home.mkdir()
    (home / "models").symlink_to(models, target_is_directory=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    own = {
        "SIGHTLINE_HOME": str(home),
        "SIGHTLINE_ENGINE_TOKEN": token,
        "SIGHTLINE_ENGINE_CAMERAS": str(cameras),
        "SIGHTLINE_LOG_LEVEL": "error",
    }
    with (home / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sightline", "engine", "--gateway", url],
            env={**inherited, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


async def _all_read(http: httpx.AsyncClient, engines: int) -> None:
    async with asyncio.timeout(READY_S):
        while True:
            found = (await http.get("/api/engines")).raise_for_status().json()
            reading = [engine for engine in found if engine["state"] == "connected" and engine["cameras"]]
            if len(reading) == engines and await _frames(http):
                return
            await asyncio.sleep(POLL_S)


async def _frames(http: httpx.AsyncClient) -> int:
    text = (await http.get("/metrics")).raise_for_status().text
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == FRAMES
    )


def _cpu_s(processes: list[subprocess.Popen[bytes]]) -> float:
    return sum(cpu_seconds(process.pid) for process in processes)
