"""Detectors of persons and things: FastestDet, YOLOX, and exports of YOLOv5 and newer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.detections import fastestdet, yolo, yolox
from sightline.detections.classes import names_of_metadata, renamed
from sightline.detections.letterbox import Letterbox
from sightline.detections.objects import Objects
from sightline.exceptions import ModelError
from sightline.frames import Image
from sightline.models.family import Family
from sightline.models.network_input import letterbox_for
from sightline.models.runtime import Session

__all__ = ["FastestDet", "YoloObjects"]


class FastestDet:
    """Finds the 80 classes of COCO in pictures of any size, which it stretches to its own. Safe to call from several
    threads. `classes` renames what the model finds.
    """

    def __init__(self, session: Session, classes: Mapping[str, str], *, min_score: float) -> None:
        _, rows, columns, _ = session.input_shape
        channels = session.output_shapes[0][1]
        if rows is None or columns is None or channels is None:
            raise ModelError(f"the model {session.name} declares no sizes", model=session.name)
        self._session = session
        self._side = (columns, rows)
        self._min_score = min_score
        self._names = renamed(names_of_metadata(session.metadata.get("names"), channels - 5), classes)
        self.name = session.name
        self.device = session.device

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        return tuple(dict.fromkeys(self._names))

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        """The objects of a picture, best first, in its pixels. Raises `ModelError`."""
        stretched = np.asarray(cv2.resize(image, self._side, interpolation=cv2.INTER_AREA), np.uint8)
        output = self._session.run(stretched[None])[0][0]
        height, width = image.shape[:2]
        least = self._min_score if min_score is None else min_score
        return fastestdet.decode(output, width, height, self._names, min_score=least)


class YoloObjects:
    """YOLOX and exports of YOLOv5, 7, 8, 11, 12 and end-to-end ones. Safe to call from several threads."""

    def __init__(self, session: Session, family: Family, classes: Mapping[str, str], *, min_score: float) -> None:
        self._session = session
        self._decode = _DECODE[family]
        self._min_score = min_score
        self._names = renamed(names_of_metadata(session.metadata.get("names"), _count(session, family)), classes)
        self.name = session.name
        self.device = session.device

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        return tuple(dict.fromkeys(self._names))

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        """The objects of a picture, best first, in its pixels. Raises `ModelError`."""
        box = letterbox_for(self._session, image.shape[1], image.shape[0])
        output = self._session.run(box.apply(image)[None])[0][0]
        least = self._min_score if min_score is None else min_score
        found = self._decode(output, box, self._names, least)
        return Objects((found.boxes / np.float32(box.scale)).astype(np.float32), found.scores.copy(), found.labels)


_Decode = Callable[[NDArray[np.float32], Letterbox, tuple[str, ...], float], Objects]

_DECODE: dict[Family, _Decode] = {
    Family.YOLOX: lambda rows, box, names, least: yolox.decode(rows, *box.outer, names, min_score=least),
    Family.YOLO_V5: lambda rows, box, names, least: yolo.decode_v5(rows, names, min_score=least),
    Family.YOLO_V8: lambda rows, box, names, least: yolo.decode_v8(rows, names, min_score=least),
    Family.YOLO_END_TO_END: lambda rows, box, names, least: yolo.decode_end_to_end(rows, names, min_score=least),
}


def _count(session: Session, family: Family) -> int:
    """How many classes there are. An end-to-end export tells only by the names in it; COCO's are taken otherwise."""
    _, rows, columns = session.output_shapes[0]
    match family:
        case Family.YOLO_V8 if rows is not None:
            return rows - 4
        case Family.YOLOX | Family.YOLO_V5 if columns is not None:
            return columns - 5
        case Family.YOLO_END_TO_END:
            return max(1, session.metadata.get("names", "").count(":")) if "names" in session.metadata else 80
    raise ModelError(f"the model {session.name} does not declare how many classes it knows", model=session.name)
