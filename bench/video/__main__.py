"""Video: what a camera costs, how late live pictures are, what viewers cost, whether memory stays flat.

    make bench-video

A real server with its engine; cameras and viewers in other processes of the same machine. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from typing import Any

import cv2
from rich.console import Console
from rich.table import Table

from bench.video.film import FPS, SIZE, hall
from bench.video.glass import WAYS, chromium, delay_of
from bench.video.house import Cost, House
from bench.video.publishers import Orders, publishing
from bench.video.viewers import ViewerWay, watching
from sightline.frames import Image
from sightline.models.manifest import MODELS
from sightline.models.store import ModelStore
from sightline.settings_sources import load
from tests.rtsp_server import available, rtsp_server
from tests.videos import write_video

__all__ = ["main"]

CAMERAS = 4
READ_ONLY_FPS, DEFAULT_FPS = 0.1, 5.0
SETTLE_S = 3.0
VIEWERS = 10
COME_AND_GO_S = 5.0
MIB = 2**20

out = Console(highlight=False)


def main() -> None:
    """Parses the command line, fetches models that are missing, measures, prints."""
    first_line = __doc__.splitlines()[0] if __doc__ else None
    parser = argparse.ArgumentParser(prog="bench.video", description=first_line)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one measurement")
    parser.add_argument("--minutes", type=float, default=1.0, help="for how long memory is watched")
    arguments = parser.parse_args()
    models = load().settings.models_folder
    ModelStore(models).pull(MODELS)
    with TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(Path(folder), models, arguments.seconds, arguments.minutes))
    print(json.dumps(figures))


async def _measure(folder: Path, models: Path, seconds: float, minutes: float) -> dict[str, Any]:
    pictures = hall(models)
    film = _film(folder, pictures)
    figures: dict[str, Any] = {"size": list(SIZE), "fps": FPS, "cores": os.cpu_count()}
    async with House.open(folder, models) as house:
        figures["camera_core_percent"] = await _cameras(house, folder, film, pictures, seconds)
        _print_cameras(figures["camera_core_percent"])
        figures["delay_ms"] = await _delays(house, seconds)
        _print_delays(figures["delay_ms"])
        figures["viewers"] = await _viewers(house, film, seconds)
        _print_viewers(figures["viewers"])
        figures["memory"] = await _memory(house, film, minutes)
        _print_memory(figures["memory"])
    return figures


def _film(folder: Path, pictures: Sequence[Image]) -> str:
    """The pictures as files, for the processes that publish them."""
    film = folder / "film"
    film.mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(film / f"{number:04}.png"), picture)
    return str(film)


# ── what a camera costs ─────────────────────────────────────────────────────────────────────────────────────────────


async def _cameras(
    house: House, folder: Path, film: str, pictures: Sequence[Image], seconds: float
) -> dict[str, dict[str, float]]:
    found = {}
    idle = await house.cost(seconds / 2)
    for kind in ("RTSP", "WHIP", "pushed JPEG"):
        async with AsyncExitStack() as stack:
            source = "whip:"
            if kind == "RTSP":
                if not available():
                    continue
                video = write_video(folder / "film.h264", pictures, fps=FPS, format="h264")
                source = f"rtsp://127.0.0.1:{stack.enter_context(rtsp_server(video, video)).open}/video"
            cameras = [
                await house.camera(f"{kind} {n}", source, analysis_fps=READ_ONLY_FPS) for n in range(CAMERAS)
            ]
            if kind != "RTSP":
                await stack.enter_async_context(publishing(_orders(house, cameras, kind, film)))
            read = await _settled_cost(house, cameras, seconds)
            await house.analyse(cameras, DEFAULT_FPS)
            analysed = await _settled_cost(house, cameras, seconds)
            for camera in cameras:
                await house.remove(camera)
        found[kind] = _shares(idle, read, analysed)
    return found


def _orders(house: House, cameras: list[str], kind: str, film: str | None) -> Orders:
    return Orders(house.url, house.server.token, cameras, "whip" if kind == "WHIP" else "push", film)


async def _settled_cost(house: House, cameras: list[str], seconds: float) -> Cost:
    await asyncio.sleep(SETTLE_S)
    await house.online(cameras)
    return await house.cost(seconds)


def _shares(idle: Cost, read: Cost, analysed: Cost) -> dict[str, float]:
    return {
        "read_engine": _percent((read.engine - idle.engine) / CAMERAS),
        "read_gateway": _percent((read.gateway - idle.gateway) / CAMERAS),
        "analysed_engine": _percent((analysed.engine - idle.engine) / CAMERAS),
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _print_cameras(found: dict[str, dict[str, float]]) -> None:
    table = Table(
        title=f"CPU a camera of {SIZE[0]} × {SIZE[1]} px at {FPS}/s, % of a core ({CAMERAS} cameras at a time)",
        title_justify="left",
    )
    for title in ("source", "read: engine", "read: gateway", "5 a second analysed: engine"):
        table.add_column(title, justify="left" if title == "source" else "right")
    for kind, row in found.items():
        table.add_row(kind, *map(str, row.values()))
    out.print(table)
    if "RTSP" not in found:
        out.print("RTSP was left out: GStreamer's RTSP server is not installed")


# ── how late live pictures are ──────────────────────────────────────────────────────────────────────────────────────


async def _delays(house: House, seconds: float) -> dict[str, dict[str, float]]:
    camera = await house.camera("clock", "whip:", analysis_fps=DEFAULT_FPS)
    found: dict[str, dict[str, float]] = {}
    await house.let_in()
    async with publishing(_orders(house, [camera], "WHIP", None)), chromium() as browser:
        await house.online([camera])
        for name in WAYS if browser is not None else ():
            assert browser is not None
            delay = await delay_of(browser, house, camera, name, seconds)
            found[name] = {
                "p50": delay.p50_ms, "p99": delay.p99_ms, "pictures_a_second": round(delay.pictures_a_second, 1)
            }  # fmt: skip
    await house.remove(camera)
    return found


def _print_delays(found: dict[str, dict[str, float]]) -> None:
    table = Table(title="from a clock before a WHIP device to the console in Chromium, ms", title_justify="left")
    for title in ("way", "p50", "p99", "pictures a second"):
        table.add_column(title, justify="left" if title == "way" else "right")
    for name, row in found.items():
        table.add_row(name, *map(str, row.values()))
    out.print(table if found else "delays were left out: there is no chromium")


# ── what viewers cost ───────────────────────────────────────────────────────────────────────────────────────────────


async def _viewers(house: House, film: str, seconds: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for kind, video in (("WHIP", "passed on"), ("pushed JPEG", "encoded")):
        camera = await house.camera(kind, "whip:", analysis_fps=READ_ONLY_FPS)
        async with publishing(_orders(house, [camera], kind, film)):
            await house.online([camera])
            alone = await house.cost(seconds)
            ways: tuple[ViewerWay, ...] = ("mp4", "webrtc")
            for way in ways:
                one, _ = await _watched_cost(house, camera, way, 1, seconds)
                ten, pictures = await _watched_cost(house, camera, way, VIEWERS, seconds)
                first, further = one.whole - alone.whole, (ten.whole - one.whole) / (VIEWERS - 1)
                rows.append(
                    {
                        "video": video,
                        "way": way,
                        "first_percent": _percent(first),
                        "each_further_percent": round(100 * further, 2),
                        "further_of_first_percent": round(100 * further / first) if first > 0.002 else None,
                        "pictures_a_second": round(pictures, 1),
                    }
                )
        await house.remove(camera)
    return rows


async def _watched_cost(
    house: House, camera: str, way: ViewerWay, viewers: int, seconds: float
) -> tuple[Cost, float]:
    """And the pictures a second that each of them got."""
    async with watching(house, camera, way, viewers) as seen:
        await asyncio.sleep(SETTLE_S / 2)
        known = seen.pictures
        cost = await house.cost(seconds)
        return cost, (seen.pictures - known) / viewers / seconds


def _print_viewers(rows: list[dict[str, Any]]) -> None:
    table = Table(title="CPU of server and engine for viewers of one camera, % of a core", title_justify="left")
    for title in ("video", "way", "the first", "each further", "further ÷ first, %", "pictures a second"):
        table.add_column(title, justify="left" if title in ("video", "way") else "right")
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row.values()))
    out.print(table)


# ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _memory(house: House, film: str, minutes: float) -> dict[str, float]:
    """Two cameras, looked at all the time by viewers who come and go. The first quarter does not count."""
    published = await house.camera("published", "whip:", analysis_fps=DEFAULT_FPS)
    pushed = await house.camera("pushed", "whip:", analysis_fps=DEFAULT_FPS)
    times_min: list[float] = []
    resident_mib: list[float] = []
    async with (
        publishing(_orders(house, [published], "WHIP", film)),
        publishing(_orders(house, [pushed], "pushed JPEG", film)),
    ):
        await house.online([published, pushed])
        began_s = time.monotonic()
        number = 0
        while (now_min := (time.monotonic() - began_s) / 60) < minutes:
            way: ViewerWay = "mp4" if number % 2 else "webrtc"
            async with watching(house, (published, pushed)[number // 2 % 2], way, 2):
                await asyncio.sleep(COME_AND_GO_S)
            number += 1
            if now_min >= minutes / 4:
                times_min.append((time.monotonic() - began_s) / 60)
                resident_mib.append(house.resident_bytes() / MIB)
    slope = linear_regression(times_min, resident_mib).slope if len(times_min) > 1 else float("nan")
    return {
        "minutes": minutes,
        "resident_mib": round(resident_mib[-1], 1),
        "mib_a_minute": round(slope, 2),
        "visits": 2 * number,
    }


def _print_memory(found: dict[str, float]) -> None:
    out.print(
        f"memory of all processes: {found['resident_mib']} MiB after {found['minutes']:g} min and "
        f"{found['visits']} visits; {found['mib_a_minute']:+} MiB a minute after the first quarter"
    )


if __name__ == "__main__":
    main()
