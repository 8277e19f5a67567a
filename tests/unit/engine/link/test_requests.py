from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.engine.giving_way import BACKGROUND_NICENESS
from sightline.engine.link.requests import MAX_WAITING, Requests
from sightline.engine.vision.stills import Look, Seen
from sightline.events.engine_link import ProbeSource, SourceProbed
from sightline.events.still import Analyse, AnalysedFace, Analysis, Draw, Drawn, DrawnBox
from sightline.exceptions import SourceError, Unavailable
from sightline.frames import Image
from sightline.identities.gallery import Gallery
from sightline.images import encode_jpeg

PICTURE = bytes(cv2.imencode(".png", np.zeros((60, 80, 3), np.uint8))[1])


class Analyser:
    """Does what the test says."""

    model_id = "m"

    def __init__(self, work: Callable[[], list[AnalysedFace]] = list) -> None:
        self.galleries: list[Gallery | None] = []
        self.looks: list[tuple[tuple[int, ...], Look]] = []
        self.threads: set[str] = set()
        self._work = work

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        self.galleries.append(gallery)
        self.looks.append((image.shape[:2], wanted))
        self.threads.add(threading.current_thread().name)
        return Seen(faces=self._work())


class Bench:
    """Requests with their answers by request id."""

    def __init__(
        self, analyser: Analyser, open_source: Callable[[str, float], object] | None = None, *, stills: int = 1
    ) -> None:
        self.busy_s: list[float] = []
        self.answers: dict[str, Analysis | Drawn | SourceProbed] = {}
        self._answered = asyncio.Event()
        self.gallery = Gallery.empty(4)
        self.requests = Requests(
            analyser,
            lambda: self.gallery,
            open_source or self._no_source,  # type: ignore[arg-type]
            self._answer,
            stills=stills,
            busy=self.busy_s.append,
            max_image_pixels=10_000,
        )

    @staticmethod
    def _no_source(spec: str, timeout_s: float, /) -> object:
        raise SourceError("there is none")

    def _answer(self, answer: Analysis | Drawn | SourceProbed) -> None:
        self.answers[answer.request_id] = answer
        self._answered.set()

    async def answered(self, request_id: str) -> None:
        async with asyncio.timeout(5):
            while request_id not in self.answers:
                self._answered.clear()
                await self._answered.wait()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.answers) < count:
                self._answered.clear()
                await self._answered.wait()
        self.requests.close()


async def test_the_gallery_is_compared_with_only_on_request() -> None:
    analyser = Analyser()
    bench = Bench(analyser)
    bench.requests.analyse(Analyse(request_id="1", image=PICTURE))
    bench.requests.analyse(Analyse(request_id="2", image=PICTURE, tasks=("identify",)))
    await bench.until(2)
    assert analyser.galleries == [None, bench.gallery]
    answer = bench.answers["1"]
    assert isinstance(answer, Analysis)
    assert (answer.width, answer.height, answer.model_id, answer.error) == (80, 60, "m", None)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Unavailable("the model is missing; run: sightline models pull"), "PROCESSING_ERROR", "models pull"),
        (ZeroDivisionError("secret detail"), "PROCESSING_ERROR", "the engine's log says why"),
    ],
)
async def test_every_failure_is_answered_in_words(error: Exception, code: str, words: str) -> None:
    def fail() -> list[AnalysedFace]:
        raise error

    bench = Bench(Analyser(fail))
    bench.requests.analyse(Analyse(request_id="1", image=PICTURE))
    await bench.until(1)
    answer = bench.answers["1"]
    assert isinstance(answer, Analysis)
    assert answer.error_code == code
    assert words in (answer.error or "")
    assert "secret detail" not in (answer.error or "")


async def test_what_is_too_large_is_refused_before_it_is_decoded() -> None:
    bench = Bench(Analyser())
    large = bytes(cv2.imencode(".png", np.zeros((200, 200, 3), np.uint8))[1])
    bench.requests.analyse(Analyse(request_id="1", image=large))
    await bench.until(1)
    answer = bench.answers["1"]
    assert isinstance(answer, Analysis)
    assert answer.error_code == "FRAME_TOO_LARGE"


async def test_a_full_queue_answers_at_once() -> None:
    release = threading.Event()

    def wait() -> list[AnalysedFace]:
        release.wait(10)
        return []

    bench = Bench(Analyser(wait))
    for number in range(MAX_WAITING + 2):
        bench.requests.analyse(Analyse(request_id=str(number), image=PICTURE))
    refused = [answer for answer in bench.answers.values() if isinstance(answer, Analysis)]
    assert [answer.error_code for answer in refused] == ["SYSTEM_FULL", "SYSTEM_FULL"]
    release.set()
    await bench.until(MAX_WAITING + 2)


