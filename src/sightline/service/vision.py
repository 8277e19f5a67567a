"""The models of one process: loaded from the home folder, or a clear word about what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog

from sightline.detections.classes import parse_classes
from sightline.engine.analysis import Analyser, FaceDetector, FaceEmbedder, LivenessScorer, ObjectDetector
from sightline.engine.analysis_pool import FrameAnalysis
from sightline.engine.camera_analysis import CameraAnalysis, CameraAnalysisSettings
from sightline.engine.object_analysis import ObjectRules
from sightline.engine.requests import StillAnalyser
from sightline.engine.stills import Stills
from sightline.engine.unanalysed import NoAnalyser, NoAnalysis
from sightline.events.engine_link import ModelReport
from sightline.exceptions import ModelError
from sightline.identities.consensus import ConsensusRules
from sightline.identities.similarity import Similarity
from sightline.identities.strangers import Strangers
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.files import Runtime, path_of
from sightline.models.loading import load_embedder, load_face_detector, load_liveness, load_object_detector
from sightline.models.manifest import DLIB_FACE_RESNET29, ModelTask
from sightline.models.runtime import Device, fallback_note
from sightline.models.store import ModelStore
from sightline.settings import Settings

__all__ = ["Vision", "load_vision", "model_store"]

log = structlog.get_logger(__name__)

_NONE = "none"


class _Loaded(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...


Model = TypeVar("Model", bound=_Loaded)


@dataclass(frozen=True, slots=True)
class Vision:
    """What looks at pictures. `template_size` is the length of a template; the system page shows `reports`.

    `faces` is the face recognition alone, `None` while a model of it is missing; `objects` and `liveness` are `None`
    where there is no such model.
    """

    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    template_size: int
    workers: int
    reports: tuple[ModelReport, ...]
    faces: Analyser | None = None
    objects: ObjectDetector | None = None
    liveness: LivenessScorer | None = None


def model_store(settings: Settings) -> ModelStore:
    """The model files of this installation."""
    return ModelStore(settings.models_folder, mirror=settings.model_mirror)


def load_vision(settings: Settings) -> Vision:
    """Loads the models that the settings name. What is missing or damaged is left out, and the reports say why; without
    both models of faces nothing is analysed.
    """
    store, loader = model_store(settings), _Loader(settings)
    runtime, choices = Runtime(Device(settings.device), settings.engine_threads), tuple(settings.liveness_model)
    detector: FaceDetector | None = loader.load(
        ModelTask.FACE_DETECTOR,
        (settings.face_model,),
        lambda: load_face_detector(store, settings.face_model, runtime, min_score=settings.detector_threshold),
    )
    embedder: FaceEmbedder | None = loader.load(
        ModelTask.FACE_EMBEDDER,
        (settings.embedding_model,),
        lambda: load_embedder(store, settings.embedding_model, runtime),
    )
    objects: ObjectDetector | None = loader.load(
        ModelTask.OBJECT_DETECTOR,
        (settings.object_model,),
        lambda: load_object_detector(
            store,
            settings.object_model,
            runtime,
            parse_classes(settings.object_classes),
            min_score=settings.object_threshold,
        ),
    )
    liveness: LivenessScorer | None = loader.load(
        ModelTask.LIVENESS, choices, lambda: load_liveness(store, choices, runtime)
    )
    return _assemble(settings, loader.reports, detector, embedder, objects, liveness)


class _Loader:
    """Loads one model after the other, and notes of each what became of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = model_store(settings)
        self.reports: list[ModelReport] = []

    def load(self, task: ModelTask, choices: tuple[str, ...], load: Callable[[], Model]) -> Model | None:
        """The model, or `None` where none is wanted or it cannot be had."""
        wanted = tuple(choice for choice in choices if choice and choice != _NONE)
        if not wanted:
            self.reports.append(ModelReport(task=task.value, reason="switched off in the settings"))
            return None
        path = ", ".join(str(path_of(self._store, choice)) for choice in wanted)
        try:
            model = load()
        except ModelError as problem:
            log.error("model_missing", task=task.value, model=problem.model, problem=str(problem))
            name = " + ".join(wanted)
            self.reports.append(ModelReport(task=task.value, name=name, path=path, reason=str(problem)))
            return None
        asked = Device(self._settings.device)
        reason = "" if model.device == asked else fallback_note(asked)
        report = ModelReport(
            task=task.value, name=model.name, loaded=True, path=path, device=model.device, reason=reason
        )
        self.reports.append(report)
        return model


def _assemble(
    settings: Settings,
    reports: list[ModelReport],
    detector: FaceDetector | None,
    embedder: FaceEmbedder | None,
    objects: ObjectDetector | None,
    liveness: LivenessScorer | None,
) -> Vision:
    workers = settings.engine_workers or os.cpu_count() or 1
    if detector is None or embedder is None:
        why = "; ".join(report.reason for report in reports[:2] if not report.loaded)
        return Vision(
            NoAnalyser(embedder.model_id if embedder else DlibResnet.model_id, why),
            lambda camera_id: NoAnalysis(),
            embedder.dimensions if embedder else DlibResnet.dimensions,
            workers,
            tuple(reports),
            objects=objects,
            liveness=liveness,
        )
    analyser = Analyser(detector, embedder, min_face_px=settings.min_face_px)
    rules = CameraAnalysisSettings(
        smallest_face_px=settings.min_face_px,
        consensus=_consensus(settings, embedder.similarity),
        objects=ObjectRules(fps=settings.object_fps),
    )
    strangers = Strangers(max_distance=rules.consensus.vote_distance)
    return Vision(
        Stills(analyser, objects=objects, liveness=liveness),
        lambda camera_id: CameraAnalysis(
            camera_id, analyser, rules, strangers=strangers, objects=objects, liveness=liveness
        ),
        embedder.dimensions,
        workers,
        tuple(reports),
        faces=analyser,
        objects=objects,
        liveness=liveness,
    )


def _consensus(settings: Settings, similarity: Similarity) -> ConsensusRules:
    """The rules with the settings' numbers, which are similarities where the rules have distances."""
    rules = ConsensusRules(votes=settings.consensus_samples, unknown_samples=settings.unknown_samples)
    rules = _scaled(rules, similarity)
    if settings.similarity_threshold is not None:
        known = similarity.distance(settings.similarity_threshold)
        rules = replace(
            rules,
            known_distance=known,
            vote_distance=max(known, rules.vote_distance),
            quick_distance=min(known, rules.quick_distance),
            unknown_distance=max(known, rules.unknown_distance),
        )
    if settings.identity_margin is not None:
        threshold = similarity(rules.known_distance)
        nearer = min(threshold + settings.identity_margin, 0.999)
        rules = replace(rules, margin=rules.known_distance - similarity.distance(nearer))
    return rules


def _scaled(rules: ConsensusRules, similarity: Similarity) -> ConsensusRules:
    """The rules for another embedder: they were measured with dlib's, whose distances are shorter than most."""
    measured = DLIB_FACE_RESNET29.embedding
    assert measured is not None
    factor = similarity.threshold / measured.max_distance
    return replace(
        rules,
        vote_distance=rules.vote_distance * factor,
        known_distance=rules.known_distance * factor,
        margin=rules.margin * factor,
        quick_distance=rules.quick_distance * factor,
        unknown_distance=rules.unknown_distance * factor,
        other_face_distance=rules.other_face_distance * factor,
    )
