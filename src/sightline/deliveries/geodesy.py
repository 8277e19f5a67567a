"""Distances on the Earth, as surveyors measure them: along the WGS 84 ellipsoid, not on a sphere.

A sphere is wrong by up to 0.56 %, by a direction that depends on the latitude: enough to send the farther of two
people. Vincenty's inverse formula (Survey Review 23, no. 176, 1975) is right to half a millimetre, needs twenty lines
and no library. It does not converge for points that are nearly opposite each other on the globe; those get the
distance on the sphere, whose error nobody who walks there will notice.
"""

from __future__ import annotations

from math import asin, atan, atan2, cos, hypot, radians, sin, sqrt, tan

__all__ = ["distance_m"]

EQUATORIAL_RADIUS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
POLAR_RADIUS_M = EQUATORIAL_RADIUS_M * (1 - FLATTENING)
MEAN_RADIUS_M = 6_371_008.8

_CONVERGED = 1e-12
"""Radians of longitude; 6 µm on the equator."""
_MOST_ROUNDS = 100


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points given in WGS 84 degrees, at sea level. Total: every pair of points has a distance.

    >>> round(distance_m(52.5163, 13.3777, 52.5186, 13.3762))  # Brandenburg Gate to Reichstag
    275
    """
    if (latitude, longitude) == (other_latitude, other_longitude):
        return 0.0
    u1 = atan((1 - FLATTENING) * tan(radians(latitude)))
    u2 = atan((1 - FLATTENING) * tan(radians(other_latitude)))
    difference = radians(other_longitude - longitude)
    sin_u1, cos_u1, sin_u2, cos_u2 = sin(u1), cos(u1), sin(u2), cos(u2)

    angle = difference  # of longitude on the auxiliary sphere (λ in the paper)
    for _ in range(_MOST_ROUNDS):
        sin_sigma = hypot(cos_u2 * sin(angle), cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos(angle))
        if sin_sigma == 0.0:
            break  # the same point by another name, or exactly opposite
        cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos(angle)
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_u1 * cos_u2 * sin(angle) / sin_sigma
        cos2_alpha = 1 - sin_alpha**2
        cos_2sm = cos_sigma - 2 * sin_u1 * sin_u2 / cos2_alpha if cos2_alpha > 0 else 0.0  # 0: along the equator
        c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
        before = angle
        angle = difference + (1 - c) * FLATTENING * sin_alpha * (
            sigma + c * sin_sigma * (cos_2sm + c * cos_sigma * (2 * cos_2sm**2 - 1))
        )
        if abs(angle - before) < _CONVERGED:
            return _length_m(sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2sm)
    return _on_the_sphere_m(latitude, longitude, other_latitude, other_longitude)


def _length_m(sigma: float, sin_sigma: float, cos_sigma: float, cos2_alpha: float, cos_2sm: float) -> float:
    u2 = cos2_alpha * (EQUATORIAL_RADIUS_M**2 - POLAR_RADIUS_M**2) / POLAR_RADIUS_M**2
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    correction = cos_2sm + b / 4 * (
        cos_sigma * (2 * cos_2sm**2 - 1) - b / 6 * cos_2sm * (4 * sin_sigma**2 - 3) * (4 * cos_2sm**2 - 3)
    )
    return POLAR_RADIUS_M * a * (sigma - b * sin_sigma * correction)


def _on_the_sphere_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The haversine formula."""
    half_up = radians(other_latitude - latitude) / 2
    half_along = radians(other_longitude - longitude) / 2
    h = sin(half_up) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(half_along) ** 2
    return 2 * MEAN_RADIUS_M * asin(min(1.0, sqrt(h)))
