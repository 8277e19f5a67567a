"""What the cameras of this benchmark show: people who walk through a hall, or a clock."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np

from sightline.frames import Image
from sightline.ingest.demo import DemoScene
from tests.videos import number_in, numbered

__all__ = ["FPS", "HALL_S", "SIZE", "clock", "clock_ms", "hall"]

SIZE = (960, 540)
FPS = 15
HALL_S = 4
CLOCK_PERIOD_MS = 2**16


def hall(models: Path) -> list[Image]:
    """Some seconds of the demonstration camera, `FPS` pictures a second."""
    scene = DemoScene(models)
    pictures = (scene.render(number / FPS) for number in range(HALL_S * FPS))
    return [np.asarray(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), np.uint8) for picture in pictures]


def clock() -> Image:
    """A picture in which the time of day in ms can be read again, modulo `CLOCK_PERIOD_MS`: sixteen blocks."""
    return numbered(int(time.time() * 1000) % CLOCK_PERIOD_MS, *SIZE)


def clock_ms(picture: Image) -> int:
    """The time that a picture of the clock shows."""
    return number_in(picture)
