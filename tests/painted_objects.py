"""Objects made of paint: a detector that really looks at the picture, without a model.

An upright patch of texture is a person when it is red, a phone when it is green, a vehicle when it is blue.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.detections.objects import Objects
from sightline.frames import Image
from sightline.geometry import Boxes

__all__ = ["PERSON", "PHONE", "VEHICLE", "PaintedLiveness", "PaintedObjects", "paint_object"]

VEHICLE, PHONE, PERSON = (255, 70, 70), (70, 255, 70), (70, 70, 255)
"""BGR by label."""

_LABELS = ("vehicle", "phone", "person")
_SATURATED = 60


def paint_object(
    picture: Image, colour: tuple[int, int, int], x: int, y: int, width: int = 40, height: int = 90
) -> Image:
    """A copy of the picture with an object whose top left corner is at (x, y)."""
    texture = np.random.default_rng(3).uniform(0.4, 1.0, (12, 12, 1))
    patch = cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None] * np.array(colour)
    painted = picture.copy()
    rows, columns = picture.shape[:2]
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, columns), min(y + height, rows)
    painted[top:bottom, left:right] = np.clip(patch[top - y : bottom - y, left - x : right - x], 0, 255)
    return painted


class PaintedObjects:
    """Finds patches of colour at `score`. `looks` counts its calls; while `blind`, it finds nothing."""

    name = "painted-objects"
    device = "cpu"
    labels = _LABELS

    def __init__(self, score: float = 0.8) -> None:
        self.score = score
        self.looks = 0
        self.blind = False

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        """The patches, largest first."""
        self.looks += 1
        if self.blind:
            return Objects.none()
        saturation = image.max(axis=2).astype(int) - image.min(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((saturation > _SATURATED).astype(np.uint8))
        found = []
        for left, top, across, down, area in stats[1:]:
            if area >= 100:
                colour = image[top : top + down, left : left + across].reshape(-1, 3).mean(axis=0)
                found.append(((left, top, left + across, top + down), _LABELS[int(colour.argmax())], area))
        found.sort(key=lambda one: -one[2])
        boxes = np.array([box for box, _, _ in found], np.float32).reshape(-1, 4)
        return Objects(boxes, np.full(len(found), self.score, np.float32), tuple(label for _, label, _ in found))


class PaintedLiveness:
    """Gives every face the same `score`; `judged` counts the faces."""

    name = "painted-liveness"
    device = "cpu"

    def __init__(self, score: float) -> None:
        self.score_of_all = score
        self.judged = 0

    def score(self, image: Image, boxes: Boxes) -> NDArray[np.float32]:
        """(N,) the score."""
        self.judged += len(boxes)
        return np.full(len(boxes), self.score_of_all, np.float32)
