"""Names of what object detectors find: the models' own, and ours."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

__all__ = ["COCO", "OUR_NAMES", "names_of_metadata", "parse_classes", "renamed"]

COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
"""The 80 classes of the COCO data set (Lin et al., 2014), in the order of every model that was trained on it."""

OUR_NAMES = (
    "person=person", "car=vehicle", "truck=vehicle", "bus=vehicle", "motorcycle=vehicle", "backpack=package",
    "handbag=package", "suitcase=package", "cell phone=phone",
)  # fmt: skip
"""Which classes of a model are what we call `person`, `vehicle`, `package` and `phone`: the nearest that COCO has."""


def parse_classes(lines: Iterable[str]) -> dict[str, str]:
    """`car=vehicle` and the like as a mapping. Raises `ValueError` that names the line."""
    classes = {}
    for line in lines:
        theirs, equals, ours = (part.strip() for part in line.partition("="))
        if not theirs or not equals or not ours:
            raise ValueError(f"{line!r} names no class; write it like car=vehicle")
        classes[theirs] = ours
    return classes


def renamed(names: Iterable[str], classes: Mapping[str, str]) -> tuple[str, ...]:
    """A model's class names in their order, under ours where there is one."""
    return tuple(classes.get(name, name) for name in names)


def names_of_metadata(written: str | None, count: int) -> tuple[str, ...]:
    """The names of a model's `count` classes: those that its export `written` down, COCO's where there are 80, numbers.

    YOLO exports write `{0: 'person', 1: 'bicycle'}` into the file's metadata under `names`.
    """
    try:
        found = ast.literal_eval(written) if written else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    if isinstance(found, dict) and all(index in found for index in range(count)):
        return tuple(str(found[index]) for index in range(count))
    return COCO if count == len(COCO) else tuple(f"class {index}" for index in range(count))
