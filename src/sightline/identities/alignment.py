"""Alignment: turning a face so that its landmarks lie where the embedder learnt them to be."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Landmarks
from sightline.frames import Image

__all__ = ["ARCFACE_TEMPLATE", "DLIB_TEMPLATE", "AlignmentTemplate", "Chip", "align", "similarity_transform"]

_SHRINK_AREA = 0.5
"""Scale below which the picture is shrunk by area averaging first: bilinear sampling would skip pixels."""

_GRID = (np.stack(np.meshgrid(np.arange(16), np.arange(16)), axis=-1).reshape(-1, 2) + 0.5) / 16
"""(256, 2) points spread evenly over a chip, in shares of its side."""


@dataclass(frozen=True, slots=True, eq=False)
class AlignmentTemplate:
    """Where the five landmarks belong: `points` (5, 2) float32 px in a square chip of `side` px."""

    points: Landmarks
    side: int


DLIB_TEMPLATE = AlignmentTemplate(
    np.array(
        [[46.74, 46.53], [102.30, 45.52], [72.67, 78.51], [50.23, 104.95], [99.74, 103.58]],
        np.float32,
    ),
    150,
)
"""For dlib's network and a detector's five points (eyes, nose, corners of the mouth): the mean place of such
points in chips that dlib's own aligner cut."""

ARCFACE_TEMPLATE = AlignmentTemplate(
    np.array(
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
        np.float32,
    ),
    112,
)
"""For networks trained on chips as ArcFace (Deng et al., 2019) aligns them: that and OpenCV's SFace among them."""


def similarity_transform(source: Landmarks, target: Landmarks) -> NDArray[np.float64]:
    """(2, 3) matrix of the rotation, uniform scaling and shift that brings `source` closest to `target`.

    Both (N, 2); closest by least squares, never mirrored (Umeyama, 1991). Identity scaled to nothing when all
    points of `source` coincide.
    """
    source_mean, target_mean = source.mean(axis=0, dtype=np.float64), target.mean(axis=0, dtype=np.float64)
    # In the complex plane a rotation with scaling is one factor, and least squares gives it in closed form.
    a = (source - source_mean) @ np.array([1, 1j])
    b = (target - target_mean) @ np.array([1, 1j])
    spread = float(np.vdot(a, a).real)
    factor = complex(np.vdot(a, b)) / spread if spread > 0 else 0j
    rotation = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([rotation, target_mean - rotation @ source_mean])


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """An aligned face: `image`, side × side × 3 uint8 BGR, black beyond the picture's edges, and `matrix` (2,
    3), which brings points of the picture into it.
    """

    image: Image
    matrix: NDArray[np.float64]

    def visible_share(self, size: tuple[int, int]) -> float:
        """The share of the chip, 0 to 1, that lies inside the picture, whose (width, height) is `size`."""
        side = self.image.shape[0]
        if not np.linalg.det(self.matrix[:, :2]):
            return 0.0
        inverse = cv2.invertAffineTransform(self.matrix)
        points = _GRID * side @ inverse[:, :2].T + inverse[:, 2]
        return float(((points >= 0) & (points < size)).all(axis=1).mean())


def align(image: Image, landmarks: Landmarks, template: AlignmentTemplate) -> Chip:
    """The chip of the face with these landmarks, (5, 2) px of `image`."""
    whole = matrix = similarity_transform(landmarks, template.points)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if 0 < scale < _SHRINK_AREA:
        image, matrix = _shrink(image, matrix, scale, template.side)
    side = (template.side, template.side)
    return Chip(np.asarray(cv2.warpAffine(image, matrix, side, flags=cv2.INTER_LINEAR), np.uint8), whole)


def _shrink(image: Image, matrix: NDArray[np.float64], scale: float, side: int) -> tuple[Image, NDArray[np.float64]]:
    """The part of the picture around the chip, shrunk to the chip's scale, and the matrix from there to the
    chip.
    """
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]], np.float64) @ inverse[:, :2].T + inverse[:, 2]
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)) - 2, 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 2, (left + 1, top + 1), (width, height)).astype(int)
    part = image[top:bottom, left:right]
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    shrunk = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    # A pixel's centre, not its corner, keeps its place when a picture is resized.
    factors = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
    shift = factors / 2 - 0.5 + (left, top)
    linear = matrix[:, :2] * factors
    return shrunk, np.column_stack([linear, matrix[:, :2] @ shift + matrix[:, 2]])
