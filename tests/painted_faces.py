"""Faces made of paint: a detector and an embedder that really look at the picture, without a model.

A face is a square patch of texture in its person's colour; its template is that colour. So everything between pixels
and facts can be tested to the millisecond, with people who never look alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.frames import Image
from sightline.identities.alignment import DLIB_TEMPLATE, AlignmentTemplate
from sightline.identities.similarity import Similarity

__all__ = ["COLOURS", "GHOST", "PaintedDetector", "PaintedEmbedder", "paint", "room", "template_of"]

COLOURS = {
    "anna": (70, 70, 255),
    "ben": (60, 235, 60),
    "cleo": (250, 110, 60),
}
"""BGR by person; their templates are at least 0.8 apart."""

GHOST = (230, 40, 230)
"""A colour that the detector takes for a face in large pictures and sees through in small ones."""

_LANDMARKS = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.57], [0.35, 0.76], [0.65, 0.76]], np.float32)
_CROP_PX = 250
_SATURATED = 60


def room(width: int = 640, height: int = 360, seed: int = 0) -> Image:
    """An empty grey room; another seed is another room."""
    coarse = np.random.default_rng(seed).integers(40, 200, (height // 40, width // 40), dtype=np.uint8)
    grey = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def paint(picture: Image, colour: tuple[int, int, int], x: int, y: int, side: int = 80) -> Image:
    """A copy of the picture with a face whose top left corner is at (x, y)."""
    texture = np.random.default_rng(7).uniform(0.3, 1.0, (20, 20, 1))
    patch = cv2.resize(texture, (side, side), interpolation=cv2.INTER_LINEAR)[:, :, None] * np.array(colour)
    painted = picture.copy()
    height, width = picture.shape[:2]
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + side, width), min(y + side, height)
    painted[top:bottom, left:right] = np.clip(patch[top - y : bottom - y, left - x : right - x], 0, 255)
    return painted


class PaintedDetector:
    """Finds patches of colour at `score`; while `blind`, nothing. `seen` holds the size (width, height) of every
    picture that it looked at.
    """

    name = "painted-detector"
    device = "cpu"
    min_score = 0.6

    def __init__(self, score: float = 0.9) -> None:
        self.score = score
        self.blind = False
        self.seen: list[tuple[int, int]] = []

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The patches, largest first; `scale` makes no difference to paint."""
        height, width = image.shape[:2]
        self.seen.append((width, height))
        saturation = image.max(axis=2).astype(int) - image.min(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((saturation > _SATURATED).astype(np.uint8))
        boxes = []
        for left, top, across, down, area in stats[1:]:
            colour = image[top : top + down, left : left + across].reshape(-1, 3).mean(axis=0)
            ghost = 2 * colour[1] < min(colour[0], colour[2])
            if area >= 100 and not (ghost and width < _CROP_PX):
                boxes.append((left, top, left + across, top + down))
        least = self.min_score if min_score is None else min_score
        boxes = boxes if self.score >= least and not self.blind else []
        found = np.array(sorted(boxes, key=lambda box: box[0] - box[2]), np.float32).reshape(-1, 4)
        corners, sides = found[:, None, :2], found[:, None, 2:] - found[:, None, :2]
        scores, landmarks = np.full(len(found), self.score, np.float32), corners + _LANDMARKS * sides
        return Faces(found, scores, landmarks.astype(np.float32))


class PaintedEmbedder:
    """The template is the mean colour's direction. `batches` holds the number of faces of every call."""

    name = "painted-embedder"
    device = "cpu"
    model_id = "painted/1"
    dimensions = 3
    similarity = Similarity(0.5, 15)
    template: AlignmentTemplate = DLIB_TEMPLATE

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 3) templates."""
        self.batches.append(len(chips))
        return np.stack([_direction(chip[40:110, 40:110].reshape(-1, 3).mean(axis=0)) for chip in chips])


def template_of(colour: tuple[int, int, int]) -> NDArray[np.float32]:
    """The template of a face in this colour."""
    return _direction(np.array(colour, np.float64))


def _direction(colour: NDArray[np.float64]) -> NDArray[np.float32]:
    return (colour / max(float(np.linalg.norm(colour)), 1e-6)).astype(np.float32)
