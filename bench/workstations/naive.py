"""The naive way, as a program: one process, and for each picture one blocking call of the whole pipeline.

A WebSocket server whose handler decodes, detects, embeds, judges liveness, looks for phones and answers, with the same
models and the same code for each step, on the event loop that also serves the other workstations. It prints the port
that it listens on, and ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
from websockets.asyncio.server import ServerConnection, serve

from bench.extras import find_extras
from bench.workstations.sitters import find_sitters
from sightline.decisions.workstation import VerdictRules, Watch
from sightline.deliveries.verification import VerifyAnswer
from sightline.engine.vision.stills import Look
from sightline.events.still import Analysis
from sightline.gateway.workstations.verify_socket import TASKS, evidence_of
from sightline.identities.gallery import Gallery, Reference
from sightline.images import decode_picture
from sightline.service.vision import Vision, load_vision
from sightline.settings import Settings

__all__ = ["main"]

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 64_000_000


class Naive:
    """The models and the people, and the one call."""

    def __init__(self, vision: Vision, models: Path) -> None:
        self._vision = vision
        self._rules = VerdictRules()
        assert vision.faces is not None
        references = []
        for sitter in find_sitters(models):
            for number, photo in enumerate(sitter.photos):
                picture, _ = decode_picture(photo, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
                for face in vision.faces.analyse_image(picture)[:1]:
                    vector = np.frombuffer(face.vector, "<f4")
                    references.append(Reference(f"{sitter.name} {number}", sitter.name, vector))
        self._gallery = Gallery.of(references, vision.template_size)

    def verdict(self, user: str, image: bytes) -> tuple[str, str, str]:
        """Action, reason and who it is."""
        picture, (width, height) = decode_picture(image, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
        wanted = Look(tasks=frozenset(TASKS), width=width, height=height, max_side=1024, verify=user)
        seen = self._vision.analyser.look(picture, wanted, self._gallery)
        analysis = Analysis(request_id="", faces=seen.faces, objects=seen.objects, verified=seen.verified)
        evidence = evidence_of(analysis)
        verdict = Watch(self._rules, 0).judge(evidence, 0)
        is_user = evidence.similarity is not None and evidence.similarity >= self._rules.similarity
        recognised = seen.faces[0].person_id if seen.faces else None
        return verdict.action.value, verdict.reason.value, user if is_user else recognised or ""

    async def handle(self, socket: ServerConnection) -> None:
        """One workstation."""
        async for text in socket:
            frame = json.loads(text)
            action, reason, actual = self.verdict(frame["user_name"], base64.b64decode(frame["image"]))
            answer = VerifyAnswer(
                action=action, reason=reason, actual_username=actual, send_time=frame["send_time"],  # type: ignore[arg-type]
                finish_time=time.time_ns() // 1_000_000,
            )  # fmt: skip
            await socket.send(json.dumps({name: getattr(answer, name) for name in answer.__struct_fields__}))


async def _run(naive: Naive) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    async with serve(naive.handle, "127.0.0.1", 0, max_size=None, compression=None, ping_interval=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await ended.wait()


def main() -> None:
    """Loads the models and serves."""
    parser = argparse.ArgumentParser(prog="bench.workstations.naive")
    parser.add_argument("--models", type=Path, required=True)
    models = parser.parse_args().models
    extras = find_extras(models)
    settings = Settings(home=models.parent, object_model=extras.objects, liveness_model=extras.liveness)
    asyncio.run(_run(Naive(load_vision(settings), models)))


if __name__ == "__main__":
    main()
