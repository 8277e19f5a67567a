"""The models of one process: loaded from the home folder, or a clear word about what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sightline.detections.classes import parse_classes
from sightline.engine.link.requests import StillAnalyser
from sightline.engine.vision.analysis import Analyser, FaceDetector, FaceEmbedder, LivenessScorer, ObjectDetector
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.engine.vision.camera_analysis import CameraAnalysis, CameraAnalysisSettings
from sightline.engine.vision.object_analysis import ObjectRules
from sightline.engine.vision.sights import Sight
from sightline.engine.vision.stills import Stills
from sightline.engine.vision.unanalysed import NoAnalyser, NoAnalysis
from sightline.events.engine_link import ModelReport, Prepared, UseModels
from sightline.identities.consensus import ConsensusRules
from sightline.identities.similarity import Similarity
from sightline.identities.strangers import Strangers
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.files import Runtime
from sightline.models.loading import load_embedder, load_face_detector, load_liveness, load_object_detector
from sightline.models.manifest import DLIB_FACE_RESNET29, ModelTask
from sightline.models.runtime import Device
from sightline.models.store import ModelStore
from sightline.service.model_shelf import Kept, ModelShelf
from sightline.settings import Settings

__all__ = ["Vision", "VisionLoader", "consensus_rules", "load_vision", "model_store", "wished", "workers_of"]


@dataclass(frozen=True, slots=True)
class Vision:
    """What looks at pictures. `template_size` is the length of a template; the system page shows `reports`.

    `faces` is the face recognition alone, `None` while a model of it is missing; `objects` and `liveness` are `None`
    where there is no such model. `embedding_model` is the name of the embedder that was chosen, `key` is equal for the
    same models.
    """

    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    template_size: int
    workers: int
    reports: tuple[ModelReport, ...]
    faces: Analyser | None = None
    objects: ObjectDetector | None = None
    liveness: LivenessScorer | None = None
    detector: FaceDetector | None = None
    embedding_model: str = ""
    key: Hashable = None


def model_store(settings: Settings) -> ModelStore:
    """The model files of this installation."""
    return ModelStore(settings.models_folder, mirror=settings.model_mirror)


def workers_of(settings: Settings) -> int:
    """Frames that are analysed at a time."""
    return settings.engine_workers or os.cpu_count() or 1


def load_vision(settings: Settings) -> Vision:
    """Loads the models that the settings name. What is missing or damaged is left out, and the reports say why; without
    both models of faces nothing is analysed.
    """
    return VisionLoader(settings).vision(settings)


class VisionLoader:
    """Loads models anew as they are wished for; those that a wish leaves as they are stay loaded. Not thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = model_store(settings)
        self._runtime = Runtime(Device(settings.device), settings.engine_threads)
        self._shelf = ModelShelf(self._store, self._runtime.device)

    def load(self, wish: UseModels) -> Sight:
        """See `SightLoader`."""
        settings = wished(self._settings, msgspec.structs.asdict(wish))
        vision = self.vision(settings)
        prepared, analyser = self._prepare(wish.prepare, vision, settings)
        return Sight(
            vision.analyser,
            vision.new_analysis,
            vision.template_size,
            vision.reports,
            embedding_model=vision.embedding_model,
            key=vision.key,
            prepared=prepared,
            prepared_analyser=analyser,
        )

    def changed(self) -> bool:
        """See `SightLoader`."""
        return self._shelf.changed()

    def vision(self, settings: Settings) -> Vision:
        """The models that these settings name."""
        store, runtime, shelf = self._store, self._runtime, self._shelf
        choices = tuple(settings.liveness_model)
        detector, detecting = shelf.get(
            "face-detector",
            ModelTask.FACE_DETECTOR,
            (settings.face_model,),
            lambda: load_face_detector(store, settings.face_model, runtime, min_score=settings.detector_threshold),
        )
        embedder, embedding = self._embedder("face-embedder", settings.embedding_model)
        objects, finding = shelf.get(
            "object-detector",
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
        liveness, judging = shelf.get(
            "liveness", ModelTask.LIVENESS, choices, lambda: load_liveness(store, choices, runtime)
        )
        kept = (detecting, embedding, finding, judging)
        vision = _assemble(settings, [one.report for one in kept], detector, embedder, objects, liveness)
        return replace(
            vision,
            embedding_model=embedding.choices[0] if embedding.choices else "",
            key=tuple((one.key, one.model is None) for one in kept),
        )

    def _embedder(self, slot: str, choice: str) -> tuple[FaceEmbedder | None, Kept]:
        return self._shelf.get(
            slot, ModelTask.FACE_EMBEDDER, (choice,), lambda: load_embedder(self._store, choice, self._runtime)
        )

    def _prepare(self, choice: str, vision: Vision, settings: Settings) -> tuple[Prepared | None, StillAnalyser | None]:
        """The embedder beside, with the detector that serves."""
        self._shelf.clear("prepared")
        if not choice:
            return None, None
        embedder, kept = self._embedder("prepared", choice)
        if embedder is None:
            return Prepared(embedding_model=choice, problem=kept.report.reason), None
        if vision.detector is None:
            return Prepared(embedding_model=choice, problem="there is no face detector"), None
        analyser = Analyser(vision.detector, embedder, min_face_px=settings.min_face_px)
        return Prepared(embedding_model=choice, model_id=embedder.model_id), Stills(analyser)


def wished(settings: Settings, choices: Mapping[str, str]) -> Settings:
    """The settings with the models that were chosen in their place; an empty choice is none."""
    names = ("face_model", "embedding_model", "object_model")
    changed: dict[str, Any] = {name: choices[name] for name in names if choices.get(name)}
    if choices.get("liveness_model"):
        changed["liveness_model"] = tuple(part.strip() for part in choices["liveness_model"].split(",") if part.strip())
    return settings.model_copy(update=changed)


def _assemble(
    settings: Settings,
    reports: list[ModelReport],
    detector: FaceDetector | None,
    embedder: FaceEmbedder | None,
    objects: ObjectDetector | None,
    liveness: LivenessScorer | None,
) -> Vision:
    workers = workers_of(settings)
    if detector is None or embedder is None:
        why = "; ".join(report.reason for report in reports[:2] if not report.loaded)
        return Vision(
            NoAnalyser(embedder.model_id if embedder else DlibResnet.model_id, why),
            lambda camera_id: _without_faces(camera_id, settings, objects),
            embedder.dimensions if embedder else DlibResnet.dimensions,
            workers,
            tuple(reports),
            objects=objects,
            liveness=liveness,
            detector=detector,
        )
    analyser = Analyser(detector, embedder, min_face_px=settings.min_face_px)
    rules = CameraAnalysisSettings(
        smallest_face_px=settings.min_face_px,
        consensus=consensus_rules(settings, embedder.similarity),
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
        detector=detector,
    )


def _without_faces(camera_id: str, settings: Settings, objects: ObjectDetector | None) -> FrameAnalysis:
    """Persons and things are looked for all the same, where there is a model of them."""
    if objects is None:
        return NoAnalysis()
    rules = CameraAnalysisSettings(objects=ObjectRules(fps=settings.object_fps))
    return CameraAnalysis(camera_id, None, rules, objects=objects)


def consensus_rules(settings: Settings, similarity: Similarity) -> ConsensusRules:
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
