"""Crowds: how many people a picture shows, in words, and how densely.

Counts come from faces and from bodies, and neither alone is right: somebody close to the camera shows a face and no
body, somebody turned away a body and no face. The larger of both counts is the number of people.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Boxes", "CrowdFigures", "CrowdLevel", "analyse_crowd", "body_of", "crowd_level", "density_score"]

_BODY_WIDTH_IN_FACES = 3.0
_BODY_HEIGHT_IN_FACES = 7.0
"""What of a standing person is not seen but surely there, below a face as detectors box it: shoulders are about three
faces wide, a person seven to eight faces high.
"""

_FACE_IS_OF_BODY = 0.5
"""Share of a face inside a body's box from which the face belongs to it."""

Boxes = Sequence[Sequence[float]]
"""Boxes `[x1, y1, x2, y2]` in px; of arrays (N, 4), give `array.tolist()`."""

_Box = tuple[float, float, float, float]


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
    """The crowd of a picture of `width` × `height` px with these faces and bodies."""
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
    bodies = [_as_box(box) for box in body_boxes]
    unseen = [body_of(face) for face in map(_as_box, face_boxes) if not _belongs(face, bodies)]
    inside = (_clipped(box, width, height) for box in (*bodies, *unseen))
    return round(min(1.0, _union_area(inside) / (width * height)), 3)


def _as_box(box: Sequence[float]) -> _Box:
    left, top, right, bottom = (float(value) for value in box)
    return left, top, right, bottom


def _area(box: _Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _belongs(face: _Box, bodies: Iterable[_Box]) -> bool:
    """Whether the face is in one of the bodies' boxes."""
    shared = (
        _area((max(face[0], body[0]), max(face[1], body[1]), min(face[2], body[2]), min(face[3], body[3])))
        for body in bodies
    )
    return max(shared, default=0.0) >= _FACE_IS_OF_BODY * max(_area(face), 1.0)


def body_of(face: Sequence[float]) -> _Box:
    """Where the body of the face at this box must be, px."""
    left, top, right, bottom = _as_box(face)
    middle, half = (left + right) / 2, max(0.0, right - left) * _BODY_WIDTH_IN_FACES / 2
    return middle - half, top, middle + half, top + max(0.0, bottom - top) * _BODY_HEIGHT_IN_FACES


def _clipped(box: _Box, width: int, height: int) -> _Box:
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))


def _union_area(boxes: Iterable[_Box]) -> float:
    """The area that the boxes cover together, px²: exact, column by column between their edges."""
    solid = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
    edges = sorted({edge for box in solid for edge in (box[0], box[2])})
    return sum(
        (right - left) * _union_length(sorted((box[1], box[3]) for box in solid if box[0] <= left and right <= box[2]))
        for left, right in zip(edges, edges[1:], strict=False)
    )


def _union_length(spans: Iterable[tuple[float, float]]) -> float:
    """What these spans, in order of their beginning, cover together."""
    covered, reached = 0.0, float("-inf")
    for begin, end in spans:
        covered += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return covered
