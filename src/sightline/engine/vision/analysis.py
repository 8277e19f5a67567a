"""The vision models put to work on one picture: find faces, look closer, align, judge, embed.

Detection is coarse and cheap: it only has to find. Each face that matters is then detected once more in its
own small crop at full resolution (1.5 ms): that gives landmarks as exact as detection of the whole picture at
full resolution, which costs three times as much, and it exposes false faces. Measured on webcam clips with
faces 63 px wide, false non-matches at a distance of 0.50: 0.5 % by detection at full size, 0.1 % by this at
half size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline import geometry
from sightline.detections.faces import Faces, Landmarks
from sightline.detections.objects import Objects
from sightline.detections.suppression import nms
from sightline.engine.vision.blurring import blurred
from sightline.engine.vision.stage_times import StageTimes
from sightline.events.still import AnalysedFace
from sightline.frames import Image
from sightline.geometry import Boxes
from sightline.identities import quality
from sightline.identities.alignment import AlignmentTemplate, Chip, align
from sightline.identities.gallery import Candidates, Gallery
from sightline.identities.quality import Quality
from sightline.identities.quality_reason import MIN_FACE_WIDTH_PX
from sightline.identities.similarity import Similarity
from sightline.images import encode_jpeg

__all__ = [
    "Analyser",
    "FaceDetector",
    "FaceEmbedder",
    "FaceSample",
    "LivenessScorer",
    "ObjectDetector",
    "box_tuple",
    "point_tuples",
    "probe_crop",
]

_STILL_LONGEST_SIDE_PX = 1024
_CLOSER_MARGIN = 0.7
_CLOSER_SIDE_PX = 96
"""Side of the crop in which a face is looked at closer: the detector is at its best with faces of about 56
px.
"""

_CLOSER_MIN_IOU = 0.3
_SAME_FACE_IOU = 0.3
_PROBE_MARGIN = 0.8
_PROBE_SIDE_PX = 256
_PROBE_JPEG_QUALITY = 92
_STILL_MARGIN_SHARE = 0.06
"""How much farther the next person must be for a single picture to name somebody, as a share of the distance up to
which the embedder takes two faces for one person's.
"""


class FaceDetector(Protocol):
    """Finds faces; see `sightline.models.centerface`."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def min_score(self) -> float:
        """The least confidence of a face, 0 to 1."""

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The faces of a picture in its pixels; `scale` is the factor by which it is resized for the
        network, `min_score` the least confidence of a face where it is not the detector's own.
        """


class FaceEmbedder(Protocol):
    """Turns aligned faces into templates; see `sightline.models.dlib_resnet`."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def model_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def template(self) -> AlignmentTemplate: ...

    @property
    def similarity(self) -> Similarity: ...

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, D) templates of chips N × side × side × 3 uint8 BGR."""


class ObjectDetector(Protocol):
    """Finds persons and things; adapters are in `sightline.models`."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find, under our names: `person`, `vehicle`, `package`, `phone`, else the model's own."""

    def detect(self, image: Image, *, min_score: float | None = None) -> Objects:
        """The objects of a picture in its pixels, best first, after suppression of what was found twice;
        `min_score` is the least confidence of an object where it is not the detector's own.
        """


class LivenessScorer(Protocol):
    """Tells a bona fide presentation of a face from an attack; see `sightline.models.minifasnet`."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    def score(self, image: Image, boxes: Boxes) -> NDArray[np.float32]:
        """(N,) how much each face at `boxes` (N, 4) px looks bona fide, 0 (an attack) to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """A face looked at closely. `box` (4,) and `landmarks` (5, 2) float32 px of the picture it comes from."""

    box: NDArray[np.float32]
    confidence: float
    landmarks: Landmarks
    chip: Chip
    quality: Quality


