"""Pairing the faces of a frame with the tracklets that expect them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.geometry import Boxes

__all__ = ["MAX_SHIFT", "MAX_SIZE_RATIO", "affinity", "associate"]

MAX_SHIFT = 1.5
"""How far, in sides of the face, a face may be from where it is expected. A walking person 2 m from the
camera moves about one face's width in 200 ms."""

MAX_SIZE_RATIO = 2.0
"""How much larger or smaller a face may be than expected."""


def affinity(expected: Boxes, found: Boxes) -> NDArray[np.float32]:
    """(N, M) how well each of N expected boxes fits each of M found ones: 0 (impossible) to 2 (the same box).

    Intersection over union, plus 1 minus the distance of the centres relative to `MAX_SHIFT`: overlap decides
    between close faces, distance still tells where nothing overlaps.
    """
    sizes_expected, sizes_found = np.sqrt(geometry.areas(expected)), np.sqrt(geometry.areas(found))
    larger = np.maximum(np.maximum(sizes_expected[:, None], sizes_found[None, :]), np.float32(1e-6))
    smaller = np.minimum(sizes_expected[:, None], sizes_found[None, :])
    apart = geometry.centres(expected)[:, None] - geometry.centres(found)[None, :]
    shift = np.hypot(apart[..., 0], apart[..., 1]) / larger / np.float32(MAX_SHIFT)
    fit = geometry.iou(expected, found) + 1 - shift
    impossible = (shift >= 1) | (larger > smaller * np.float32(MAX_SIZE_RATIO))
    return np.asarray(np.where(impossible, 0, fit), np.float32)


def associate(expected: Boxes, found: Boxes) -> list[tuple[int, int]]:
    """Pairs (index of expected, index of found), each index at most once, best fits first.

    Greedy: with the few faces of a frame it gives the pairs that an optimal assignment gives, except where
    two fits are as good as equal.
    """
    fit = affinity(expected, found)
    pairs = []
    for _ in range(min(fit.shape)):
        row, column = divmod(int(fit.argmax()), fit.shape[1])
        if fit[row, column] <= 0:
            break
        pairs.append((row, column))
        fit[row, :] = 0
        fit[:, column] = 0
    return pairs
