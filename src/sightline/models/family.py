"""The families of models that are understood here."""

from __future__ import annotations

import enum

__all__ = ["Family"]


class Family(enum.StrEnum):
    """How a file's outputs are read; the values are what a user may write before a file's name."""

    CENTERFACE = "centerface"
    YUNET = "yunet"
    YOLO_FACE_V8 = "yolo-face-v8"
    YOLO_FACE_V5 = "yolo-face-v5"
    YOLO_FACE_BOXES = "yolo-face-boxes"
    DLIB = "dlib"
    SFACE = "sface"
    ARCFACE = "arcface"
    FASTESTDET = "fastestdet"
    YOLOX = "yolox"
    YOLO_V5 = "yolo-v5"
    YOLO_V8 = "yolo-v8"
    YOLO_END_TO_END = "yolo-end-to-end"
    MINIFASNET = "minifasnet"
