"""Points in polygons, polygons that cross themselves, and lines that are crossed."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sightline.decisions.zones import LineCrossing, contains, foot_point, is_simple, zones_at
from sightline.events.scene import Direction, Line, Point, Zone

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
HOOK = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.6, 1.0), (0.6, 0.4), (0.0, 0.4))
DOORSTEP = Line(name="doorstep", start=(0.2, 0.5), end=(0.8, 0.5))


def test_the_foot_is_the_middle_of_the_lower_edge() -> None:
    assert foot_point((100, 50, 200, 300), 640, 480) == (150 / 640, 300 / 480)


def test_the_foot_of_somebody_half_outside_is_at_the_edge() -> None:
    assert foot_point((-100, 50, 20, 600), 640, 480) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("point", "inside"),
    [((0.5, 0.5), True), ((0.1, 0.5), False), ((0.2, 0.5), True), ((0.8, 0.8), True), ((0.5, 0.81), False)],
)
def test_inside_a_square(point: Point, inside: bool) -> None:
    assert contains(SQUARE, point) is inside


def test_the_notch_of_a_hook_is_outside() -> None:
    assert contains(HOOK, (0.8, 0.9))
    assert contains(HOOK, (0.3, 0.3))
    assert not contains(HOOK, (0.3, 0.7))


_share = st.integers(0, 100).map(lambda value: value / 100)


@given(st.tuples(_share, _share), st.integers(0, 3), st.booleans())
def test_neither_beginning_nor_sense_of_rotation_matters(point: Point, turn: int, reverse: bool) -> None:
    polygon = SQUARE[turn:] + SQUARE[:turn]
    assert contains(polygon[::-1] if reverse else polygon, point) is contains(SQUARE, point)


@given(st.tuples(_share, _share))
def test_a_star_shaped_polygon_contains_as_its_angles_say(point: Point) -> None:
    corners = tuple((0.5 + 0.4 * math.cos(k), 0.5 + 0.4 * math.sin(k)) for k in (0.1, 1.3, 2.9, 4.0, 5.5))
    turns = [
        (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    assume(min(map(abs, turns)) > 1e-9)
    assert contains(corners, point) is (min(turns) > 0)


@pytest.mark.parametrize(
    ("polygon", "simple"),
    [
        (SQUARE, True),
        (HOOK, True),
        (SQUARE[::-1], True),
        (SQUARE[:2], False),
        (((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)), False),
        (((0.1, 0.1), (0.5, 0.1), (0.9, 0.1)), False),
        (((0.2, 0.2), (0.8, 0.2), (0.8, 0.2), (0.2, 0.8)), False),
        (((0.2, 0.2), (0.8, 0.2), (0.5, 0.2), (0.5, 0.8)), False),
        (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.0), (0.0, 1.0)), False),
    ],
    ids=["square", "hook", "other way round", "two corners", "bow tie", "flat", "twice", "spike", "touching"],
)
def test_polygons_that_are_simple(polygon: tuple[Point, ...], simple: bool) -> None:
    assert is_simple(polygon) is simple


def test_zones_by_name() -> None:
    zones = [Zone(name="hall", polygon=SQUARE), Zone(name="all", polygon=((0, 0), (1, 0), (1, 1), (0, 1)))]
    assert zones_at(zones, (0.5, 0.5)) == ("hall", "all")
    assert zones_at(zones, (0.1, 0.1)) == ("all",)


def moved(*points: Point) -> list[Direction | None]:
    crossing = LineCrossing(DOORSTEP)
    return [crossing.moved(point) for point in points]


def test_down_over_a_line_that_points_right_is_in_and_up_is_out() -> None:
    assert moved((0.5, 0.4), (0.5, 0.6), (0.5, 0.4)) == [None, Direction.IN, Direction.OUT]


def test_a_line_drawn_the_other_way_counts_the_other_way() -> None:
    crossing = LineCrossing(Line(name="l", start=DOORSTEP.end, end=DOORSTEP.start))
    assert [crossing.moved(point) for point in ((0.5, 0.4), (0.5, 0.6))] == [None, Direction.OUT]


def test_swaying_on_the_line_crosses_once() -> None:
    path = [(0.5, 0.4), (0.5, 0.495), (0.5, 0.505), (0.5, 0.495), (0.5, 0.505), (0.5, 0.52)]
    assert [way for way in moved(*path) if way] == [Direction.IN]


def test_turning_back_on_the_line_crosses_nothing() -> None:
    assert not any(moved((0.5, 0.4), (0.5, 0.505), (0.5, 0.4)))


def test_around_its_end_is_not_over_it() -> None:
    assert not any(moved((0.1, 0.4), (0.1, 0.6), (0.5, 0.6)))


@given(st.lists(st.tuples(_share, _share), max_size=30))
def test_who_crosses_one_way_must_come_back_before_crossing_so_again(points: list[Point]) -> None:
    line = Line(name="l", start=(-1.0, 0.5), end=(2.0, 0.5))
    crossing = LineCrossing(line)
    ways = [way for point in points if (way := crossing.moved(point)) is not None]
    assert all(one is not other for one, other in zip(ways, ways[1:], strict=False))
