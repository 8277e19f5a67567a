"""Crowds: how many people a picture shows, in words, and how densely.

Counts come from faces and from bodies, and neither alone is right: somebody close to the camera shows a face and no
body, somebody turned away a body and no face. The larger of both counts is the number of people.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.geometry import Boxes

__all__ = ["CrowdFigures", "CrowdLevel", "analyse_crowd", "crowd_level", "density_score"]

_BODY_WIDTH_IN_FACES = 3.0
_BODY_HEIGHT_IN_FACES = 7.0
"""What of a standing person is not seen but surely there, below a face as detectors box it: shoulders are about three
faces wide, a person seven to eight faces high.
"""

_FACE_IS_OF_BODY = 0.5
"""Share of a face inside a body's box from which the face belongs to it."""


class CrowdLevel(enum.StrEnum):
    """The number of people in words."""

    EMPTY = "empty"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


_LEVELS = ((0, CrowdLevel.EMPTY), (2, CrowdLevel.LOW), (5, CrowdLevel.MEDIUM), (10, CrowdLevel.HIGH))
"""The most people of each level; more than the last is `VERY_HIGH`."""


@dataclass(frozen=True, slots=True)
class CrowdFigures:
    """The crowd of one picture. `density_score` is 0 (nobody) to 1 (people wherever one looks)."""

    face_count: int
    body_count: int
    crowd_level: CrowdLevel
    density_score: float

    @property
    def people(self) -> int:
        """How many people there are: the larger of both counts."""
        return max(self.face_count, self.body_count)


def analyse_crowd(face_boxes: Boxes, body_boxes: Boxes, width: int, height: int) -> CrowdFigures:
    """The crowd of a picture of `width` × `height` px with faces (N, 4) and bodies (M, 4) at these boxes."""
    faces, bodies = len(face_boxes), len(body_boxes)
    return CrowdFigures(
        face_count=faces,
        body_count=bodies,
        crowd_level=crowd_level(faces, bodies),
        density_score=density_score(face_boxes, body_boxes, width, height),
    )


def crowd_level(face_count: int, body_count: int) -> CrowdLevel:
    """The level of `max(face_count, body_count)` people: 0 empty, up to 2 low, 5 medium, 10 high, else very high."""
    people = max(face_count, body_count)
    return next((level for most, level in _LEVELS if people <= most), CrowdLevel.VERY_HIGH)


def density_score(face_boxes: Boxes, body_boxes: Boxes, width: int, height: int) -> float:
    """The share of the picture that people cover, 0 to 1, to three decimals.

    A person covers their body's box; a face that is in no body's box stands for a body three faces wide and seven
    high, beginning at the top of the face. What two people cover is counted once, what is beyond the picture's edge
    not at all. It says how full the view is, not how many people stand on a square metre: for that the camera's
    height and angle would have to be known.
    """
    if width < 1 or height < 1:
        return 0.0
    people = np.concatenate([body_boxes.reshape(-1, 4), _bodies_of(_without_body(face_boxes, body_boxes))])
    covered = _union_area(geometry.clip(people.astype(np.float32), width, height))
    return round(min(1.0, covered / (width * height)), 3)


def _without_body(face_boxes: Boxes, body_boxes: Boxes) -> Boxes:
    if not len(face_boxes) or not len(body_boxes):
        return face_boxes.reshape(-1, 4)
    shared = geometry.intersections(face_boxes, body_boxes).max(axis=1)
    return np.asarray(face_boxes[shared < _FACE_IS_OF_BODY * geometry.areas(face_boxes)], np.float32)


def _bodies_of(face_boxes: Boxes) -> Boxes:
    """Boxes where the bodies of these faces must be."""
    sides = np.maximum(face_boxes[:, 2:] - face_boxes[:, :2], 0)
    middle = geometry.centres(face_boxes)[:, 0]
    half, down = sides[:, 0] * _BODY_WIDTH_IN_FACES / 2, sides[:, 1] * _BODY_HEIGHT_IN_FACES
    top = face_boxes[:, 1]
    return np.stack([middle - half, top, middle + half, top + down], axis=1).astype(np.float32)


def _union_area(boxes: Boxes) -> float:
    """The area that the boxes cover together, px²: exact, on the grid that their edges make."""
    boxes = boxes[geometry.areas(boxes) > 0]
    if not len(boxes):
        return 0.0
    columns, rows = np.unique(boxes[:, [0, 2]]), np.unique(boxes[:, [1, 3]])
    covered = np.zeros((len(rows) - 1, len(columns) - 1), bool)
    near, far = _cells(boxes[:, :2], columns, rows), _cells(boxes[:, 2:], columns, rows)
    for (left, top), (right, bottom) in zip(near, far, strict=True):
        covered[top:bottom, left:right] = True
    return float(np.diff(rows) @ covered @ np.diff(columns))


def _cells(corners: NDArray[np.float32], columns: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.intp]:
    """(N, 2) columns and rows of the grid at which the corners are."""
    return np.stack([np.searchsorted(columns, corners[:, 0]), np.searchsorted(rows, corners[:, 1])], axis=1)
