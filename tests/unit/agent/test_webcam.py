"""The newest picture, when somebody asks for one; a camera that is not there, and one that nobody wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from sightline.agent.webcam import LONGEST_SIDE_PX, Webcam
from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.images import decode_image

PATIENCE_S = 30.0


class Camera:
    """Frames as fast as they are read; each a little brighter than the one before."""

    def __init__(self, size: tuple[int, int] = (48, 64), frames: int | None = None) -> None:
        self.size = size
        self.left = frames
        self.grabbed = 0
        self.closed = threading.Event()

    def grab(self) -> None:
        if self.left is not None and self.grabbed >= self.left:
            raise SourceError("the cable was pulled")
        self.grabbed += 1
        if self.closed.wait(0.001):
            raise SourceError("reading was stopped")

    def picture(self) -> Image:
        return np.full((*self.size, 3), min(self.grabbed, 255), np.uint8)

    def packets(self, at_ms: int | None) -> Sequence[object]:
        assert at_ms is None
        return ()

    def interrupt(self) -> None:
        self.closed.set()

    def close(self) -> None:
        self.closed.set()


def bright(jpeg: bytes) -> int:
    return int(decode_image(jpeg, max_bytes=10**7, max_pixels=10**8).mean())


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if happened():
                return
            await asyncio.sleep(0.001)


async def taken(webcam: Webcam) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        return await webcam.picture()


async def test_a_picture_is_taken_after_it_was_asked_for() -> None:
    camera = Camera()
    webcam = Webcam(lambda: camera, idle_s=PATIENCE_S)
    first = bright(await taken(webcam))
    await until(lambda: camera.grabbed >= first + 20)
    seen = camera.grabbed
    assert bright(await taken(webcam)) >= seen - 1  # a JPEG rounds
    await webcam.close()
    assert camera.closed.is_set()


async def test_large_pictures_are_reduced() -> None:
    webcam = Webcam(lambda: Camera((1440, 2560)))
    picture = decode_image(await taken(webcam), max_bytes=10**7, max_pixels=10**8)
    assert picture.shape == (LONGEST_SIDE_PX * 9 // 16, LONGEST_SIDE_PX, 3)
    await webcam.close()


async def test_a_camera_that_nobody_asks_is_closed_and_opened_again() -> None:
    cameras: list[Camera] = []

    def open_one() -> Camera:
        cameras.append(Camera())
        return cameras[-1]

    webcam = Webcam(open_one, idle_s=0.01)
    await taken(webcam)
    await until(cameras[0].closed.is_set)
    await taken(webcam)
    assert len(cameras) == 2
    await webcam.close()


async def test_a_lost_camera_is_told_once_and_tried_again() -> None:
    pulled = Camera(frames=1)
    tries: list[SourceError | Camera] = [SourceError("not there"), SourceError("not there"), pulled, Camera()]
    told: list[str] = []

    def open_next() -> Camera:
        found = tries.pop(0)
        if isinstance(found, SourceError):
            raise found
        return found

    webcam = Webcam(open_next, retry_s=0.001, idle_s=PATIENCE_S)
    webcam.changed = told.append
    await taken(webcam)
    await until(pulled.closed.is_set)
    await taken(webcam)
    assert told == ["not there", "", "the cable was pulled", ""]
    await webcam.close()


async def test_a_picture_that_cannot_be_read_is_still_wanted() -> None:
    class Torn(Camera):
        def picture(self) -> Image:
            raise SourceError("torn")

    cameras: list[Camera] = [Torn(), Camera()]
    webcam = Webcam(lambda: cameras.pop(0), retry_s=0.001, idle_s=PATIENCE_S)
    await taken(webcam)
    assert cameras == []
    await webcam.close()


async def test_a_source_that_can_never_be_is_raised() -> None:
    def refuse() -> Camera:
        raise SourceError("'gopher://x' is no source", permanent=True)

    webcam = Webcam(refuse)
    with pytest.raises(SourceError, match="gopher"):
        await taken(webcam)
    await webcam.close()


async def test_it_may_be_closed_without_ever_being_asked_and_while_it_is_asked() -> None:
    await Webcam(Camera).close()

    def never() -> Camera:
        raise SourceError("not there")

    webcam = Webcam(never, retry_s=0.001)
    asking = asyncio.create_task(webcam.picture())
    await asyncio.sleep(0)
    await webcam.close()
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
