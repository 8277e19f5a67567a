"""What a gateway asks of an engine beside its cameras: analyse a still picture, try a source.

Bounds: `MAX_WAITING` pictures, analysed one at a time in a thread of their own, so that cameras keep the cores they
have; `MAX_PROBES` sources at once. Policy when full: the request is answered with an error at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import cv2
import numpy as np
import structlog

from sightline.engine.reader import OpenSource
from sightline.events.engine_link import Analyse, AnalysedFace, Analysis, ProbeSource, SourceProbed
from sightline.exceptions import ImageError, SightlineError, SourceError
from sightline.frames import Image
from sightline.identities.gallery import Gallery
from sightline.images import decode_image, encode_jpeg

__all__ = ["Requests", "StillAnalyser"]

MAX_WAITING = 16
MAX_PROBES = 4
MAX_PROBE_TIMEOUT_S = 30.0
PROBE_PICTURE_SIDE_PX = 960

_log = structlog.get_logger(__name__)


class StillAnalyser(Protocol):
    """Finds and describes the faces of a still picture."""

    @property
    def model_id(self) -> str:
        """The embedder's."""

    def analyse_image(self, image: Image, gallery: Gallery | None) -> list[AnalysedFace]:
        """The faces of an H×W×3 uint8 BGR picture, compared with `gallery` where one is given."""


class Requests:
    """Serves requests and hands the answers to `answer`. Used from the event loop."""

    def __init__(
        self,
        analyser: StillAnalyser,
        gallery: Callable[[], Gallery],
        open_source: OpenSource,
        answer: Callable[[Analysis | SourceProbed], None],
        *,
        max_image_bytes: int = 32 * 2**20,
        max_image_pixels: int = 100_000_000,
    ) -> None:
        self._analyser = analyser
        self._gallery = gallery
        self._open_source = open_source
        self._answer = answer
        self._max_image_bytes = max_image_bytes
        self._max_image_pixels = max_image_pixels
        self._stills = ThreadPoolExecutor(1, thread_name_prefix="still")
        self._waiting = 0
        self._probing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def analyse(self, request: Analyse) -> None:
        """Queues a picture; the answer comes through `answer`."""
        if self._waiting >= MAX_WAITING:
            self._answer(
                Analysis(
                    request_id=request.request_id,
                    error="the engine has too many pictures to analyse: try again in a few seconds",
                    error_code="SYSTEM_FULL",
                )
            )
            return
        self._waiting += 1
        self._start(self._analysed(request))

    def probe(self, request: ProbeSource) -> None:
        """Tries a source; the answer comes through `answer`, within about the request's time-out."""
        if self._probing >= MAX_PROBES:
            message = "the engine is trying other sources: try again in a few seconds"
            self._answer(SourceProbed(request_id=request.request_id, ok=False, message=message))
            return
        self._probing += 1
        self._start(self._probed(request))

    def close(self) -> None:
        """Lets go of what is still queued."""
        for task in self._tasks:
            task.cancel()
        self._stills.shutdown(wait=False, cancel_futures=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _analysed(self, request: Analyse) -> None:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._stills, self._look, request)
        finally:
            self._waiting -= 1
        self._answer(answer)

    def _look(self, request: Analyse) -> Analysis:
        started_s = time.perf_counter()
        try:
            image = decode_image(
                request.image, max_bytes=self._max_image_bytes, max_pixels=self._max_image_pixels
            )
            faces = self._analyser.analyse_image(image, self._gallery() if request.identify else None)
        except ImageError as error:
            return Analysis(request_id=request.request_id, error=str(error), error_code=error.code)
        except SightlineError as error:
            return Analysis(request_id=request.request_id, error=str(error), error_code="PROCESSING_ERROR")
        except Exception:  # noqa: BLE001  # whatever a picture provokes in a model must not cost the asker an answer
            _log.exception("analysing a picture failed")
            error_text = "this picture cannot be analysed: the engine's log says why"
            return Analysis(request_id=request.request_id, error=error_text, error_code="PROCESSING_ERROR")
        return Analysis(
            request_id=request.request_id,
            width=image.shape[1],
            height=image.shape[0],
            model_id=self._analyser.model_id,
            faces=faces,
            processing_ms=(time.perf_counter() - started_s) * 1000,
        )

    async def _probed(self, request: ProbeSource) -> None:
        timeout_s = min(max(request.timeout_s, 0.5), MAX_PROBE_TIMEOUT_S)
        trying = _in_thread_of_its_own(lambda: self._try(request, timeout_s))
        trying.add_done_callback(self._probe_ended)
        try:
            # The thread may outlive the answer, by libav's own time-outs: it keeps its place until then.
            answer = await asyncio.wait_for(asyncio.shield(trying), timeout_s + 0.5)
        except TimeoutError:
            message = f"the source gave no picture within {timeout_s:g} s"
            answer = SourceProbed(request_id=request.request_id, ok=False, message=message)
        self._answer(answer)

    def _probe_ended(self, _done: asyncio.Future[SourceProbed]) -> None:
        self._probing -= 1

    def _try(self, request: ProbeSource, timeout_s: float) -> SourceProbed:
        try:
            source = self._open_source(request.source, timeout_s)
            try:
                source.grab()
                image = source.picture()
                fps, codec = source.fps, source.codec
            finally:
                source.close()
        except SourceError as error:
            return SourceProbed(request_id=request.request_id, ok=False, message=error.reason)
        except Exception:  # noqa: BLE001  # a decoder's surprise must not cost the asker an answer
            _log.exception("trying a source failed")
            message = "this source cannot be read: the engine's log says why"
            return SourceProbed(request_id=request.request_id, ok=False, message=message)
        height, width = image.shape[:2]
        rate = f", {fps:.3g} frames a second" if fps else ""
        return SourceProbed(
            request_id=request.request_id,
            ok=True,
            message=f"{width}×{height}{rate}, {codec}",
            width=width,
            height=height,
            fps=fps,
            codec=codec,
            picture=encode_jpeg(_shrunk(image), quality=80),
        )


def _in_thread_of_its_own(work: Callable[[], SourceProbed]) -> asyncio.Future[SourceProbed]:
    """Runs `work`, which must not raise, in a thread that does not hold up the end of the process (a pool's would)."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[SourceProbed] = loop.create_future()

    def settle(answer: SourceProbed) -> None:
        if not future.done():
            future.set_result(answer)

    def run() -> None:
        answer = work()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, answer)

    threading.Thread(target=run, name="probe", daemon=True).start()
    return future


def _shrunk(image: Image) -> Image:
    scale = PROBE_PICTURE_SIDE_PX / max(image.shape[:2])
    if scale >= 1.0:
        return image
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
