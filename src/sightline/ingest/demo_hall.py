"""The demo camera's entrance hall, drawn: a room in one-point perspective, seen from eye level.

The camera is at the height of people's eyes, so everybody's eyes lie on the horizon however far away they are, and a
length in metres at a distance where a metre is `p` pixels is `p` times as many pixels. Three layers let people pass
at three distances with their lower halves out of sight: the room, a planter before it, a counter before that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.frames import Image

__all__ = ["HEIGHT", "HORIZON_Y", "WIDTH", "Hall", "Layer", "draw_hall"]

WIDTH, HEIGHT = 1280, 720
HORIZON_Y = 262
CENTRE_X = 640
EYE_M = 1.6
"""Height of the camera above the floor."""
BACK_PX_PER_M = 112.0
PLANTER_PX_PER_M = 372.0
COUNTER_PX_PER_M = 590.0
_FINE = 2
"""Everything is drawn at twice the size and shrunk, so that no edge is jagged."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Something that stands before people: rows from `top` on, colour H×W×3 times alpha, and 255 − alpha, H×W×3."""

    top: int
    colour: NDArray[np.uint8]
    rest: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Hall:
    """The room, then what stands in it from the back to the front. `glow` is where daylight falls, 0–255."""

    room: Image
    glow: Image
    planter: Layer
    counter: Layer


