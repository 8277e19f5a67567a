"""The demo camera: two people, cut out of photographs, walk through a drawn entrance hall.

`render` is a pure function of the time; `DemoSource` paces it. Frames are drawn only when they are asked for.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.exceptions import SourceError
from sightline.frames import Image
from sightline.ingest.demo_hall import HEIGHT, HORIZON_Y, WIDTH, Hall, Layer, draw_hall
from sightline.ingest.demo_script import Lane, Placed, figures_at
from sightline.ingest.demo_walkers import Figure, load_walkers
from sightline.packets import EncodedPacket

__all__ = ["DEMO_FPS", "DemoScene", "DemoSource"]

DEMO_FPS = 15.0
_NOISE_TILES = 8
_NOISE_MEAN = 8
"""Added with the noise and taken off again, for bytes have no sign."""
_NOISE_LEVELS = 2.2
"""Standard deviation of the drawn sensor noise, in levels of 255."""


class DemoScene:
    """Everything that is drawn once. Raises `SourceError` when a picture is missing."""

    def __init__(self, pictures: Path, seed: int = 0) -> None:
        self._figures = load_walkers(pictures)
        self._hall: Hall = draw_hall()
        self._seed = seed
        self._noise_mean = np.full((HEIGHT, WIDTH, 3), _NOISE_MEAN, np.uint8)
        rng = np.random.default_rng(seed)
        self._noise = [
            _noise(rng) for _ in range(_NOISE_TILES)
        ]

    def render(self, t_s: float) -> Image:
        """The picture `t_s` seconds after the start, 720×1280×3 uint8 BGR; the same for the same time and seed."""
        placed = figures_at(t_s, self._seed)
        picture = np.asarray(
            cv2.addWeighted(self._hall.room, 1.0, self._hall.glow, _daylight(t_s), 0.0), np.uint8
        )
        for lane, before in ((Lane.FAR, self._hall.planter), (Lane.MIDDLE, self._hall.counter), (Lane.NEAR, None)):
            for figure in placed:
                if figure.lane is lane:
                    _stand(picture, self._figures[figure.walker], figure)
            if before is not None:
                _cover(picture, before)
        noise = self._noise[int(t_s * DEMO_FPS) * 5 % _NOISE_TILES]
        cv2.add(picture, noise, dst=picture)
        cv2.subtract(picture, self._noise_mean, dst=picture)
        _stamp(picture, t_s)
        return picture


def _noise(rng: np.random.Generator) -> Image:
    levels = np.clip(rng.normal(_NOISE_MEAN, _NOISE_LEVELS, (HEIGHT, WIDTH, 1)), 0, 2 * _NOISE_MEAN)
    return levels.astype(np.uint8).repeat(3, axis=2)


def _daylight(t_s: float) -> float:
    """Clouds pass."""
    return float(0.8 + 0.16 * np.sin(t_s / 7.0) + 0.06 * np.sin(t_s / 2.3 + 1.0))


def _stand(picture: Image, figure: Figure, placed: Placed) -> None:
    """Draws a figure with its eyes on the horizon."""
    scale = placed.px_per_m / figure.px_per_m
    level = min(len(figure.levels) - 1, max(0, int(np.floor(-np.log2(max(scale, 1e-3))))))
    cut = figure.levels[level]
    eyes = (figure.eyes[0] / 2**level, figure.eyes[1] / 2**level)
    turn = cv2.getRotationMatrix2D(eyes, placed.lean_deg, scale * 2**level)
    eyes_y = HORIZON_Y - placed.bob_px
    height, width = cut.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ turn.T
    shift = np.array([placed.x - eyes[0], eyes_y - eyes[1]])
    x0, y0 = np.maximum(np.floor(corners.min(axis=0) + shift), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=0) + shift), (WIDTH, HEIGHT)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    turn[:, 2] += shift - (x0, y0)
    size = (int(x1 - x0), int(y1 - y0))
    patch = np.asarray(cv2.warpAffine(cut, turn, size, flags=cv2.INTER_LINEAR), np.uint8)
    rest = cv2.merge([cv2.bitwise_not(patch[..., 3])] * 3)
    _over(picture[y0:y1, x0:x1], patch[..., :3], np.asarray(rest, np.uint8))


def _cover(picture: Image, layer: Layer) -> None:
    _over(picture[layer.top :], layer.colour, layer.rest)


def _over(ground: Image, colour: NDArray[np.uint8], rest: NDArray[np.uint8]) -> None:
    """`colour` (already multiplied by alpha) over `ground`; `rest` is 255 − alpha in each channel."""
    cv2.multiply(ground, rest, dst=ground, scale=1 / 255)
    cv2.add(ground, colour, dst=ground)


def _stamp(picture: Image, t_s: float) -> None:
    minutes, seconds = divmod(int(t_s), 60)
    text = f"DEMO CAMERA   drawn live   {minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    for offset, level in ((1, 20), (0, 240)):
        place = (20 + offset, HEIGHT - 22 + offset)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (level,) * 3, 1, cv2.LINE_AA)


@functools.lru_cache(maxsize=2)
def _scene(pictures: Path, seed: int) -> DemoScene:
    """Kept, for it takes a second to make, and nothing changes it: several sources may render at once."""
    return DemoScene(pictures, seed)


class DemoSource:
    """The demo camera in real time."""

    def __init__(self, scene: DemoScene) -> None:
        self._scene = scene
        self._stopped = threading.Event()
        self._started_s = time.monotonic()
        self._frames = 0

    @classmethod
    def from_spec(cls, spec: str, pictures: Path | None) -> DemoSource:
        """`demo:`, or `demo:SEED` for another order of scenes. Raises `SourceError`."""
        seed = spec.partition(":")[2].strip("/")
        if seed and not seed.isdecimal():
            raise SourceError(f"{spec!r}: what follows demo: is a number, or nothing", permanent=True)
        if pictures is None:
            raise SourceError("the demo camera has no pictures here; run: sightline models pull")
        return cls(_scene(pictures, int(seed or 0)))

    @property
    def codec(self) -> str:
        return "raw"

    @property
    def fps(self) -> float:
        return DEMO_FPS

    def grab(self) -> None:
        self._frames += 1
        late_s = time.monotonic() - (self._started_s + self._frames / DEMO_FPS)
        if late_s > 1.0 / DEMO_FPS:
            self._frames += int(late_s * DEMO_FPS)  # pictures whose time has passed are never drawn
        if self._stopped.wait(max(0.0, -late_s)):
            raise SourceError("reading was stopped")

    def picture(self) -> Image:
        return self._scene.render(self._frames / DEMO_FPS)

    @property
    def picture_ticks(self) -> int | None:
        return None

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        """None: what is drawn is encoded by whoever needs it encoded."""
        return ()

    def interrupt(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        """Nothing to let go of."""
