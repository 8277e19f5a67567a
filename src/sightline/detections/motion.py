"""Where anything moved since a picture was last analysed, and whether the scene was cut.

Looking costs a tenth of a millisecond; detection costs five to thirty.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.frames import Image

__all__ = ["Change", "Motion", "MotionGate"]

_THUMBNAIL_WIDTH_PX = 160
_MOVED_LEVELS = 12
"""Change of a thumbnail's pixel (0 to 255) that is no noise: averaging has removed most of it."""

_MOVED_SHARE = 0.0006
"""Share of moved pixels from which something moved: a third of a face 40 px wide in a picture 640 px wide."""

_CUT_SHARE, _CUT_CORRELATION = 0.4, 0.2
_UPHEAVAL_SHARE, _UPHEAVAL_CORRELATION = 0.33, 0.7
"""Where at least such a share of the pixels moved since the frame before, and both frames correlate less than this, the
scene was cut, or may have been. Measured at 5 frames/s: cuts between unlike scenes 43 % and more at 0.17 and less; cuts
between clips of different people before the same wall 39 % and more at 0.61 and less; somebody moving close to the
camera 34 % at 0.36 at worst, hands over a table 30 % at 0.88.
"""


class Change(enum.IntEnum):
    """How much of the scene is left since the frame before: all or most, perhaps none, or none."""

    STEADY = 0
    UPHEAVAL = 1
    CUT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """`region` (4,) float32 px: the box around everything that differs from the last reference, `None` when nothing
    does; `change`: whether it is still the scene of the frame before.
    """

    region: NDArray[np.float32] | None
    change: Change


class MotionGate:
    """Compares the frames of one camera. All of the first frame, and of one of another size, moved. Not thread-safe."""

    def __init__(self) -> None:
        self._reference: NDArray[np.uint8] | None = None
        self._previous: NDArray[np.uint8] | None = None

    def look(self, image: Image) -> Motion:
        """What this frame shows. A frame that moved becomes the reference, so slow changes add up until they count."""
        height, width = image.shape[:2]
        thumbnail = _thumbnail(image)
        reference, previous = self._reference, self._previous
        self._previous = thumbnail
        if reference is None or previous is None or reference.shape != thumbnail.shape:
            self._reference = thumbnail
            return Motion(np.array([0, 0, width, height], np.float32), Change.STEADY)
        # The median removes single pixels: noise that averaging left.
        moved = cv2.medianBlur(_changed(thumbnail, reference), 3)
        if cv2.countNonZero(moved) < _MOVED_SHARE * moved.size:
            return Motion(None, Change.STEADY)
        self._reference = thumbnail
        left, top, across, down = cv2.boundingRect(moved)
        box = np.array([left, top, left + across, top + down], np.float32)
        return Motion(box * np.float32(width / thumbnail.shape[1]), _change(thumbnail, previous))


def _thumbnail(image: Image) -> NDArray[np.uint8]:
    """A grey copy 160 px wide: sampled at twice that width, then averaged, which costs 0.1 ms whatever the size."""
    height, width = image.shape[:2]
    size = (_THUMBNAIL_WIDTH_PX, max(1, round(height * _THUMBNAIL_WIDTH_PX / width)))
    sampled = cv2.resize(image, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(sampled, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _changed(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """255 where the thumbnails differ by more than noise, else 0."""
    _, mask = cv2.threshold(cv2.absdiff(a, b), _MOVED_LEVELS, 255, cv2.THRESH_BINARY)
    return np.asarray(mask, np.uint8)


def _change(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Change:
    share = cv2.countNonZero(_changed(a, b)) / a.size
    if share < _UPHEAVAL_SHARE:
        return Change.STEADY
    one, other = a - a.mean(dtype=np.float32), b - b.mean(dtype=np.float32)
    spread = float(np.sqrt((one * one).sum() * (other * other).sum()))
    common = float((one * other).sum())
    if share >= _CUT_SHARE and common < _CUT_CORRELATION * spread:
        return Change.CUT
    return Change.UPHEAVAL if common < _UPHEAVAL_CORRELATION * spread else Change.STEADY
