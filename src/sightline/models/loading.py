"""Models ready to work, from what the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.exceptions import ModelError
from sightline.identities.similarity import Similarity
from sightline.models.arcface import ArcFace
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.family import Family
from sightline.models.files import Runtime, open_model
from sightline.models.manifest import CENTERFACE, SFACE, ModelTask
from sightline.models.minifasnet import MiniFasNet, scale_in_name
from sightline.models.objects import FastestDet, YoloObjects
from sightline.models.store import ModelStore
from sightline.models.yolo_face import YoloBoxes, YoloFace
from sightline.models.yunet import YuNet

__all__ = ["load_embedder", "load_face_detector", "load_liveness", "load_object_detector"]

_FACE_SCORES = {Family.CENTERFACE: 0.6, Family.YUNET: 0.7}
_DEFAULT_FACE_SCORE = 0.5
_OBJECT_SCORES = {Family.FASTESTDET: 0.45}
_DEFAULT_OBJECT_SCORE = 0.35


def load_face_detector(
    store: ModelStore, choice: str, runtime: Runtime, *, min_score: float | None = None
) -> CenterFace | YuNet | YoloFace | YoloBoxes:
    """The face detector that `choice` names. Raises `ModelError`."""
    file = open_model(store, ModelTask.FACE_DETECTOR, choice)
    least = _first(min_score, file.min_score, _FACE_SCORES.get(file.family, _DEFAULT_FACE_SCORE))
    session = file.session(runtime)
    match file.family:
        case Family.CENTERFACE:
            return CenterFace(session, min_score=least)
        case Family.YUNET:
            return YuNet(session, min_score=least)
        case Family.YOLO_FACE_BOXES:
            try:
                landmarks = load_face_detector(store, CENTERFACE.name, runtime)
            except ModelError as problem:
                raise ModelError(
                    f"{file.name} finds boxes without landmarks and needs {CENTERFACE.name} beside it: {problem}",
                    model=file.name,
                ) from problem
            return YoloBoxes(session, landmarks, min_score=least)
        case _:
            return YoloFace(session, file.family, min_score=least)


def load_embedder(store: ModelStore, choice: str, runtime: Runtime) -> DlibResnet | ArcFace:
    """The face embedder that `choice` names. Raises `ModelError`.

    A file that the manifest does not know is given the thresholds of SFace: a place to begin to calibrate from.
    """
    file = open_model(store, ModelTask.FACE_EMBEDDER, choice)
    if file.family is Family.DLIB and file.embedding is None:
        raise ModelError("of dlib's network only the manifest's file is used", model=file.name)
    thresholds = file.embedding or SFACE.embedding
    assert thresholds is not None  # the manifest's test holds it
    similarity = Similarity(thresholds.max_distance, thresholds.steepness)
    if file.family is Family.DLIB:
        return DlibResnet(file.session(runtime), similarity)
    return ArcFace(file.session(runtime), file.model_id, similarity)


def load_object_detector(
    store: ModelStore, choice: str, runtime: Runtime, classes: Mapping[str, str], *, min_score: float | None = None
) -> FastestDet | YoloObjects:
    """The object detector that `choice` names; `classes` renames what it finds. Raises `ModelError`."""
    file = open_model(store, ModelTask.OBJECT_DETECTOR, choice)
    least = _first(min_score, file.min_score, _OBJECT_SCORES.get(file.family, _DEFAULT_OBJECT_SCORE))
    session = file.session(runtime)
    if file.family is Family.FASTESTDET:
        return FastestDet(session, classes, min_score=least)
    return YoloObjects(session, file.family, classes, min_score=least)


def load_liveness(store: ModelStore, choices: Sequence[str], runtime: Runtime) -> MiniFasNet:
    """The networks that `choices` name, together. Raises `ModelError`."""
    files = [open_model(store, ModelTask.LIVENESS, choice) for choice in choices]
    return MiniFasNet([(file.session(runtime), scale_in_name(file.path.name)) for file in files])


def _first(*values: float | None) -> float:
    """The first number that is given."""
    return next(value for value in values if value is not None)
