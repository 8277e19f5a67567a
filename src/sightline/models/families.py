"""Which family a file belongs to, told by the shapes of what goes in and comes out of its graph."""

from __future__ import annotations

from sightline.detections import yolox, yunet
from sightline.exceptions import ModelError
from sightline.models.family import Family
from sightline.models.manifest import ModelTask
from sightline.models.picture_graph import Pixels, Signature

__all__ = ["FAMILIES", "pixels_of", "recognise"]

_EMBEDDING_SIZES = (64, 1024)
_FACE_COLUMNS_V8, _FACE_COLUMNS_V5, _BOX_COLUMNS = 20, 16, 5


FAMILIES: dict[ModelTask, tuple[Family, ...]] = {
    ModelTask.FACE_DETECTOR: (
        Family.CENTERFACE, Family.YUNET, Family.YOLO_FACE_V8, Family.YOLO_FACE_V5, Family.YOLO_FACE_BOXES,
    ),
    ModelTask.FACE_EMBEDDER: (Family.DLIB, Family.SFACE, Family.ARCFACE),
    ModelTask.OBJECT_DETECTOR: (
        Family.FASTESTDET, Family.YOLOX, Family.YOLO_V5, Family.YOLO_V8, Family.YOLO_END_TO_END,
    ),
    ModelTask.LIVENESS: (Family.MINIFASNET,),
}  # fmt: skip

_YOLO = Pixels(rgb=True, factor=1 / 255)
_PIXELS: dict[Family, Pixels] = {
    Family.YOLO_FACE_V8: _YOLO,
    Family.YOLO_FACE_V5: _YOLO,
    Family.YOLO_FACE_BOXES: _YOLO,
    Family.SFACE: Pixels(rgb=True),
    Family.ARCFACE: Pixels(rgb=True, mean=127.5, factor=1 / 127.5),
    Family.FASTESTDET: Pixels(factor=1 / 255),
    Family.YOLO_V5: _YOLO,
    Family.YOLO_V8: _YOLO,
    Family.YOLO_END_TO_END: _YOLO,
}


def pixels_of(family: Family) -> Pixels:
    """What the family wants of a picture; levels 0 to 255, blue first, unless said otherwise here."""
    return _PIXELS.get(family, Pixels())


def recognise(name: str, task: ModelTask, graph: Signature) -> Family:
    """The family of a file for `task`. Raises `ModelError` that says what was seen when none or several fit."""
    found = _TELL[task](graph)
    if found is None:
        known = ", ".join(family.value for family in FAMILIES[task])
        raise ModelError(
            f"{name} is of no {task.value} family that is known here ({graph}); where it is one of {known} after all, "
            f"write the family before the file: {FAMILIES[task][-1].value}:{name}",
            model=name,
        )
    return found


def _face_detector(graph: Signature) -> Family | None:
    outputs = graph.outputs
    if set(yunet.OUTPUTS) <= outputs.keys():
        return Family.YUNET
    channels = tuple(shape[1] if len(shape) == 4 else None for shape in outputs.values())
    if channels == (1, 2, 2, 10):
        return Family.CENTERFACE
    shape = _only(outputs)
    if len(shape) != 3:
        return None
    by_columns = {_FACE_COLUMNS_V8: Family.YOLO_FACE_V8, _BOX_COLUMNS: Family.YOLO_FACE_BOXES}
    return by_columns.get(shape[1] or 0) or (Family.YOLO_FACE_V5 if shape[2] == _FACE_COLUMNS_V5 else None)


def _face_embedder(graph: Signature) -> Family | None:
    shape = _only(graph.outputs)
    smallest, largest = _EMBEDDING_SIZES
    if len(shape) != 2 or shape[1] is None or not smallest <= shape[1] <= largest:
        return None
    sides = set(graph.input[1:3] if graph.input[3] == 3 else graph.input[2:])
    if sides == {150}:
        return Family.DLIB
    if sides != {112}:
        return None
    # The same test as the authors of ArcFace make: a graph that begins by normalising wants plain levels.
    normalises_itself = "Sub" in graph.operators and "Mul" in graph.operators
    return Family.SFACE if normalises_itself else Family.ARCFACE


def _object_detector(graph: Signature) -> Family | None:
    shape = _only(graph.outputs)
    if len(shape) == 4 and (shape[1] or 0) > _BOX_COLUMNS:
        return Family.FASTESTDET
    if len(shape) != 3:
        return None
    _, rows, columns = shape
    _, _, height, width = graph.input
    cells = yolox.cells_of(width, height) if width and height else None
    if cells is not None and (columns or 0) > _BOX_COLUMNS and rows in (cells, 3 * cells):
        return Family.YOLOX if rows == cells else Family.YOLO_V5
    if cells is not None and columns == cells and (rows or 0) >= _BOX_COLUMNS:
        return Family.YOLO_V8
    if columns == 6 and rows != cells:
        return Family.YOLO_END_TO_END
    # Of free sizes: rows are fewer than candidates in the one family, and columns in the other, which has two members.
    return Family.YOLO_V8 if rows is not None and columns is None and rows >= _BOX_COLUMNS else None


def _liveness(graph: Signature) -> Family | None:
    return Family.MINIFASNET if graph.input[2:] == (80, 80) and _only(graph.outputs)[1:] == (3,) else None


_TELL = {
    ModelTask.FACE_DETECTOR: _face_detector,
    ModelTask.FACE_EMBEDDER: _face_embedder,
    ModelTask.OBJECT_DETECTOR: _object_detector,
    ModelTask.LIVENESS: _liveness,
}


def _only(outputs: dict[str, tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """The shape of the one output; () where there are several."""
    return next(iter(outputs.values())) if len(outputs) == 1 else ()
