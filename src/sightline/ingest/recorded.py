"""A video file read once, from its first frame to its last, as fast as somebody takes the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sightline.frames import Image
from sightline.ingest.file import open_file

__all__ = ["Frames", "recorded_duration_s", "recorded_frames"]

_FALLBACK_FPS = 25.0

Frames = Iterator[tuple[int, float, Callable[[], Image]]]


def recorded_duration_s(path: str) -> float | None:
    """How long the video is, where its header says; in seconds. Raises `SourceError` like `recorded_frames`."""
    container = open_file(path)
    try:
        return container.duration_s
    finally:
        container.close()


@contextmanager
def recorded_frames(path: str) -> Iterator[Frames]:
    """Number from 0, time in seconds from the beginning, and a function that decodes the picture (only of the frame
    that was taken last; H × W × 3 uint8 BGR). Raises `SourceError`: no such file, not a video.
    """
    container = open_file(path)

    def frames() -> Frames:
        step_s = 1.0 / (container.fps or _FALLBACK_FPS)
        first_s: float | None = None
        before_s = -step_s
        number = 0
        while container.advance():
            time_s = container.frame_time_s
            first_s = time_s if first_s is None else first_s
            # Broken time stamps (none, or going back) are replaced by the declared rate.
            since_s = time_s - first_s if time_s is not None and first_s is not None else before_s + step_s
            before_s = since_s if since_s > before_s else before_s + step_s
            yield number, before_s, container.picture
            number += 1

    try:
        yield frames()
    finally:
        container.close()
