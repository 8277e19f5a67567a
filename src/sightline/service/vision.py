"""The models of one process: loaded from the home folder, or a clear word about what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from sightline.engine.analysis import Analyser
from sightline.engine.analysis_pool import FrameAnalysis
from sightline.engine.camera_analysis import CameraAnalysis, CameraAnalysisSettings
from sightline.engine.requests import StillAnalyser
from sightline.engine.stills import Stills
from sightline.engine.unanalysed import NoAnalyser, NoAnalysis
from sightline.events.engine_link import ModelReport
from sightline.exceptions import ModelError
from sightline.identities.consensus import ConsensusRules
from sightline.identities.similarity import Similarity
from sightline.identities.strangers import Strangers
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.manifest import CENTERFACE, DLIB_FACE_RESNET29, ModelEntry
from sightline.models.store import ModelStore
from sightline.settings import Settings

__all__ = ["Vision", "load_vision"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Vision:
    """What looks at pictures. `template_size` is the length of a template; the system page shows `reports`."""

    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    template_size: int
    workers: int
    reports: tuple[ModelReport, ...]


def load_vision(settings: Settings) -> Vision:
    """Loads the embedded models. While one is missing or damaged nothing is analysed, and the reports say why."""
    store = ModelStore(settings.models_folder)
    workers = settings.engine_workers or os.cpu_count() or 1
    try:
        detector = CenterFace.load(store, threads=settings.engine_threads, min_score=settings.detector_threshold)
        embedder = DlibResnet.load(store, threads=settings.engine_threads)
    except ModelError as problem:
        log.error("model_missing", model=problem.model, problem=str(problem))
        return Vision(
            NoAnalyser(DlibResnet.model_id, str(problem)),
            lambda camera_id: NoAnalysis(),
            DlibResnet.dimensions,
            workers,
            tuple(_missing(store, entry) for entry in (CENTERFACE, DLIB_FACE_RESNET29)),
        )
    analyser = Analyser(detector, embedder, min_face_px=settings.min_face_px)
    rules = CameraAnalysisSettings(
        smallest_face_px=settings.min_face_px, consensus=_consensus(settings, embedder.similarity)
    )
    strangers = Strangers(max_distance=rules.consensus.vote_distance)
    return Vision(
        Stills(analyser, objects=objects, liveness=liveness),
        lambda camera_id: CameraAnalysis(camera_id, analyser, rules, strangers=strangers),
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


def _missing(store: ModelStore, entry: ModelEntry) -> ModelReport:
    try:
        store.read(entry)
    except ModelError as problem:
        return ModelReport(task=entry.task.value, name=entry.name, path=str(store.path(entry)), reason=str(problem))
    return ModelReport(
        task=entry.task.value, name=entry.name, path=str(store.path(entry)), reason="another model is missing"
    )
