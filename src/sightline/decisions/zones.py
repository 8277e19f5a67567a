"""Where in the picture somebody is: zones, and lines that are crossed.

Everything is in shares of the picture, 0 to 1, y down. A person or thing is where the foot of its box is, the middle
of the lower edge: that is where it stands on the ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.events.scene import Direction, Line, Point, Zone

__all__ = ["LineCrossing", "contains", "foot_point", "is_simple", "zones_at"]

_CERTAIN = 0.01
"""Distance from a line, in shares of the picture, from which it is certain on which side of it somebody is: whoever
stands on the line sways, and detection trembles."""


def foot_point(box: Sequence[float], width: int, height: int) -> Point:
    """Where something with this box `[x1, y1, x2, y2]` px stands; within the picture, if part of it is."""
    x = (float(box[0]) + float(box[2])) / 2 / width
    return min(max(x, 0.0), 1.0), min(max(float(box[3]) / height, 0.0), 1.0)


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether the point is inside the polygon or on its edge (even-odd rule)."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in _edges(polygon):
        if _on_segment((ax, ay), (bx, by), point):
            return True
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def zones_at(zones: Iterable[Zone], point: Point) -> tuple[str, ...]:
    """The names of the zones in which the point is."""
    return tuple(zone.name for zone in zones if contains(zone.polygon, point))


def is_simple(polygon: Sequence[Point]) -> bool:
    """Whether the polygon has at least three corners, an area, and no edge that touches another but at their common
    corner."""
    edges = list(_edges(polygon))
    if len(edges) < 3 or abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges)) < 1e-9:
        return False
    for index, (a, b) in enumerate(edges):
        if a == b:
            return False
        for other in range(index + 1, len(edges)):
            c, d = edges[other]
            neighbours = other == index + 1 or (index == 0 and other == len(edges) - 1)
            if neighbours:
                shared, one, two = (b, a, d) if other == index + 1 else (a, b, c)
                if _on_segment(shared, one, two) or _on_segment(shared, two, one):
                    return False
            elif _meet(a, b, c, d):
                return False
    return True


@dataclass(slots=True)
class LineCrossing:
    """One track against one line. It has crossed when it is certainly on the other side, and its way there led over the
    line and not around its end.
    """

    line: Line
    _certain: Point | None = None

    def moved(self, point: Point) -> Direction | None:
        """The track is at `point` now; which way it thereby crossed the line, if it did."""
        side = self._side(point)
        if abs(side) < _CERTAIN:
            return None
        before, self._certain = self._certain, point
        if before is None or (self._side(before) > 0) == (side > 0):
            return None
        if not _meet(before, point, self.line.start, self.line.end):
            return None
        return Direction.IN if side > 0 else Direction.OUT

    def _side(self, point: Point) -> float:
        """The distance from the endless line, positive to the right, looking from its start to its end."""
        start, end = self.line.start, self.line.end
        return _turn(start, end, point) / max(math.dist(start, end), 1e-9)


def _edges(polygon: Sequence[Point]) -> Iterable[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], *polygon[:1]), strict=True)


def _turn(a: Point, b: Point, c: Point) -> float:
    """Twice the area of the triangle: positive when `c` is to the right of the way from `a` to `b`, y down."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on_segment(a: Point, b: Point, point: Point) -> bool:
    return (
        abs(_turn(a, b, point)) < 1e-12
        and min(a[0], b[0]) <= point[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= point[1] <= max(a[1], b[1])
    )


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments `a`–`b` and `c`–`d` have a point in common."""
    if (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0) and (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0):
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(_on_segment(*end) for end in ends)