class _Canvas:
    """Draws in metres (x to the right of the middle, y above the floor) at a distance given in pixels a metre."""

    def __init__(self, height: int = HEIGHT, channels: int = 3) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((height * _FINE, WIDTH * _FINE, channels), np.uint8)

    def at(self, x_m: float, y_m: float, px_per_m: float) -> tuple[int, int]:
        """The pixel of a point."""
        x = CENTRE_X + x_m * px_per_m
        y = HORIZON_Y + (EYE_M - y_m) * px_per_m
        return round(x * _FINE), round(y * _FINE)

    def shape(self, points: list[tuple[float, float, float]], colour: Colour) -> None:
        """A filled polygon of (x, y, pixels a metre)."""
        corners = np.array([self.at(*point) for point in points], np.int32)
        cv2.fillPoly(self.pixels, [corners], colour, cv2.LINE_AA)

    def panel(
        self, left: float, bottom: float, right: float, top: float, px_per_m: float, colour: Colour
    ) -> None:
        """A rectangle that faces the camera."""
        self.shape(
            [(left, bottom, px_per_m), (right, bottom, px_per_m), (right, top, px_per_m), (left, top, px_per_m)],
            colour,
        )

    def small(self) -> NDArray[np.uint8]:
        """The drawing in its final size."""
        height, width = self.pixels.shape[:2]
        return np.asarray(
            cv2.resize(self.pixels, (width // _FINE, height // _FINE), interpolation=cv2.INTER_AREA), np.uint8
        )


_NEAR = 700.0
"""Pixels a metre just behind the camera's picture: where walls and floor leave it."""
_ROOM_HALF_M = 5.2
_CEILING_M = 3.35


def draw_hall() -> Hall:
    """The whole scene, without people. Takes about a quarter of a second; the same at every call."""
    rng = np.random.default_rng(20)
    return Hall(room=_room(rng), glow=_glow(), planter=_planter(rng), counter=_counter(rng))


def _room(rng: np.random.Generator) -> Image:
    canvas = _Canvas()
    back, half, top = BACK_PX_PER_M, _ROOM_HALF_M, _CEILING_M
    canvas.shape([(-half, 0, back), (half, 0, back), (half, 0, _NEAR), (-half, 0, _NEAR)], (126, 136, 142))
    _tiles(canvas)
    canvas.shape([(-half, top, back), (half, top, back), (half, top, _NEAR), (-half, top, _NEAR)], (214, 219, 222))
    _ceiling_lights(canvas)
    canvas.shape([(-half, 0, back), (-half, top, back), (-half, top, _NEAR), (-half, 0, _NEAR)], (158, 168, 174))
    canvas.shape([(half, 0, back), (half, top, back), (half, top, _NEAR), (half, 0, _NEAR)], (146, 156, 163))
    canvas.panel(-half, 0, half, top, back, (186, 196, 202))
    _slats(canvas)
    _door(canvas, rng)
    _pictures(canvas)
    canvas.panel(-half, 0, half, 0.12, back, (110, 118, 124))
    return _shaded(canvas.small())


def _tiles(canvas: _Canvas) -> None:
    joint = (112, 121, 127)
    for column in np.arange(-10.0, 10.1, 1.0):
        start, end = canvas.at(column, 0, BACK_PX_PER_M), canvas.at(column, 0, _NEAR)
        cv2.line(canvas.pixels, start, end, joint, 2, cv2.LINE_AA)
    depth = 1.0 / BACK_PX_PER_M
    while depth > 1.0 / _NEAR:
        row = 1.0 / depth
        left, right = canvas.at(-_ROOM_HALF_M, 0, row), canvas.at(_ROOM_HALF_M, 0, row)
        cv2.line(canvas.pixels, left, right, joint, 2, cv2.LINE_AA)
        depth -= 0.0008


def _ceiling_lights(canvas: _Canvas) -> None:
    top = _CEILING_M
    for near, far in ((640.0, 330.0), (270.0, 198.0), (176.0, 146.0), (134.0, 119.0)):
        for left in (-3.3, -0.6, 2.1):
            frame, light = (196, 202, 206), (248, 252, 255)
            for inset, colour in ((0.0, frame), (0.08, light)):
                canvas.shape(
                    [
                        (left + inset, top, near * (1 - inset / 4)),
                        (left + 1.2 - inset, top, near * (1 - inset / 4)),
                        (left + 1.2 - inset, top, far * (1 + inset / 4)),
                        (left + inset, top, far * (1 + inset / 4)),
                    ],
                    colour,
                )


def _slats(canvas: _Canvas) -> None:
    """Oak slats to the left of the door."""
    back = BACK_PX_PER_M
    canvas.panel(-4.7, 0.12, -2.1, 3.0, back, (74, 92, 112))
    for x in np.arange(-4.68, -2.12, 0.13):
        canvas.panel(x, 0.12, x + 0.085, 3.0, back, (104, 141, 176))
        canvas.panel(x, 0.12, x + 0.02, 3.0, back, (122, 160, 194))


def _door(canvas: _Canvas, rng: np.random.Generator) -> None:
    """Glass doors with a bright, blurred street behind them."""
    back = BACK_PX_PER_M
    left, right, top = -1.55, 1.55, 2.62
    x0, y1 = canvas.at(left, 0, back)
    x1, y0 = canvas.at(right, top, back)
    outside = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
    sky = np.linspace(0, 1, y1 - y0)[:, None, None]
    outside[:] = np.array([250, 240, 226]) * (1 - sky) + np.array([226, 232, 234]) * sky
    ground = round((y1 - y0) * 0.66)
    for _ in range(26):
        x, width = int(rng.integers(-60, x1 - x0)), int(rng.integers(50, 150))
        tall = int(rng.integers(ground // 4, ground * 3 // 4))
        grey = int(rng.integers(168, 214))
        cv2.rectangle(outside, (x, ground - tall), (x + width, ground), (grey + 12, grey + 4, grey - 4), -1)
    for _ in range(60):
        centre = (int(rng.integers(0, x1 - x0)), ground - int(rng.integers(0, 70)))
        green = int(rng.integers(0, 46))
        cv2.circle(outside, centre, int(rng.integers(14, 40)), (92 + green, 150 + green, 112 + green), -1)
    outside[ground:] = (196, 204, 206)
    outside = np.asarray(cv2.GaussianBlur(outside, (0, 0), 9), np.uint8)
    canvas.pixels[y0:y1, x0:x1] = outside
    frame = (82, 78, 74)
    for post in (left, -0.03, right - 0.08):
        canvas.panel(post, 0, post + 0.08, top, back, frame)
    canvas.panel(left, top, right, top + 0.12, back, frame)
    canvas.panel(left, 0.0, right, 0.07, back, frame)
    for handle in (-0.2, 0.14):
        canvas.panel(handle, 0.85, handle + 0.05, 1.45, back, (176, 178, 180))
    canvas.panel(left + 0.55, top + 0.2, right - 0.55, top + 0.42, back, (96, 130, 70))
    canvas.panel(left + 0.6, top + 0.24, right - 0.6, top + 0.38, back, (190, 224, 176))


def _pictures(canvas: _Canvas) -> None:
    """Two framed prints to the right of the door."""
    back = BACK_PX_PER_M
    for left, colours in ((2.25, ((150, 120, 64), (196, 178, 120))), (3.6, ((84, 112, 190), (150, 176, 222)))):
        canvas.panel(left, 1.25, left + 1.1, 2.55, back, (58, 58, 60))
        canvas.panel(left + 0.05, 1.3, left + 1.05, 2.5, back, (228, 232, 234))
        canvas.panel(left + 0.2, 1.5, left + 0.9, 2.3, back, colours[1])
        canvas.shape(
            [(left + 0.2, 1.5, back), (left + 0.9, 1.5, back), (left + 0.9, 2.05, back), (left + 0.5, 1.72, back)],
            colours[0],
        )


def _shaded(room: NDArray[np.uint8]) -> Image:
    """Light falls off towards the corners and the floor."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    away = np.hypot((xs - CENTRE_X) / WIDTH, (ys - HORIZON_Y) / HEIGHT)
    light = np.clip(1.06 - 0.5 * away**1.6, 0.55, 1.1)[..., None]
    shaded: Image = np.clip(room * light, 0, 255).astype(np.uint8)
    return shaded


def _glow() -> Image:
    """Daylight from the door, on the floor and on the walls beside it."""
    glow = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.rectangle(glow, (480, 150), (800, 442), 70.0, -1)
    floor = np.array([(500, 442), (780, 442), (1010, HEIGHT), (270, HEIGHT)], np.int32)
    cv2.fillPoly(glow, [floor], 52.0)
    soft = cv2.GaussianBlur(glow, (0, 0), 38)
    warm = np.array([0.9, 0.98, 1.0], np.float32)
    tinted: Image = np.clip(soft[..., None] * warm, 0, 255).astype(np.uint8)
    return tinted


def _layer(colour: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Layer:
    """Keeps the rows in which there is something."""
    top = int(np.flatnonzero(alpha.max(axis=1))[0])
    alpha3 = np.repeat(alpha[top:, :, None], 3, axis=2)
    premultiplied = (colour[top:].astype(np.uint16) * alpha3 // 255).astype(np.uint8)
    return Layer(top, np.ascontiguousarray(premultiplied), np.ascontiguousarray(255 - alpha3))


def _planter(rng: np.random.Generator) -> Layer:
    """A long box with plants in it."""
    near = PLANTER_PX_PER_M
    canvas, cover = _Canvas(), _Canvas(channels=1)
    top_m = 1.08
    canvas.panel(-4, 0, 4, top_m, near, (92, 98, 104))
    canvas.panel(-4, top_m - 0.07, 4, top_m, near, (132, 140, 146))
    canvas.panel(-4, top_m - 0.085, 4, top_m - 0.07, near, (64, 68, 72))
    for x in np.arange(-3.6, 3.7, 0.9):
        canvas.panel(x, 0, x + 0.012, top_m - 0.08, near, (78, 84, 90))
    cv2.rectangle(cover.pixels, canvas.at(-4, top_m, near), (WIDTH * _FINE, HEIGHT * _FINE), 255, -1)
    for _ in range(620):
        root_x = float(rng.uniform(-1.9, 1.9))
        lean, length = float(rng.normal(0, 0.09)), float(rng.uniform(0.03, 0.15))
        shade = int(rng.integers(0, 70))
        colour = (48 + shade // 3, 92 + shade, 58 + shade // 2)
        root, tip = canvas.at(root_x, top_m - 0.02, near), canvas.at(root_x + lean, top_m + length, near)
        middle = ((root[0] + tip[0]) // 2, (root[1] + tip[1]) // 2)
        angle = float(np.degrees(np.arctan2(tip[1] - root[1], tip[0] - root[0])))
        size = (max(4, round(np.hypot(tip[0] - root[0], tip[1] - root[1]) / 2)), int(rng.integers(4, 9)))
        cv2.ellipse(canvas.pixels, middle, size, angle, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(cover.pixels, middle, size, angle, 0, 360, 255, -1, cv2.LINE_AA)
    return _layer(canvas.small(), cover.small().reshape(HEIGHT, WIDTH))


def _counter(rng: np.random.Generator) -> Layer:
    """A reception counter: stone top, oak front, a line of light beneath the top."""
    near = COUNTER_PX_PER_M
    canvas, cover = _Canvas(), _Canvas(channels=1)
    top_m = 1.08
    canvas.panel(-2, 0, 2, top_m, near, (70, 98, 124))
    grain = rng.normal(0, 1, (HEIGHT * _FINE, 1, 1)) * 2.4 + rng.normal(0, 1, (1, WIDTH * _FINE, 1)) * 4.0
    y_front = canvas.at(0, top_m - 0.09, near)[1]
    front = canvas.pixels[y_front:].astype(np.float32) + grain[y_front:]
    canvas.pixels[y_front:] = np.clip(front, 0, 255).astype(np.uint8)
    for x in np.arange(-1.08, 1.2, 0.18):
        canvas.panel(x, 0, x + 0.006, top_m - 0.1, near, (48, 70, 92))
    canvas.panel(-2, top_m - 0.055, 2, top_m, near, (206, 212, 216))
    canvas.panel(-2, top_m - 0.062, 2, top_m - 0.055, near, (150, 156, 160))
    canvas.panel(-2, top_m - 0.09, 2, top_m - 0.062, near, (58, 74, 90))
    canvas.panel(-2, top_m - 0.078, 2, top_m - 0.068, near, (214, 240, 255))
    cv2.rectangle(cover.pixels, canvas.at(-2, top_m, near), (WIDTH * _FINE, HEIGHT * _FINE), 255, -1)
    return _layer(canvas.small(), cover.small().reshape(HEIGHT, WIDTH))