async def test_what_comes_in_the_background_gives_way_and_keeps_nobody_waiting() -> None:
    release, niceness, begun = threading.Event(), set[int](), threading.Semaphore(0)

    def wait() -> list[AnalysedFace]:
        if threading.current_thread().name.startswith("background"):
            niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            begun.release()
            release.wait(30)
        return []

    usual = os.getpriority(os.PRIO_PROCESS, 0)
    bench = Bench(Analyser(wait), stills=2)
    for number in range(MAX_WAITING + 1):
        bench.requests.analyse(Analyse(request_id=f"b{number}", image=PICTURE, background=True))
    bench.requests.analyse(Analyse(request_id="asked", image=PICTURE))
    for _ in range(2):
        assert await asyncio.to_thread(begun.acquire, timeout=10), "two at a time"
    await bench.answered("asked")
    refused = bench.answers.pop(f"b{MAX_WAITING}")
    assert isinstance(refused, Analysis)
    assert refused.error_code == "SYSTEM_FULL"
    assert bench.answers.keys() == {"asked"}
    assert niceness == {min(19, BACKGROUND_NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == usual, "the process itself is as it was"
    release.set()
    await bench.until(MAX_WAITING + 1)
    assert len(bench.busy_s) == MAX_WAITING + 1


async def test_a_large_photograph_is_decoded_as_small_as_the_asker_needs_it() -> None:
    analyser = Analyser()
    bench = Bench(analyser)
    photograph = encode_jpeg(np.full((96, 100, 3), 90, np.uint8))
    bench.requests.analyse(Analyse(request_id="1", image=photograph, tasks=("faces",), max_side=50))
    bench.requests.analyse(Analyse(request_id="2", image=photograph, tasks=("identify",), max_side=50))
    await bench.until(2)
    (small, first), (whole, _) = analyser.looks
    assert (small, whole) == ((48, 50), (96, 100))
    assert (first.width, first.height, first.max_side) == (100, 96, 50)
    answer = bench.answers["1"]
    assert isinstance(answer, Analysis)
    assert (answer.width, answer.height) == (100, 96)


async def test_a_source_that_hangs_is_answered_in_time() -> None:
    release = threading.Event()

    def hang(spec: str, timeout_s: float, /) -> object:
        release.wait(20)
        raise SourceError("too late")

    bench = Bench(Analyser(), hang)
    bench.requests.probe(ProbeSource(request_id="1", source="x", timeout_s=0.5))
    await bench.until(1)
    answer = bench.answers["1"]
    assert isinstance(answer, SourceProbed)
    assert answer.message == "the source gave no picture within 0.5 s"
    release.set()


async def test_a_source_that_crashes_is_answered_without_its_secrets() -> None:
    def crash(spec: str, timeout_s: float, /) -> object:
        raise ZeroDivisionError(spec)

    bench = Bench(Analyser(), crash)
    bench.requests.probe(ProbeSource(request_id="1", source="rtsp://admin:secret@10.0.0.9/x"))
    await bench.until(1)
    answer = bench.answers["1"]
    assert isinstance(answer, SourceProbed)
    assert not answer.ok
    assert "secret" not in answer.message


class OnePicture:
    """A source of one picture, a corner of which can be told from the rest."""

    codec, fps, picture_ticks = "h264", 5.0, None

    def __init__(self) -> None:
        self.image = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
        self.image[:20, :20] = 255

    def grab(self) -> None: ...
    def close(self) -> None: ...
    def picture(self) -> Image:
        return self.image


async def test_the_picture_of_a_tried_source_is_turned_masked_and_blurred_as_the_cameras_would_be() -> None:
    def find() -> list[AnalysedFace]:
        box = (10.0, 40.0, 40.0, 70.0)
        return [AnalysedFace(bbox=box, confidence=0.4, landmarks=[], quality=0, reasons=[], vector=b"", probe=b"")]

    def fail() -> list[AnalysedFace]:
        raise Unavailable("there is no model")

    pictures = []
    for analyser in (Analyser(find), Analyser(fail)):
        bench = Bench(analyser, lambda spec, timeout_s: OnePicture())
        lower_right = ((0.5, 0.9), (1.0, 0.9), (1.0, 1.0), (0.5, 1.0))
        asked = ProbeSource(request_id="1", source="x", rotation=90, masks=(lower_right,), blur_faces=True)
        bench.requests.probe(asked)
        await bench.until(1)
        answer = bench.answers["1"]
        assert isinstance(answer, SourceProbed) and (answer.width, answer.height) == (60, 80), answer
        image = cv2.imdecode(np.frombuffer(answer.picture, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        pictures.append(image.astype(int))
    faces, nothing = pictures

    def roughness(part: NDArray[np.int_]) -> float:
        return float(np.abs(np.diff(part, axis=1)).mean())

    assert faces[:16, 44:].min() > 200, "the corner is at the top right"
    assert faces[73:, 50:].max() < 60
    assert roughness(faces[40:70, 10:40]) < 10 < 30 < roughness(faces[:30, :30])
    assert roughness(nothing) < 10, "nobody could look for faces"


async def test_boxes_are_drawn_in_the_background_and_what_is_no_picture_is_said() -> None:
    bench = Bench(Analyser())
    bench.requests.draw(Draw(request_id="r", image=PICTURE, boxes=[DrawnBox(bbox=(10, 20, 40, 50), words="phone")]))
    bench.requests.draw(Draw(request_id="broken", image=b"no picture", boxes=[]))
    await bench.answered("r")
    await bench.answered("broken")
    drawn, broken = bench.answers["r"], bench.answers["broken"]
    assert isinstance(drawn, Drawn)
    assert isinstance(broken, Drawn)
    image = cv2.imdecode(np.frombuffer(drawn.picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (60, 80, 3)
    assert image[20:51, 10].max() > 100, "the box"
    assert image[30:40, 60:].max() < 30, "nothing else"
    assert (broken.error_code, broken.picture) == ("INVALID_IMAGE", b"")
