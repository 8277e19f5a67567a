"""Boxes drawn into pictures, for people to look at. No name is drawn: what is drawn cannot be erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import cv2
import numpy as np

from sightline.events.still import DrawnBox
from sightline.frames import Image

__all__ = ["annotated", "boxed"]

KNOWN_BGR = (60, 180, 75)
UNKNOWN_BGR = (48, 130, 245)
PENDING_BGR = (170, 170, 170)
OBJECT_BGR = (200, 130, 0)
_COLOURS = {"known": KNOWN_BGR, "unknown": UNKNOWN_BGR}
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TEXT_SCALE = 0.45
_LINE_PX = 2


def annotated(
    image: Image, faces: Iterable[Mapping[str, Any]], objects: Iterable[Mapping[str, Any]], scale: float
) -> Image:
    """A copy of the picture, H × W × 3 uint8 BGR, with the boxes that were found in it at `1 / scale` of its size."""
    drawn = np.ascontiguousarray(image).copy()
    for thing in objects:
        _box(drawn, thing["bbox"], scale, OBJECT_BGR, f"{thing['label']} {thing['confidence']:.2f}")
    for face in faces:
        identity = face.get("identity", "pending")
        similarity = face.get("similarity")
        words = f"{identity} {similarity:.2f}" if identity == "known" and similarity is not None else identity
        _box(drawn, face["bbox"], scale, _COLOURS.get(identity, PENDING_BGR), words)
    return drawn


def boxed(image: Image, boxes: Iterable[DrawnBox]) -> Image:
    """A copy of the picture, H × W × 3 uint8 BGR, with boxes in its own pixels drawn into it."""
    drawn = np.ascontiguousarray(image).copy()
    for box in boxes:
        _box(drawn, box.bbox, 1.0, UNKNOWN_BGR, box.words)
    return drawn


def _box(image: Image, bbox: Iterable[float], scale: float, colour: tuple[int, int, int], words: str) -> None:
    left, top, right, bottom = (round(value * scale) for value in bbox)
    cv2.rectangle(image, (left, top), (right, bottom), colour, _LINE_PX)
    cv2.putText(image, words, (left, max(12, top - 5)), _FONT, _TEXT_SCALE, colour, 1, cv2.LINE_AA)
