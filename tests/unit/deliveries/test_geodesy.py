"""Distances against an independent implementation, and the laws of any distance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.geodesy import distance_m

LATITUDE = st.floats(-90, 90)
LONGITUDE = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("points", "metres"),
    [
        pytest.param((-37.951033416667, 144.424867888889, -37.652821138889, 143.926495527778), 54972.27113920079,
                     id="Flinders Peak to Buninyong, Vincenty's own example"),
        pytest.param((52.5163, 13.3777, 52.5186, 13.3762), 275.44931422507256, id="across a square"),
        pytest.param((51.4778, -0.0015, 40.7128, -74.006), 5594596.51395793, id="across an ocean"),
        pytest.param((78.2232, 15.6267, 78.2238, 15.6367), 237.56935171086243, id="in the far north"),
        pytest.param((0, 0, 0, 90), 10018754.171394622, id="along the equator"),
        pytest.param((90, 0, -90, 0), 20003931.458625447, id="from pole to pole"),
        pytest.param((0, 179.9, 0, -179.9), 22263.898158653446, id="over the date line"),
    ],
)  # fmt: skip
def test_distances_are_those_of_geographiclib(points: tuple[float, float, float, float], metres: float) -> None:
    """The expected figures are Karney's algorithm (geographiclib 2), which is exact to nanometres."""
    assert distance_m(*points) == pytest.approx(metres, abs=0.001)


def test_nearly_opposite_points_get_the_distance_on_the_sphere() -> None:
    exact_m = 19_944_127.42
    assert distance_m(0, 0, 0.5, 179.7) == pytest.approx(exact_m, rel=0.006)
    assert distance_m(0, 0, 0, 180) == pytest.approx(20_003_931.46, rel=0.006)


def test_a_sphere_would_send_the_farther_one() -> None:
    """Going north a degree is longer near the pole than near the equator: the sphere cannot tell."""
    assert distance_m(0, 0, 1, 0) + 1000 < distance_m(80, 0, 81, 0)


@given(LATITUDE, LONGITUDE, LATITUDE, LONGITUDE)
def test_every_two_points_have_one_distance(a: float, b: float, c: float, d: float) -> None:
    there, back = distance_m(a, b, c, d), distance_m(c, d, a, b)
    assert 0 <= there <= 20_120_000
    assert there == pytest.approx(back, rel=0.006, abs=0.001)


@given(LATITUDE, LONGITUDE)
def test_a_point_is_nowhere_else(latitude: float, longitude: float) -> None:
    assert distance_m(latitude, longitude, latitude, longitude) == 0
