"""Frames through `/ws`: how many a second, and after how long each is answered, by number of clients.

    make bench-frames

A real server with its engine; each client pushes its next frame when the last was answered, so the figures are of a
full server. The frames are one photograph at 640 × 480. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import connect

from bench.figures import percentile
from sightline.client.rest import RestClient
from sightline.images import encode_jpeg
from sightline.models.manifest import ASTRONAUT, MODELS
from sightline.models.store import ModelStore
from sightline.settings_sources import load
from sightline.testing import ServerProcess

__all__ = ["main"]

CLIENTS = (1, 5, 20)
SIZE = (640, 480)
WARM_UP_FRAMES = 3
READY_TIMEOUT_S = 60.0

out = Console()


@dataclass(frozen=True, slots=True)
class Round:
    """What clients together were given in `seconds`: by client, how long each answer took, in ms."""

    seconds: float
    answered_ms: list[list[float]]
    processing_ms: list[float]

    def figures(self) -> dict[str, Any]:
        """As the report has them."""
        every = [spent for answers in self.answered_ms for spent in answers]
        counts = [len(answers) for answers in self.answered_ms]
        return {
            "clients": len(counts),
            "frames_per_second": round(len(every) / self.seconds, 1),
            "answer_ms_p50": round(percentile(every, 0.5), 1),
            "answer_ms_p99": round(percentile(every, 0.99), 1),
            "processing_ms_p50": round(median(self.processing_ms), 1),
            "least_share_of_a_client": round(min(counts) / max(counts), 2),
        }


def main() -> None:
    """Measures, prints a table and a line of JSON."""
    parser = argparse.ArgumentParser(prog="bench.frames", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each number of clients")
    arguments = parser.parse_args()
    models = load().settings.models_folder
    ModelStore(models).pull(MODELS)
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "models").symlink_to(models)
        server = ServerProcess(home, {"message_rates": "process_frame=1000000", "log_level": "error"})
        server.start()
        try:
            rows = asyncio.run(_measure(server, _frame(models), arguments.seconds))
        finally:
            server.stop()
    _print(rows)
    print(json.dumps({"size": list(SIZE), "cores": os.cpu_count(), "rounds": rows}))


def _frame(models: Path) -> str:
    photograph = cv2.imread(str(ModelStore(models).path(ASTRONAUT)))
    assert photograph is not None
    resized = np.asarray(cv2.resize(photograph, SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    return base64.b64encode(encode_jpeg(resized)).decode()


async def _measure(server: ServerProcess, frame: str, seconds: float) -> list[dict[str, Any]]:
    async with server.client() as http:
        client = RestClient(http)
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not (await http.get("/api/models/info")).json()["face_model"]["loaded"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        user = await client.create_user(name="bench", role="operator", password="frames-are-pushed-here")
        token = await client.token_of(user.id)
    url = server.url.replace("http", "ws", 1) + "/ws"
    return [(await _round(url, token, frame, clients, seconds)).figures() for clients in CLIENTS]


async def _round(url: str, token: str, frame: str, clients: int, seconds: float) -> Round:
    message = json.dumps({"event": "process_frame", "data": {"frame": frame}})
    processing_ms: list[float] = []
    everybody = asyncio.Barrier(clients)

    async def push() -> list[float]:
        answered_ms = []
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
            await socket.recv()
            for _ in range(WARM_UP_FRAMES):
                await socket.send(message)
                await socket.recv()
            await everybody.wait()
            until_s = time.perf_counter() + seconds
            while (sent_s := time.perf_counter()) < until_s:
                await socket.send(message)
                answer = json.loads(await socket.recv())
                if answer["event"] != "detection_result":
                    raise RuntimeError(f"not answered: {answer}")
                answered_ms.append((time.perf_counter() - sent_s) * 1000)
                processing_ms.append(answer["data"]["processing_time"] * 1000)
        return answered_ms

    return Round(seconds, await asyncio.gather(*(push() for _ in range(clients))), processing_ms)


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"frames of {SIZE[0]} × {SIZE[1]} px through /ws", title_justify="left")
    for title in ("clients", "frames/s", "answer p50 ms", "p99 ms", "in the engine p50 ms", "least ÷ most served"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    out.print(table)


if __name__ == "__main__":
    main()
