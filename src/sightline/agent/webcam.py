"""The newest picture of the workstation's camera, when somebody asks for one.

A thread reads the camera for as long as pictures are asked for, so that what it hands over was taken after it was asked
for. When nobody asks for a while the camera is closed, and its light goes out.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.images import encode_jpeg

__all__ = ["CameraSource", "Webcam"]

LONGEST_SIDE_PX = 1280
RETRY_S = 2.0
IDLE_S = 5.0
JOIN_S = 2.0


class CameraSource(Protocol):
    """An open camera; what `sightline.ingest` opens fits."""

    def grab(self) -> None:
        """Waits for the next frame. Raises `SourceError`."""

    def picture(self) -> Image:
        """The frame grabbed last, H×W×3 uint8 BGR. Raises `SourceError`."""

    def packets(self, at_ms: int | None) -> Sequence[object]:
        """With `None`: what was read, encoded, is let go of."""

    def interrupt(self) -> None:
        """A waiting `grab` gives up soon; from another thread."""

    def close(self) -> None: ...


class Webcam:
    """`picture` from one task of the event loop; `close` in the end. `changed` is called, in the loop, when the camera
    is lost (with words) and when it is there again (without). After `idle_s` without a question it is closed."""

    def __init__(
        self,
        open_source: Callable[[], CameraSource],
        *,
        idle_s: float = IDLE_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self.changed: Callable[[str], None] = _nobody_minds
        self._open_source = open_source
        self._idle_s = idle_s
        self._retry_s = retry_s
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._source: CameraSource | None = None
        self._asked: asyncio.Future[bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self._problem = ""

    async def picture(self) -> bytes:
        """The next picture, a JPEG of at most `LONGEST_SIDE_PX`; waits for as long as there is no camera. Raises
        `SourceError` when there can be none."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread.start()
        self._asked = self._loop.create_future()
        self._wanted.set()
        return await self._asked

    async def close(self) -> None:
        """Closes the camera. May be called without a picture ever asked for."""
        self._stopped.set()
        self._wanted.set()
        if (source := self._source) is not None:
            source.interrupt()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, JOIN_S)

    # ── the thread ──

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            try:
                self._read()
            except SourceError as problem:
                if problem.permanent:
                    self._tell(self._refuse, problem)
                    return
                self._tell(self._lost, str(problem))
                self._stopped.wait(self._retry_s)

    def _read(self) -> None:
        if self._stopped.is_set():
            return
        self._source = source = self._open_source()
        try:
            asked_s = time.monotonic()
            while not self._stopped.is_set():
                source.grab()
                source.packets(None)
                if self._wanted.is_set():
                    picture = encode_jpeg(_reduced(source.picture()))
                    self._wanted.clear()  # only now: a picture that fails is still wanted from the next camera
                    asked_s = time.monotonic()
                    self._tell(self._deliver, picture)
                elif time.monotonic() - asked_s > self._idle_s:
                    return
        finally:
            self._source = None
            source.close()

    def _tell(self, what: Callable[..., None], *words: object) -> None:
        assert self._loop is not None  # the thread was started by the first question
        if not self._stopped.is_set():
            self._loop.call_soon_threadsafe(what, *words)

    # ── in the event loop ──

    def _deliver(self, picture: bytes) -> None:
        if self._problem:
            self._problem = ""
            self.changed("")
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(picture)

    def _lost(self, problem: str) -> None:
        if self._problem != problem:
            self._problem = problem
            self.changed(problem)

    def _refuse(self, problem: SourceError) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(problem)


def _nobody_minds(problem: str) -> None:
    """Until somebody does."""


def _reduced(image: Image) -> Image:
    """The picture with its longest side at most `LONGEST_SIDE_PX`."""
    height, width = image.shape[:2]
    share = LONGEST_SIDE_PX / max(height, width)
    if share >= 1.0:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
