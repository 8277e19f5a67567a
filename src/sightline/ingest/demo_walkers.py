"""Figures cut out of two photographs, ready to be placed into the demo camera's scene.

The photographs come with ordinary Python packages (scikit-image's astronaut, Eileen Collins; matplotlib's Grace
Hopper) and lie in the models folder once they are pulled; none is part of this project. Cutting is done once, at the
start, with GrabCut from hand-set hints, which fit exactly these two pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.exceptions import SourceError
from sightline.frames import Image

__all__ = ["PICTURE_FILES", "Figure", "Walker", "load_walkers"]

Mask = NDArray[np.uint8]
Points = tuple[tuple[int, int], ...]

FACE_WIDTH_M = 0.15
"""Width of a face, by which both photographs are brought to one scale."""
_CLOTH = (24, 15, 14)
"""Colour of the drawn jacket, BGR."""
_BUTTON_X = 247
"""Where the photographed button is, and the drawn ones go on below."""
LEVELS = 4
"""Sizes of each figure that are kept, each half of the one before, so that shrinking stays smooth and cheap."""


class Walker:
    """Names of the two figures."""

    COLLINS = "collins"
    HOPPER = "hopper"


PICTURE_FILES = {Walker.COLLINS: "astronaut.png", Walker.HOPPER: "grace_hopper.jpg"}


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A cut-out at several sizes: H×W×4 uint8, BGR multiplied by alpha, and alpha.

    `px_per_m` is the scale of the largest, `eyes` the point between the eyes in it, in pixels.
    """

    levels: tuple[NDArray[np.uint8], ...]
    px_per_m: float
    eyes: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Cut:
    """How to cut one photograph: polygons in its pixels that surely are, or are perhaps, the person."""

    face_px: float
    eyes: tuple[float, float]
    outline: Points
    inside: Points
    extend_px: int = 0


_CUTS = {
    Walker.COLLINS: _Cut(
        face_px=85,
        eyes=(223, 103),
        outline=(
            (160, 20), (225, 8), (292, 28), (306, 100), (282, 140), (308, 235), (352, 262), (364, 350), (380, 341),
            (430, 338), (475, 360), (500, 420), (511, 470), (511, 511), (14, 511), (18, 420), (28, 300), (70, 230),
            (120, 195), (112, 170), (148, 146), (172, 130), (148, 92),
        ),
        inside=(
            (200, 40), (258, 40), (275, 90), (250, 170), (300, 260), (330, 330), (330, 380), (400, 365), (470, 400),
            (480, 505), (60, 505), (60, 330), (100, 260), (170, 200), (190, 150), (175, 90),
        ),
    ),
    Walker.HOPPER: _Cut(
        face_px=188,
        eyes=(265, 192),
        outline=(
            (172, 45), (215, 18), (300, 18), (352, 62), (376, 110), (368, 170), (380, 215), (362, 300), (335, 325),
            (480, 372), (511, 440), (511, 599), (10, 599), (24, 440), (44, 396), (195, 330), (165, 290), (150, 215),
            (150, 100),
        ),
        inside=(
            (190, 60), (330, 60), (352, 110), (345, 180), (350, 230), (330, 300), (340, 360), (450, 390), (495, 460),
            (495, 595), (40, 595), (50, 430), (190, 370), (205, 320), (180, 240), (165, 120),
        ),
        extend_px=510,
    ),
}  # fmt: skip


def load_walkers(folder: Path) -> dict[str, Figure]:
    """Both figures from the pictures in `folder`. Raises `SourceError` when one is not there."""
    return {name: _figure(_read(folder / file), _CUTS[name]) for name, file in PICTURE_FILES.items()}


def _read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise SourceError(f"the demo camera's picture {path.name} is missing; run: sightline models pull")
    return np.asarray(image, np.uint8)


