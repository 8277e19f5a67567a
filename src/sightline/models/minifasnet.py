"""MiniFASNet: two small networks that tell a face from a picture of one (github.com/minivision-ai/Silent-Face-Anti-
Spoofing).

Each looks at the face and at what is around it, one more closely than the other; the answer is their mean. They know
prints and screens. An injected picture, or a mask, is not what they were made for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.exceptions import ModelError
from sightline.frames import Image
from sightline.geometry import Boxes
from sightline.models.runtime import Session

__all__ = ["MiniFasNet", "live_square", "scale_in_name"]

_SIDE_PX = 80
_LIVE = 1
"""The class of a bona fide face among the three outputs."""

_LOWERED = 0.06
"""Boxes of the detector the networks were trained with are squares about a lower centre than ours."""


def scale_in_name(file_name: str) -> float:
    """How many times the face's side a network looks at, as its file's name says: `minifasnet_v2_2.7_80x80.onnx`.

    Raises `ModelError` when the name does not say.
    """
    found = re.search(r"(?<![\d.])(\d\.\d)_80x80", file_name) or re.match(r"(\d(?:_\d)+)_80x80", file_name)
    if found is None:
        raise ModelError(
            f"{file_name} must say in its name how much it looks at, as in 2.7_80x80_MiniFASNetV2.onnx", model=file_name
        )
    return float(found[1].replace("_", ".", 1).partition("_")[0])


class MiniFasNet:
    """Scores faces. Safe to call from several threads. `networks` are sessions with the scale that each looks at."""

    def __init__(self, networks: Sequence[tuple[Session, float]]) -> None:
        self._networks = tuple(networks)
        self.name = " + ".join(session.name for session, _ in networks)
        self.device = networks[0][0].device

    def score(self, image: Image, boxes: Boxes) -> NDArray[np.float32]:
        """(N,) how much each face at `boxes` (N, 4) px of the picture looks bona fide, 0 to 1. Raises `ModelError`."""
        if not len(boxes):
            return np.empty(0, np.float32)
        total = np.zeros(len(boxes), np.float32)
        for session, scale in self._networks:
            crops = np.stack([_crop(image, live_square(box), scale) for box in boxes])
            total += session.run(crops)[0][:, _LIVE]
        return np.asarray(np.clip(total / len(self._networks), 0, 1), np.float32)


def live_square(box: NDArray[np.float32]) -> NDArray[np.float64]:
    """The square (4,) px that stands for the face's box (4,): of equal area, its centre lowered."""
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    side = float(np.sqrt(max(width, 1.0) * max(height, 1.0)))
    middle = np.array([box[0] + box[2], box[1] + box[3]], np.float64) / 2 + (0, _LOWERED * side)
    return np.concatenate([middle - side / 2, middle + side / 2])


def _crop(image: Image, square: NDArray[np.float64], scale: float) -> Image:
    """What the network sees: the square enlarged, moved into the picture, made smaller where it does not fit."""
    height, width = image.shape[:2]
    side = square[2] - square[0]
    limits = np.array([width - 1, height - 1])
    seen = min(side * scale, float(limits.min()))
    near = np.clip((square[:2] + square[2:]) / 2 - seen / 2, 0, np.maximum(limits - seen, 0))
    left, top = near.astype(int)
    right, bottom = np.minimum((near + seen).astype(int), limits)
    part = image[top : bottom + 1, left : right + 1]
    return np.asarray(cv2.resize(part, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