class Analyser:
    """A detector and an embedder, used together. Safe to call from several threads if they are.

    A face narrower than `min_face_px` is judged too small.
    """

    def __init__(
        self, detector: FaceDetector, embedder: FaceEmbedder, *, min_face_px: float = MIN_FACE_WIDTH_PX
    ) -> None:
        self.detector = detector
        self.embedder = embedder
        self._min_face_px = min_face_px

    @property
    def model_id(self) -> str:
        """What templates of this analyser can be compared with: the embedder's id."""
        return self.embedder.model_id

    def detect(self, image: Image, *, scale: float, min_score: float | None = None) -> Faces:
        """The faces of a picture resized by `scale`, in pixels of the picture; those of `min_score` at least where it
        is not the detector's own.
        """
        return self.detector.detect(image, scale=scale, min_score=min_score)

    def look_closer(self, image: Image, box: NDArray[np.float32]) -> Faces:
        """The one face at `box` (4,) px, found once more in a crop around it; none when nothing is there."""
        height, width = image.shape[:2]
        rows, columns = geometry.pixel_window(geometry.square(box[None], _CLOSER_MARGIN)[0], width, height)
        crop = image[rows, columns]
        scale = min(1.0, _CLOSER_SIDE_PX / max(crop.shape[:2]))
        found = self.detector.detect(crop, scale=scale).moved(columns.start, rows.start)
        overlap = geometry.iou(box[None], found.boxes)[0]
        if not len(overlap) or overlap.max() < _CLOSER_MIN_IOU:
            return Faces.none()
        return found.take([int(overlap.argmax())])

    def sample(self, image: Image, face: Faces) -> FaceSample:
        """Aligns and judges the first of `face`."""
        chip = align(image, face.landmarks[0], self.embedder.template)
        size = (image.shape[1], image.shape[0])
        judged = quality.assess(chip, face.boxes[0], face.landmarks[0], size, min_width_px=self._min_face_px)
        return FaceSample(face.boxes[0], float(face.scores[0]), face.landmarks[0], chip, judged)

    def embed(self, samples: Sequence[FaceSample]) -> NDArray[np.float32]:
        """(N, D) templates of the samples."""
        if not samples:
            return np.empty((0, self.embedder.dimensions), np.float32)
        return self.embedder.embed(np.stack([sample.chip.image for sample in samples]))

    def analyse_image(
        self, image: Image, gallery: Gallery | None = None, *, times: StageTimes | None = None
    ) -> list[AnalysedFace]:
        """Every face of a still picture, largest first, compared with the gallery if there is one; `times` notes how
        long it took to `detect` and to `embed`.

        `similarity` and `margin` (the difference to the next person's similarity) are those of the nearest person;
        `person_id` names that person only if both are enough.
        """
        times = times or StageTimes()
        with times.stage("detect"):
            samples = self._still_samples(image)
        with times.stage("embed"):
            vectors = self.embed(samples)
        found = gallery.search(vectors) if gallery is not None and samples else None
        return [
            self._analysed(image, sample, vectors[index], self._verdict(found, index) if found else None)
            for index, sample in enumerate(samples)
        ]

    def _still_samples(self, image: Image) -> list[FaceSample]:
        """Every face of a still picture looked at closely, largest first."""
        coarse = self.detect(image, scale=min(1.0, _STILL_LONGEST_SIDE_PX / max(image.shape[:2])))
        samples = []
        for index in range(len(coarse)):
            face = coarse.take([index])
            closer = self.look_closer(image, face.boxes[0])
            samples.append(self.sample(image, closer if len(closer) else face))
        if not samples:
            return []
        # A face that fills the picture is found in pieces; a closer look at each piece finds the whole, twice.
        boxes = np.stack([sample.box for sample in samples])
        kept = nms(boxes, np.array([sample.confidence for sample in samples], np.float32), _SAME_FACE_IOU)
        return [samples[index] for index in sorted(kept, key=lambda index: -geometry.areas(boxes)[index])]

    def _analysed(
        self, image: Image, sample: FaceSample, vector: NDArray[np.float32], verdict: _Verdict | None
    ) -> AnalysedFace:
        return AnalysedFace(
            bbox=box_tuple(sample.box),
            confidence=sample.confidence,
            landmarks=point_tuples(sample.landmarks),
            quality=sample.quality.score,
            reasons=[reason.value for reason in sample.quality.reasons],
            vector=vector.astype("<f4").tobytes(),
            probe=encode_jpeg(probe_crop(image, sample.box), quality=_PROBE_JPEG_QUALITY),
            person_id=verdict.person_id if verdict else None,
            similarity=verdict.similarity if verdict else None,
            margin=verdict.margin if verdict else None,
        )

    def _verdict(self, found: Candidates, index: int) -> _Verdict:
        distance, runner_up = float(found.distances[index]), float(found.runner_up[index])
        similarity = self.embedder.similarity
        enough = distance <= similarity.threshold and runner_up - distance >= _STILL_MARGIN_SHARE * similarity.threshold
        return _Verdict(
            person_id=found.person_ids[index] if enough else None,
            similarity=similarity(distance),
            margin=similarity(distance) - similarity(runner_up),
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    person_id: str | None
    similarity: float
    margin: float


def box_tuple(box: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """A box (4,) as messages carry it, to a tenth of a pixel."""
    left, top, right, bottom = (round(float(value), 1) for value in box)
    return left, top, right, bottom


def point_tuples(landmarks: Landmarks) -> list[tuple[float, float]]:
    """Landmarks (5, 2) as messages carry them, to a tenth of a pixel."""
    return [(round(float(x), 1), round(float(y), 1)) for x, y in landmarks]


def probe_crop(image: Image, box: NDArray[np.float32], others: Boxes | None = None) -> Image:
    """A copy of the face at `box` (4,) px with some margin, at most 256 px a side: what an operator
    compares. The faces at `others` (N, 4) px, where they reach into it, are blurred.
    """
    height, width = image.shape[:2]
    rows, columns = geometry.pixel_window(geometry.square(box[None], _PROBE_MARGIN)[0], width, height)
    crop = image[rows, columns]
    if others is not None and len(others):
        corner = np.array([columns.start, rows.start] * 2, np.float32)
        own = geometry.pixel_window(box - corner, crop.shape[1], crop.shape[0])
        around = blurred(crop, others - corner)
        if around is not crop:
            around[own] = crop[own]
            crop = around
    scale = _PROBE_SIDE_PX / max(crop.shape[:2])
    if scale >= 1:
        return crop.copy()
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