def _figure(photo: Image, cut: _Cut) -> Figure:
    alpha = _alpha(photo, cut)
    if cut.extend_px:
        photo, alpha = _with_longer_jacket(photo, alpha, cut.extend_px)
    premultiplied = (photo.astype(np.uint16) * alpha[..., None] // 255).astype(np.uint8)
    level: NDArray[np.uint8] = np.dstack([premultiplied, alpha])
    levels = [level]
    for _ in range(LEVELS - 1):
        level = np.asarray(cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(level)
    return Figure(tuple(levels), cut.face_px / FACE_WIDTH_M, cut.eyes)


def _alpha(photo: Image, cut: _Cut) -> Mask:
    """Who is in the photograph, 0–255, with a soft edge."""
    mask: NDArray[Any] = np.full(photo.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.fillPoly(mask, [np.array(cut.outline, np.int32)], int(cv2.GC_PR_FGD))
    cv2.fillPoly(mask, [np.array(cut.inside, np.int32)], int(cv2.GC_FGD))
    cv2.setRNGSeed(0)  # GrabCut's clustering draws at random: the figures shall be the same at every start
    cv2.grabCut(photo, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    solid = np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel), np.uint8)
    solid = _largest_part(np.asarray(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, kernel), np.uint8))
    # The rim carries the photograph's own background: it is cut off before the edge is softened. The picture's
    # lower border is no edge of the person.
    padded = cv2.copyMakeBorder(solid, 0, 8, 0, 0, cv2.BORDER_REPLICATE)
    padded = cv2.GaussianBlur(cv2.erode(padded, kernel), (0, 0), 1.6)
    return np.asarray(padded[: photo.shape[0]], np.uint8)


def _largest_part(solid: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count < 2:
        return solid
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.where(labels == largest, 255, 0).astype(np.uint8)


def _with_longer_jacket(photo: Image, alpha: Mask, extend_px: int) -> tuple[Image, Mask]:
    """The portrait ends at the chest; the jacket is drawn on, so that a counter can hide where it ends."""
    height, width = alpha.shape
    longer = cv2.copyMakeBorder(photo, 0, extend_px, 0, 0, cv2.BORDER_CONSTANT, value=_CLOTH)
    reach = cv2.copyMakeBorder(alpha, 0, extend_px, 0, 0, cv2.BORDER_CONSTANT, value=0)
    bottom = height + extend_px - 1
    row = np.flatnonzero(alpha[height - 4] > 127)
    left, right = (int(row[0]), int(row[-1])) if row.size else (20, width - 20)
    body = [(left, height - 6), (right, height - 6), (right - 18, bottom), (left + 18, bottom)]
    cv2.fillPoly(reach, [np.array(body, np.int32)], 255, cv2.LINE_AA)
    grain = np.random.default_rng(7).normal(0, 2.0, (extend_px, width, 1))
    fold = 5.0 * np.cos(np.linspace(-2.2, 2.2, width))[None, :, None]
    longer[height:] = np.clip(longer[height:] + grain + fold, 0, 255).astype(np.uint8)
    for x_above, x_below in ((left + 96, left + 112), (right - 96, right - 112)):
        cv2.line(longer, (x_above, height), (x_below, bottom), (12, 8, 7), 4, cv2.LINE_AA)
    for y in range(height + 135, bottom, 145):
        cv2.circle(longer, (_BUTTON_X, y), 12, (52, 120, 170), -1, cv2.LINE_AA)
        cv2.circle(longer, (_BUTTON_X - 3, y - 3), 6, (110, 190, 232), -1, cv2.LINE_AA)
    # No seam: over a few rows the dark of the photographed cloth turns into that of the drawn one.
    seam = np.linspace(0.0, 1.0, 60)[:, None, None]
    patch = longer[height - 60 : height].astype(np.float32)
    tone = np.array(_CLOTH, np.float32) + fold
    is_cloth = patch.max(axis=2, keepdims=True) < 70
    blended = np.where(is_cloth, patch * (1 - seam) + tone * seam, patch)
    longer[height - 60 : height] = np.clip(blended, 0, 255).astype(np.uint8)
    return np.asarray(longer, np.uint8), np.asarray(reach, np.uint8)
