"""The loop that Sightline grew out of, as a program that can be measured.

One process does everything. A thread keeps the newest picture of the camera; on the event loop that also serves the
clients, every picture is searched for faces at full size, every face is embedded and compared, and whoever is
recognised is announced: screenshot, then all web clients, then the nearest phone. Models, threshold and alert rule
are Sightline's. Of the faults that `docs/explanation/data-flow.md` tells of, only those that would keep clients from
hearing anything are mended (one manager, one encoding): what is measured is the architecture.

    python -m bench.naive --video clip.mp4 --people folder --models folder --seconds 12

Prints one JSON line when it listens (`port`) and one when it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Histogram
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.clip import Clip
from bench.stage_clock import StageClock
from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.gateway.loop_lag import LoopLag
from sightline.identities.alignment import align
from sightline.identities.gallery import Gallery, Reference
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.store import ModelStore

__all__ = ["main"]

UNSEEN_S = 5.0
REALERT_S = 3.0


class Camera:
    """The newest picture of a clip: a thread decodes and converts every frame, older ones are dropped."""

    def __init__(self, video: Path) -> None:
        self.clip = Clip(video)
        self.frames = 0
        self._newest: tuple[int, Image] | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def read(self) -> tuple[int, Image] | None:
        """Time of arrival (ms since the epoch) and picture; the same again when no newer one has come."""
        return self._newest

    def stop(self) -> None:
        """Ends the thread."""
        self.clip.interrupt()
        self._thread.join()

    def _read(self) -> None:
        try:
            while True:
                self.clip.grab()
                self._newest = (time.time_ns() // 1_000_000, self.clip.picture())
                self.frames += 1
        except SourceError:
            self.clip.close()


class Clients:
    """Who is connected, and whether they are web pages or phones."""

    def __init__(self) -> None:
        self._kinds: dict[ServerConnection, str] = {}

    async def serve(self, socket: ServerConnection) -> None:
        """Registers a client by its first message and echoes the others to everybody on the web."""
        try:
            self._kinds[socket] = json.loads(await socket.recv())["state"]
            async for message in socket:
                await self.broadcast({"echo": json.loads(message)})
        except ConnectionClosed:
            pass
        finally:
            self._kinds.pop(socket, None)

    async def broadcast(self, message: dict[str, Any]) -> None:
        """To every web client."""
        text = json.dumps(message)
        web = [socket for socket, kind in self._kinds.items() if kind == "web"]
        await asyncio.gather(*(socket.send(text) for socket in web))

    async def send_to_nearest(self, message: dict[str, Any]) -> None:
        """To a phone: all of them are here."""
        phone = next((socket for socket, kind in self._kinds.items() if kind == "apk"), None)
        if phone is not None:
            await phone.send(json.dumps(message))


class Program:
    """Learner, recogniser and alert desk."""

    def __init__(self, models: Path, people: Path, screenshots: Path) -> None:
        store = ModelStore(models)
        self.clock = StageClock()
        self.clients = Clients()
        self.frames = self.alerts = 0
        self._detector = CenterFace.load(store)
        self._embedder = DlibResnet.load(store)
        self._gallery = self._learn(people)
        self._screenshots = screenshots
        self._alerted_s: dict[str, float] = {}
        self._seen_s: dict[str, float] = {}

    async def watch(self, camera: Camera, seconds: float) -> None:
        """The loop: the newest picture, faces, names, alerts; then the next, without a pause."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            newest = camera.read()
            if newest is None:
                await asyncio.sleep(0.01)
                continue
            await self._process(*newest)
            self.frames += 1

    async def _process(self, captured_at_ms: int, picture: Image) -> None:
        vectors = self._vectors(picture)
        names = await asyncio.gather(*(self._name(vector) for vector in vectors))
        for name in {name for name in names if name is not None}:
            with self.clock.stage("alert"):
                await self._handle(name, picture, captured_at_ms)

    def _vectors(self, picture: Image) -> NDArray[np.float32]:
        with self.clock.stage("detect"):
            faces = self._detector.detect(picture)
        if not len(faces):
            return np.empty((0, self._embedder.dimensions), np.float32)
        with self.clock.stage("align"):
            template = self._embedder.template
            chips = np.stack([align(picture, points, template).image for points in faces.landmarks])
        with self.clock.stage("embed"):
            return self._embedder.embed(chips)

    async def _name(self, vector: NDArray[np.float32]) -> str | None:
        with self.clock.stage("search"):
            found = self._gallery.search(vector[None])
        if found is None or found.distances[0] > self._embedder.similarity.threshold:
            return None
        return found.person_ids[0]

    async def _handle(self, name: str, picture: Image, captured_at_ms: int) -> None:
        now_s = time.monotonic()
        unseen_s = now_s - self._seen_s.get(name, -1e9)
        if unseen_s > UNSEEN_S and now_s - self._alerted_s.get(name, -1e9) > REALERT_S:
            cv2.imwrite(str(self._screenshots / f"{name}-{captured_at_ms}.jpg"), picture)
            context = {"first_name": name, "captured": captured_at_ms}
            await self.clients.broadcast({"event": "all_clients", "context": context})
            await self.clients.send_to_nearest({"event": "nearest_client", "context": context})
            self.alerts += 1
            self._alerted_s[name] = now_s
        self._seen_s[name] = now_s

    def _learn(self, people: Path) -> Gallery:
        references = []
        for path in sorted(people.glob("*/*")):
            picture = cv2.imread(str(path))
            if picture is not None:
                vectors = self._vectors(np.asarray(picture, np.uint8))
                references += [Reference(str(path), path.parent.name, vector) for vector in vectors[:1]]
        self.clock = StageClock()
        return Gallery.of(references, self._embedder.dimensions)


async def _run(arguments: argparse.Namespace) -> None:
    lag = LoopLag(Histogram("loop_lag_seconds", "By how much the loop woke late", registry=CollectorRegistry()))
    with TemporaryDirectory() as screenshots:
        program = Program(arguments.models, arguments.people, Path(screenshots))
        async with serve(program.clients.serve, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            print(json.dumps({"port": port}), flush=True)
            await asyncio.sleep(arguments.lead_in)
            measuring = asyncio.create_task(lag.run())
            await asyncio.sleep(0)
            camera = Camera(arguments.video)
            camera.start()
            started_s = time.monotonic()
            await program.watch(camera, arguments.seconds)
            took_s = time.monotonic() - started_s
            camera.stop()
            await asyncio.sleep(0.05)  # the ticker's last, longest wait
            measuring.cancel()
    print(
        json.dumps(
            {
                "analysed_fps": program.frames / took_s,
                "decoded_fps": camera.frames / took_s,
                "alerts": program.alerts,
                "stage_ms": {**camera.clip.clock.per(camera.frames), **program.clock.per(program.frames)},
                "loop_lag": lag.figures(),
            }
        ),
        flush=True,
    )


def main() -> None:
    """Parses the command line and runs for the given time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--lead-in", type=float, default=1.0, help="seconds in which clients may connect")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
