"""What a gateway asks of an engine beside its cameras: analyse a still picture, try a source.

A picture that somebody waits for is analysed in a thread of its own, one at a time; what comes in the background
(pushed frames, batches) by a few threads that give way to the cameras. Bounds: `MAX_WAITING` pictures of each kind, or
twice as many as are analysed at a time, `MAX_PROBES` sources at once. Policy when full: the request is answered with
an error at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import structlog

from sightline.engine.cameras.reader import OpenSource
from sightline.engine.giving_way import give_way
from sightline.engine.vision.annotation import boxed
from sightline.engine.vision.blurring import blurred, wholly_blurred
from sightline.engine.vision.masking import masked
from sightline.engine.vision.stills import Look, Seen, shrunk
from sightline.engine.vision.turning import turned
from sightline.events.engine_link import ProbeSource, SourceProbed
from sightline.events.still import Analyse, Analysis, Draw, Drawn, StillTask
from sightline.exceptions import ImageError, SightlineError, SourceError
from sightline.frames import Image
from sightline.identities.gallery import Gallery
from sightline.images import decode_picture, encode_jpeg

__all__ = ["Requests", "StillAnalyser"]

MAX_WAITING = 16
MAX_PROBES = 4
MAX_PROBE_TIMEOUT_S = 30.0
PROBE_PICTURE_SIDE_PX = 960
PROBE_LOOK_SIDE_PX = 1280
PROBE_CONFIDENCE = 0.3
"""From which something in the picture of a tried source is blurred as a face."""
EVIDENCE_QUALITY = 85

_log = structlog.get_logger(__name__)


class StillAnalyser(Protocol):
    """Looks at still pictures; see `sightline.engine.vision.stills`."""

    @property
    def model_id(self) -> str:
        """The embedder's."""

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        """What `wanted` says of an H×W×3 uint8 BGR picture; `gallery` is given where faces are to be compared."""


