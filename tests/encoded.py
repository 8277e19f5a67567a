"""Video in memory for tests: pictures that carry a number, encoded as cameras do."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.frames import Image
from sightline.ingest.encoder import PictureEncoder
from sightline.packets import TICKS_PER_S, EncodedPacket
from tests.videos import numbered

START_MS = 1_767_265_205_000


def encoded(images: Iterable[Image], *, fps: int = 15, at_ms: int = START_MS) -> list[EncodedPacket]:
    """Pictures of one size as H.264 with a keyframe every two seconds, captured from `at_ms` on."""
    packets: list[EncodedPacket] = []
    encoder: PictureEncoder | None = None
    for number, image in enumerate(images):
        if encoder is None:
            encoder = PictureEncoder(image.shape[1], image.shape[0])
        ticks = number * TICKS_PER_S // fps
        packets += encoder.encode(image, ticks=ticks, at_ms=at_ms + number * 1000 // fps)
    return packets


def numbered_packets(count: int, *, width: int = 320, height: int = 240, fps: int = 15) -> list[EncodedPacket]:
    """The pictures 0, 1, 2 … as packets."""
    return encoded((numbered(number, width, height) for number in range(count)), fps=fps)
