"""Whether anything moved since a picture was last analysed, and whether the scene was cut.

Looking costs a fifth of a millisecond; detection costs five to thirty.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.frames import Image

__all__ = ["Motion", "MotionGate"]

_THUMBNAIL_WIDTH_PX = 160
_MOVED_LEVELS = 12
"""Change of a thumbnail's pixel (0 to 255) that is no noise: averaging has removed most of it."""

_MOVED_SHARE = 0.0008
"""Share of moved pixels from which something moved: a third of a face 40 px wide in a picture 640 px wide."""

_CUT_SHARE = 0.35
_CUT_CORRELATION = 0.35
"""Another scene begins where at least so many pixels moved since the frame before and what is left of it correlates
less than this. Measured at 5 frames/s: cuts 0.02–0.17; hands moving before a webcam 0.86 and more; stage lights 0.29,
but with a fifth of the pixels moved."""


@dataclass(frozen=True, slots=True)
class Motion:
    """`moved`: something differs from the last reference; `cut`: this is another scene than the frame
    before.
    """

    moved: bool
    cut: bool


class MotionGate:
    """Compares the frames of one camera. The first frame, and one of another size, counts as moved. Not
    thread-safe.
    """

    def __init__(self) -> None:
        self._reference: NDArray[np.uint8] | None = None
        self._previous: NDArray[np.uint8] | None = None

    def look(self, image: Image) -> Motion:
        """What this frame shows. A frame that moved becomes the reference, so slow changes add up until
        they count.
        """
        thumbnail = _thumbnail(image)
        reference, previous = self._reference, self._previous
        self._previous = thumbnail
        if reference is None or previous is None or reference.shape != thumbnail.shape:
            self._reference = thumbnail
            return Motion(moved=True, cut=False)
        moved = _changed_share(thumbnail, reference) >= _MOVED_SHARE
        if moved:
            self._reference = thumbnail
        return Motion(moved, cut=moved and _is_cut(thumbnail, previous))


def _thumbnail(image: Image) -> NDArray[np.uint8]:
    """A grey copy 160 px wide. Of large pictures only every n-th pixel is looked at: averaging those is
    enough.
    """
    height, width = image.shape[:2]
    step = max(1, width // (_THUMBNAIL_WIDTH_PX * 3))
    size = (_THUMBNAIL_WIDTH_PX, max(1, round(height * _THUMBNAIL_WIDTH_PX / width)))
    small = cv2.resize(image[::step, ::step], size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _changed_share(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.count_nonzero(cv2.absdiff(a, b) > _MOVED_LEVELS)) / a.size


def _is_cut(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    if _changed_share(a, b) < _CUT_SHARE:
        return False
    one, other = a - a.mean(dtype=np.float32), b - b.mean(dtype=np.float32)
    spread = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) < _CUT_CORRELATION * spread