class Requests:
    """Serves requests and hands the answers to `answer`. Used from the event loop.

    `stills` pictures are analysed in the background at a time; `busy` is told, from their threads, how long each took.
    """

    def __init__(
        self,
        analyser: StillAnalyser,
        gallery: Callable[[], Gallery],
        open_source: OpenSource,
        answer: Callable[[Analysis | Drawn | SourceProbed], None],
        *,
        stills: int = 1,
        busy: Callable[[float], None] = lambda seconds: None,
        max_image_bytes: int = 32 * 2**20,
        max_image_pixels: int = 64_000_000,
    ) -> None:
        self._analyser = analyser
        self._gallery = gallery
        self._open_source = open_source
        self._answer = answer
        self._max_image_bytes = max_image_bytes
        self._max_image_pixels = max_image_pixels
        self._busy = busy
        self._asked = ThreadPoolExecutor(1, thread_name_prefix="still")
        self._most_waiting = max(MAX_WAITING, 2 * stills)
        self._background = ThreadPoolExecutor(stills, thread_name_prefix="background still", initializer=give_way)
        self._waiting = {False: 0, True: 0}
        """Pictures not answered yet, by whether they are asked in the background."""
        self._probing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def analyse(self, request: Analyse) -> None:
        """Queues a picture; the answer comes through `answer`."""
        if self._waiting[request.background] >= self._most_waiting:
            self._answer(
                Analysis(
                    request_id=request.request_id,
                    error="the engine has too many pictures to analyse: try again in a few seconds",
                    error_code="SYSTEM_FULL",
                )
            )
            return
        self._waiting[request.background] += 1
        self._start(self._analysed(request))

    def draw(self, request: Draw) -> None:
        """Queues the drawing of evidence, in the background; the answer comes through `answer`."""
        if self._waiting[True] >= self._most_waiting:
            busy = "the engine has too many pictures to analyse"
            self._answer(Drawn(request_id=request.request_id, error=busy, error_code="SYSTEM_FULL"))
            return
        self._waiting[True] += 1
        self._start(self._drawn(request))

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
        self._asked.shutdown(wait=False, cancel_futures=True)
        self._background.shutdown(wait=False, cancel_futures=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _analysed(self, request: Analyse) -> None:
        threads = self._background if request.background else self._asked
        try:
            answer = await asyncio.get_running_loop().run_in_executor(threads, self._look, request)
        finally:
            self._waiting[request.background] -= 1
        self._answer(answer)

    async def _drawn(self, request: Draw) -> None:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._background, self._draw, request)
        finally:
            self._waiting[True] -= 1
        self._answer(answer)

    def _draw(self, request: Draw) -> Drawn:
        try:
            image, _ = decode_picture(
                request.image, max_bytes=self._max_image_bytes, max_pixels=self._max_image_pixels, longest_side=None
            )
            picture = encode_jpeg(boxed(image, request.boxes), quality=EVIDENCE_QUALITY)
        except ImageError as error:
            return Drawn(request_id=request.request_id, error=str(error), error_code=error.code)
        except Exception:  # noqa: BLE001  # whatever a picture provokes must not cost the asker an answer
            _log.exception("drawing into a picture failed")
            error_text = "this picture cannot be drawn into: the engine's log says why"
            return Drawn(request_id=request.request_id, error=error_text, error_code="PROCESSING_ERROR")
        return Drawn(request_id=request.request_id, picture=picture)

    def _look(self, request: Analyse) -> Analysis:
        started_s = time.perf_counter()
        try:
            return self._seen(request, started_s)
        except ImageError as error:
            return Analysis(request_id=request.request_id, error=str(error), error_code=error.code)
        except SightlineError as error:
            return Analysis(request_id=request.request_id, error=str(error), error_code="PROCESSING_ERROR")
        except Exception:  # noqa: BLE001  # whatever a picture provokes in a model must not cost the asker an answer
            _log.exception("analysing a picture failed")
            error_text = "this picture cannot be analysed: the engine's log says why"
            return Analysis(request_id=request.request_id, error=error_text, error_code="PROCESSING_ERROR")
        finally:
            self._busy(time.perf_counter() - started_s)

    def _seen(self, request: Analyse, started_s: float) -> Analysis:
        closer = "templates" in request.tasks or "identify" in request.tasks
        image, (width, height) = decode_picture(
            request.image,
            max_bytes=self._max_image_bytes,
            max_pixels=self._max_image_pixels,
            longest_side=None if closer else request.max_side,
        )
        decoded_s = time.perf_counter()
        wanted = Look(
            tasks=frozenset(request.tasks),
            width=width,
            height=height,
            confidence_threshold=request.confidence_threshold,
            max_side=request.max_side,
            prepared=request.prepared,
            verify=request.verify,
        )
        seen = self._analyser.look(image, wanted, self._gallery() if "identify" in request.tasks else None)
        return Analysis(
            request_id=request.request_id,
            width=width,
            height=height,
            model_id=seen.model_id or self._analyser.model_id,
            faces=seen.faces,
            objects=seen.objects,
            missing=seen.missing,
            verified=seen.verified,
            curve=seen.curve,
            processing_ms=(time.perf_counter() - started_s) * 1000,
            stage_ms={"decode": (decoded_s - started_s) * 1000, **seen.stage_ms},
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
            image = self._fit_to_show(image, request)
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
            picture=encode_jpeg(shrunk(image, PROBE_PICTURE_SIDE_PX)[0], quality=80),
        )

    def _fit_to_show(self, image: Image, request: ProbeSource) -> Image:
        """The picture as the camera's viewers would see it; all of it blurred where faces cannot be looked for."""
        image = masked(turned(image, request.rotation), request.masks)
        if not request.blur_faces:
            return image
        height, width = image.shape[:2]
        wanted = Look(
            frozenset[StillTask](("faces",)),
            width,
            height,
            confidence_threshold=PROBE_CONFIDENCE,
            max_side=PROBE_LOOK_SIDE_PX,
        )
        try:
            seen = self._analyser.look(image, wanted, None)
        except SightlineError:
            return wholly_blurred(image)
        return blurred(image, np.array([face.bbox for face in seen.faces], np.float32).reshape(-1, 4))


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
