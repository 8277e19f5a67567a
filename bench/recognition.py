"""How well recognition works on pictures and clips with a known ground truth, for each tier of models.

    make bench-recognition

Needs the folder of assets (`SIGHTLINE_TEST_ASSETS`). Everything runs through the product's own code: `pairs` (1:1, of
photographs and of webcam frames), `tracks` (clips through a camera's analysis), `persons` (recall and count error of
the object detector), `pad` (presentation attacks). Ends with one JSON line.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sightline.engine.vision.analysis import Analyser, LivenessScorer, ObjectDetector
from sightline.evaluation.pairs import Template, describe_picture
from sightline.evaluation.tracks import JudgedTrack, judge_tracks, shares
from sightline.evaluation.truth_file import Appearance, Truth
from sightline.evaluation.video import Recorded, follow, thinned
from sightline.frames import Image
from sightline.geometry import areas
from sightline.identities.error_rates import Comparisons, curve_of
from sightline.identities.gallery import Gallery, Reference
from sightline.ingest.recorded import recorded_frames
from sightline.models.manifest import CENTERFACE, DLIB_FACE_RESNET29
from sightline.models.store import ModelStore
from sightline.service.evaluation import people_of_folder, read_picture
from sightline.service.vision import Vision, load_vision
from sightline.settings_sources import load
from tests.assets import assets_folder

__all__ = ["main"]

EMBEDDED = (CENTERFACE, DLIB_FACE_RESNET29)

out = Console(highlight=False)

SAME_PHOTOGRAPH = "obama-240p.jpg"
"""A smaller copy of another one: no second photograph."""
PERSONS = {
    "images/groups/two_people.jpg": 2,
    "images/groups/frisbee_four.jpg": 4,
    "images/groups/living_room.jpg": 4,
    "images/none/empty_room.jpg": 0,
    "images/none/bottle.jpg": 0,
    "images/none/person_from_behind.jpg": 1,
}
WALK = "videos/one-by-one-person-detection.mp4"
WALKER_AT = ((60, 180), (240, 420), (510, 690), (750, 840), (930, 1170), (1260, 1350))
WALK_STEP = 30
WEBCAM_STEP = 5
ENROLLED_FRAMES = 3
HAMILTON = (
    (0, 19, "lin-manuel-miranda"),
    (0, 19, "alex-lacamoire"),
    (20, 81, "alex-lacamoire"),
    (20, 81, ""),
    (82, 210, "lin-manuel-miranda"),
    (211, 274, ""),
)
SPOOF = {"live_T1.jpg": True, "attack_F1.jpg": False, "attack_F2.jpg": False}


@dataclass(frozen=True, slots=True)
class Tier:
    """A set of models, as settings."""

    name: str
    settings: Mapping[str, object]


def tiers(assets: Path) -> list[Tier]:
    """Those that can be run here: the embedded one, and the extras of the assets folder."""
    models = assets / "models"
    return [
        Tier("embedded", {"object_model": "none", "liveness_model": "none"}),
        Tier(
            "small extras",
            {
                "face_model": str(models / "yunet_s_dynamic.onnx"),
                "object_model": str(models / "FastestDet.onnx"),
                "liveness_model": ",".join(
                    str(models / name) for name in ("minifasnet_v2_2.7_80x80.onnx", "minifasnet_v1se_4.0_80x80.onnx")
                ),
            },
        ),
    ]


def main() -> int:
    """Runs everything that the machine has files for."""
    assets = assets_folder()
    if assets is None:
        out.print("bench-recognition needs the folder of assets with a known ground truth: SIGHTLINE_TEST_ASSETS")
        return 2
    found: dict[str, dict[str, Any]] = {"pairs": {}, "tracks": {}, "persons": {}, "pad": {}}
    with TemporaryDirectory() as home:
        models = load({}).settings.models_folder
        ModelStore(models).pull(EMBEDDED)
        (Path(home) / "models").symlink_to(models, target_is_directory=True)
        for tier in tiers(assets):
            vision = load_vision(load({"home": home, **tier.settings}).settings)
            _measure(tier, vision, assets, found)
    _show(found)
    print(json.dumps({"bench": "recognition", **found}))
    return 0


def _measure(tier: Tier, vision: Vision, assets: Path, found: dict[str, dict[str, Any]]) -> None:
    if vision.faces is None:
        raise SystemExit("; ".join(report.reason for report in vision.reports if not report.loaded))
    webcam = list(_webcam(assets))
    found["pairs"][tier.name] = {
        "photographs": _pairs(_photographs(assets, vision.faces)),
        "webcam": _pairs([(clip.stem[0], clip.stem, one) for clip in webcam for one in _described(clip, vision.faces)]),
    }
    found["tracks"][tier.name] = shares(list(_tracks(vision, vision.faces, assets, webcam)))
    if vision.objects is not None:
        found["persons"][tier.name] = _persons(vision.objects, assets)
    if vision.liveness is not None:
        found["pad"][tier.name] = _attacks(vision.faces, vision.liveness, assets, webcam)


# ── 1:1 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

Labelled = tuple[str, str, Template | None]
"""Subject, unit (comparisons within one unit are left out), template."""


def _photographs(assets: Path, analyser: Analyser) -> list[Labelled]:
    paths = sorted(path for path in (assets / "images" / "people").glob("*/*") if path.name != SAME_PHOTOGRAPH)
    return [
        (path.parent.name, path.name, describe_picture(read_picture(path), analyser.analyse_image)) for path in paths
    ]


def _described(clip: Path, analyser: Analyser) -> Iterator[Template | None]:
    for image in _frames(clip, WEBCAM_STEP):
        yield describe_picture(image, analyser.analyse_image)


def _pairs(samples: Sequence[Labelled]) -> dict[str, Any]:
    """Every two samples of different units, compared."""
    kept = [(subject, unit, template) for subject, unit, template in samples if template is not None]
    distances, mated, ends = [], [], []
    for (i, first), (j, second) in itertools.combinations(enumerate(kept), 2):
        if first[1] != second[1]:
            distances.append(float(np.linalg.norm(first[2].vector - second[2].vector)))
            mated.append(first[0] == second[0])
            ends.append((i, j))
    curve = curve_of(Comparisons(np.array(distances), np.array(mated), np.array(ends, np.intp)))
    accuracy, threshold = curve.best_accuracy()
    return {
        "comparisons": len(distances),
        "failures_to_enrol": len(samples) - len(kept),
        "auc": curve.auc,
        "accuracy": accuracy,
        "threshold": threshold,
        "fnmr_at_fmr_0": curve.at_fmr(0.0)[0],
        "fnmr_at_fmr_0.001": curve.at_fmr(0.001)[0],
    }


# ── tracks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tracks(vision: Vision, analyser: Analyser, assets: Path, webcam: Sequence[Path]) -> Iterator[JudgedTrack]:
    """Webcam clips of a person enrolled from another of their clips, beside a person who is not enrolled; and a stage
    with people of the photographs.
    """
    album = people_of_folder(assets / "images" / "people", analyser).gallery
    truth = Truth(tuple(Appearance(*row) for row in HAMILTON), in_seconds=False)
    yield from _judged(vision, assets / "videos" / "short_hamilton_clip.mp4", album, truth)
    for subject in sorted({clip.stem[0] for clip in webcam}):
        own = [clip for clip in webcam if clip.stem[0] == subject]
        gallery = album.updated(_enrolment(subject, own[0], analyser))
        for clip in webcam:
            if clip != own[0]:
                everywhere = Truth((Appearance(0, 1e9, clip.stem[0]),), in_seconds=False)
                yield from _judged(vision, clip, gallery, everywhere)


def _judged(vision: Vision, clip: Path, gallery: Gallery, truth: Truth) -> list[JudgedTrack]:
    with recorded_frames(str(clip)) as frames:
        tracks = follow(
            thinned((Recorded(*frame) for frame in frames), load({}).settings.analysis_fps),
            vision.new_analysis("bench"),
            gallery,
            name=lambda person: person,
            in_seconds=False,
        )
    return judge_tracks(tracks, truth, frozenset(gallery.person_ids), min_width_px=load({}).settings.min_face_px)


def _enrolment(subject: str, clip: Path, analyser: Analyser) -> list[Reference]:
    """The first frames of a clip that would be accepted as photographs."""
    references: list[Reference] = []
    for number, image in enumerate(_frames(clip, WEBCAM_STEP)):
        template = describe_picture(image, analyser.analyse_image)
        if template is not None and not template.reasons and len(references) < ENROLLED_FRAMES:
            references.append(Reference(f"{clip.stem}-{number}", subject, template.vector))
    return references


# ── persons, attacks ──────────────────────────────────────────────────────────────────────────────────────────────


def _persons(detector: ObjectDetector, assets: Path) -> dict[str, Any]:
    errors = {
        name: _count_persons(detector, read_picture(assets / name)) - persons for name, persons in PERSONS.items()
    }
    seen = extra = expected = 0
    for index, image in enumerate(_frames(assets / WALK, WALK_STEP)):
        frame = index * WALK_STEP
        there = int(any(start <= frame <= end for start, end in WALKER_AT))
        counted = _count_persons(detector, image)
        expected += there
        seen += min(counted, there)
        extra += max(counted - there, 0)
    return {
        "model": detector.name,
        "recall": seen / expected,
        "frames_with_a_person": expected,
        "extra_boxes": extra,
        "count_error_mean": float(np.mean([abs(error) for error in errors.values()])),
        "count_errors": errors,
    }


def _count_persons(detector: ObjectDetector, image: Image) -> int:
    return detector.detect(image).labels.count("person")


def _attacks(analyser: Analyser, liveness: LivenessScorer, assets: Path, webcam: Sequence[Path]) -> dict[str, Any]:
    pictures = {name: _liveness(analyser, liveness, read_picture(assets / "images" / "spoof" / name)) for name in SPOOF}
    frames = [_liveness(analyser, liveness, image) for clip in webcam for image in _frames(clip, WEBCAM_STEP)]
    scores = np.array([score for score in frames if score is not None])
    attacks = [score for name, score in pictures.items() if not SPOOF[name] and score is not None]
    return {
        "pictures": pictures,
        "apcer": float(np.mean([score >= 0.5 for score in attacks])),
        "bpcer_webcam_frames": float((scores < 0.5).mean()),
        "webcam_frames": len(scores),
    }


def _liveness(analyser: Analyser, liveness: LivenessScorer, image: Image) -> float | None:
    faces = analyser.analyse_image(image)
    if not faces:
        return None
    boxes: NDArray[np.float32] = np.array([face.bbox for face in faces], np.float32)
    largest = int(areas(boxes).argmax())
    return float(liveness.score(image, boxes[largest : largest + 1])[0])


# ── files, tables ─────────────────────────────────────────────────────────────────────────────────────────────────


def _webcam(assets: Path) -> list[Path]:
    return sorted((assets / "videos" / "webcam").glob("*.mkv"))


def _frames(clip: Path, step: int) -> Iterator[Image]:
    with recorded_frames(str(clip)) as frames:
        for number, _, picture in frames:
            if number % step == 0:
                yield picture()


def _show(found: Mapping[str, Mapping[str, Any]]) -> None:
    for name, by_tier in found.items():
        rows = {
            tier: {
                key: value
                for part, values in figures.items()
                for key, value in (
                    {f"{part} {inner}": one for inner, one in values.items()}
                    if isinstance(values, Mapping)
                    else {part: values}
                ).items()
            }
            for tier, figures in by_tier.items()
        }
        table = Table(title=name, title_justify="left", box=None)
        table.add_column("figure")
        for tier in rows:
            table.add_column(tier, justify="right")
        for key in dict.fromkeys(key for figures in rows.values() for key in figures):
            table.add_row(key, *(_cell(figures.get(key)) for figures in rows.values()))
        out.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
