"""Pictures of cameras that hang on their side, or upside down."""

from __future__ import annotations

import cv2
import numpy as np

from sightline.frames import Image

__all__ = ["turned"]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def turned(image: Image, degrees: int) -> Image:
    """The picture turned clockwise by 90, 180 or 270 degrees; the same one for every other number."""
    turn = _TURNS.get(degrees)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), np.uint8)
