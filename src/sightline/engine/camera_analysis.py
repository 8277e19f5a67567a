"""One camera's analysis: frames in, observations and facts out.

    frame → motion → detect (coarse) → track → choose → look closer → align, judge → embed → consensus → facts

Compute follows need. Where nothing moved, and no face was, nothing is detected; the whole frame is looked at every
`rescan_ms`. A track is sampled as `sightline.tracks.best_shots` says. A face is reported once a closer look has shown
that it is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.detections.motion import Motion, MotionGate
from sightline.detections.regions import region_of_interest
from sightline.engine.analysis import Analyser, FaceSample, box_tuple, point_tuples, probe_crop
from sightline.engine.stage_times import StageTimes
from sightline.events.engine_link import Identified, Observation, TrackedFace, TrackSample, Unknown
from sightline.frames import Frame, Image
from sightline.geometry import expand, pixel_window
from sightline.identities.consensus import Consensus, ConsensusRules, Fit, Identity, IdentityState, Sample
from sightline.identities.gallery import Gallery
from sightline.identities.quality import Quality
from sightline.identities.strangers import Strangers
from sightline.tracks.best_shots import SamplingHistory, SamplingRules
from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle, Tracklet

__all__ = ["CameraAnalysis", "CameraAnalysisSettings", "FactDraft", "Result", "StrangerMemory"]

_SMALLEST_FACE_IN_NETWORK_PX = 20
"""Width down to which the detector finds nearly every face that it would find when enlarged."""

_NETWORK_STEP_PX = 32
"""Sides of the detector's input are multiples of this."""

_AROUND_TRACKS = 1.0
"""By how much of its size the box of a track is enlarged to look for its face."""

_MIN_OVERLAP = 0.1
"""Overlap with where it was expected below which a face may be somebody else's."""

_TRACE_SAMPLES = 12
"""Samples of a track that a fact shows."""


class StrangerMemory(Protocol):
    """Who was here lately without being known; see `sightline.identities.strangers`."""

    def recognise(self, vector: NDArray[np.float32], track_id: str, now_ms: int) -> str:
        """The subject id of the stranger with this template, seen now on this track."""


@dataclass(frozen=True, slots=True)
class CameraAnalysisSettings:
    """`smallest_face_px`: width in the frame from which faces must be found; the frame is shrunk accordingly before
    detection, and to `longest_side` px in any case. All of the picture is looked at every `rescan_ms`. At most
    `samples_a_frame` faces of one frame are looked at closely.
    """

    smallest_face_px: int = 40
    longest_side: int = 640
    rescan_ms: int = 2_000
    samples_a_frame: int = 4
    life_cycle: LifeCycle = LifeCycle()
    sampling: SamplingRules = SamplingRules()
    consensus: ConsensusRules = ConsensusRules()

    def scale(self, width: int, height: int) -> float:
        """The factor by which a frame of this size is resized for detection."""
        return min(1.0, _SMALLEST_FACE_IN_NETWORK_PX / self.smallest_face_px, self.longest_side / max(width, height))


@dataclass(frozen=True, slots=True, eq=False)
class FactDraft:
    """A fact with its pictures still to be encoded and put. Fields are those of `engine_link.Fact`.

    `snapshot` is the deciding frame, `probe` the track's best sample with some margin; both H × W × 3 uint8 BGR.
    """

    key: str
    camera_id: str
    timestamp: int
    frame_id: int
    width: int
    height: int
    what: Identified | Unknown
    inference_ms: float
    snapshot: Image
    probe: Image


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What came of one frame. `stage_ms` (wall) and `stage_cpu_ms` (this thread) are milliseconds by stage: `motion`,
    `detect`, `track`, `align`, `embed`, `decide`, `total`; stages that were not entered are absent.
    """

    observation: Observation
    facts: tuple[FactDraft, ...]
    stage_ms: dict[str, float]
    stage_cpu_ms: dict[str, float]


@dataclass(slots=True, eq=False)
class _Followed:
    """What is remembered of one tracklet beside its path."""

    consensus: Consensus
    history: SamplingHistory = field(default_factory=SamplingHistory)
    trace: deque[TrackSample] = field(default_factory=lambda: deque(maxlen=_TRACE_SAMPLES))
    verified: bool = False
    quality: Quality = Quality(0.0)
    probe: Image | None = None
    probe_score: float = -1.0
    told: set[str] = field(default_factory=set)


class CameraAnalysis:
    """The analysis of one camera; used by one thread at a time.

    Track ids begin with the camera's id and the capture time of the first frame, so they are never used again.
    """

    def __init__(
        self,
        camera_id: str,
        analyser: Analyser,
        settings: CameraAnalysisSettings | None = None,
        *,
        strangers: StrangerMemory | None = None,
    ) -> None:
        self.camera_id = camera_id
        self._analyser = analyser
        self._settings = settings or CameraAnalysisSettings()
        self._strangers = strangers or Strangers(max_distance=self._settings.consensus.vote_distance)
        self._gate = MotionGate()
        self._tracker: Tracker | None = None
        self._followed: dict[str, _Followed] = {}
        self._faces = Faces.none()
        self._detected_at_ms = 0
        self._size = (0, 0)

    def process(self, frame: Frame, gallery: Gallery | None) -> Result:
        """Takes the next frame. While the gallery is unchanged, pass the same object."""
        times = StageTimes()
        if self._tracker is None:
            self._tracker = Tracker(f"{self.camera_id}-{frame.captured_at_ms:x}", self._settings.life_cycle)
        with times.stage("motion"):
            motion = self._look(frame)
        with times.stage("detect"):
            faces = self._detect(frame, motion)
        with times.stage("track"):
            update = self._tracker.update(faces.boxes, frame.captured_at_ms)
            self._forget(update.ended)
            tracklets = [self._doubted(tracklet, frame.captured_at_ms) for tracklet in update.tracklets]
            chosen = self._choose(tracklets, frame.captured_at_ms)
        self._sample(frame, faces, tracklets, chosen, gallery, times)
        with times.stage("decide"):
            inference_ms = times.wall_ms["detect"] + times.wall_ms.get("embed", 0.0)
            facts = self._facts(frame, tracklets, gallery, inference_ms)
            observation = self._observation(frame, faces, tracklets)
        times.finish()
        return Result(observation, tuple(facts), times.wall_ms, times.cpu_ms)

    def end(self) -> None:
        """Ends every track: the camera is read no more, or was away."""
        if self._tracker is not None:
            self._forget(self._tracker.end_all())
        self._faces = Faces.none()
        self._detected_at_ms = 0

    # ── finding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, frame: Frame) -> Motion:
        """Motion; another scene or another size of the picture ends every track."""
        motion = self._gate.look(frame.image)
        size = (frame.width, frame.height)
        if motion.cut or size != self._size:
            self.end()
            self._size = size
        return motion

    def _detect(self, frame: Frame, motion: Motion) -> Faces:
        """The frame's faces: found in all of it now and then, else only where something moved or faces were."""
        age_ms = frame.captured_at_ms - self._detected_at_ms
        young = 0 <= age_ms < self._settings.rescan_ms
        if motion.region is None and young:
            return self._faces
        region = self._region(frame, motion.region) if motion.region is not None and young else None
        scale = self._settings.scale(frame.width, frame.height)
        if region is None:
            self._faces = self._analyser.detect(frame.image, scale=scale)
            self._detected_at_ms = frame.captured_at_ms
        else:
            rows, columns = pixel_window(region, frame.width, frame.height)
            found = self._analyser.detect(frame.image[rows, columns], scale=scale)
            self._faces = found.moved(columns.start, rows.start)
        return self._faces

    def _region(self, frame: Frame, moved: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Where to look for faces; `None` for everywhere."""
        assert self._tracker is not None
        expected = [tracklet.expected(frame.captured_at_ms) for tracklet in self._tracker.alive]
        around = expand(np.array(expected, np.float32).reshape(-1, 4), _AROUND_TRACKS)
        return region_of_interest(
            np.concatenate([moved[None], around]),
            frame.width,
            frame.height,
            margin_px=self._settings.smallest_face_px,
            step_px=round(_NETWORK_STEP_PX / self._settings.scale(frame.width, frame.height)),
        )

    def _doubted(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        """The tracklet; a new one in its place when it was decided and its face jumped: a name must not jump along."""
        decided = self._of(tracklet).consensus.identity.state is not IdentityState.PENDING
        return self._replaced(tracklet, at_ms) if decided and tracklet.overlap < _MIN_OVERLAP else tracklet

    def _replaced(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        assert self._tracker is not None  # there are no tracklets without it
        del self._followed[tracklet.track_id]
        return self._tracker.replace(tracklet, at_ms)

    # ── sampling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _choose(self, tracklets: list[Tracklet], at_ms: int) -> list[int]:
        """Indices of the faces to look at closely: least known first, larger ones first among those."""
        wanted = []
        for index, tracklet in enumerate(tracklets):
            followed = self._of(tracklet)
            width_px = float(tracklet.box[2] - tracklet.box[0])
            decided = followed.consensus.identity.state is not IdentityState.PENDING
            # A face that is too narrow to embed is still looked at, to know whether it is a face.
            needed_px = width_px if followed.verified else max(width_px, self._settings.sampling.min_width_px)
            if followed.history.wants(needed_px, at_ms, decided=decided, rules=self._settings.sampling):
                wanted.append((followed.history.good_samples, -width_px, index))
        return [index for _, _, index in sorted(wanted)[: self._settings.samples_a_frame]]

    def _sample(
        self,
        frame: Frame,
        faces: Faces,
        tracklets: list[Tracklet],
        chosen: list[int],
        gallery: Gallery | None,
        times: StageTimes,
    ) -> None:
        """Looks at the chosen faces and puts the good ones before the consensus; may replace a tracklet."""
        good: list[tuple[int, FaceSample]] = []
        for index in chosen:
            with times.stage("detect"):
                closer = self._analyser.look_closer(frame.image, faces.boxes[index])
            with times.stage("align"):
                sample = self._judged(frame, closer, tracklets[index])
            if sample is not None and sample.quality.good:
                good.append((index, sample))
        if not good:
            return
        with times.stage("embed"):
            vectors = self._analyser.embed([sample for _, sample in good])
        with times.stage("decide"):
            for (index, face), vector in zip(good, vectors, strict=True):
                tracklets[index] = self._admit(tracklets[index], face, vector, frame, gallery)

    def _judged(self, frame: Frame, closer: Faces, tracklet: Tracklet) -> FaceSample | None:
        """The face that a closer look found, aligned and judged; it becomes the track's probe if it is the best."""
        followed = self._of(tracklet)
        width_px = float(tracklet.box[2] - tracklet.box[0])
        if not len(closer):
            followed.history.taken(width_px, frame.captured_at_ms, good=False)
            return None
        followed.verified = True
        sample = self._analyser.sample(frame.image, closer)
        followed.quality = sample.quality
        followed.history.taken(width_px, frame.captured_at_ms, good=sample.quality.good)
        if sample.quality.score > followed.probe_score:
            followed.probe, followed.probe_score = probe_crop(frame.image, sample.box), sample.quality.score
        if not sample.quality.good:
            followed.trace.append(_traced(frame, sample.quality))
        return sample

    def _admit(
        self,
        tracklet: Tracklet,
        face: FaceSample,
        vector: NDArray[np.float32],
        frame: Frame,
        gallery: Gallery | None,
    ) -> Tracklet:
        """Adds a good sample to its track, or begins another track when it shows another face."""
        sample = Sample(frame.frame_id, frame.captured_at_ms, face.quality.score, vector)
        followed = self._of(tracklet)
        fit = followed.consensus.fit(sample)
        if fit is Fit.STRAY:
            followed.history.again()
            return tracklet
        if fit is Fit.OTHER:
            tracklet = self._replaced(tracklet, sample.at_ms)
            followed = self._of(tracklet)
            followed.verified, followed.quality = True, face.quality
            followed.probe, followed.probe_score = probe_crop(frame.image, face.box), face.quality.score
        followed.consensus.add(sample, gallery)
        if _UNKNOWN in followed.told and followed.consensus.identity.state is IdentityState.UNKNOWN:
            self._recognise(followed, tracklet, sample.at_ms)
        match = followed.consensus.samples[-1][1]
        near = match is not None and match.distance <= self._settings.consensus.vote_distance
        similarity = self._analyser.embedder.similarity(match.distance) if match is not None else None
        followed.trace.append(
            _traced(frame, face.quality, match.person_id if match is not None and near else None, similarity)
        )
        return tracklet

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _facts(
        self, frame: Frame, tracklets: list[Tracklet], gallery: Gallery | None, inference_ms: float
    ) -> list[FactDraft]:
        facts = []
        for tracklet in tracklets:
            followed = self._of(tracklet)
            identity = followed.consensus.review(gallery)
            what = self._news(tracklet, followed, identity, frame.captured_at_ms)
            if what is None or followed.probe is None:
                continue
            subject = what.person_id if isinstance(what, Identified) else "unknown"
            facts.append(
                FactDraft(
                    key=f"{tracklet.track_id}:{subject}",
                    camera_id=self.camera_id,
                    timestamp=frame.captured_at_ms,
                    frame_id=frame.frame_id,
                    width=frame.width,
                    height=frame.height,
                    what=what,
                    inference_ms=inference_ms,
                    snapshot=frame.image,
                    probe=followed.probe,
                )
            )
        return facts

    def _news(
        self, tracklet: Tracklet, followed: _Followed, identity: Identity, now_ms: int
    ) -> Identified | Unknown | None:
        """What is to be told of this track that was not told yet."""
        match identity.state:
            case IdentityState.KNOWN if identity.match is not None:
                if identity.match.person_id in followed.told:
                    return None
                followed.told.add(identity.match.person_id)
                return self._identified(tracklet, followed, identity)
            case IdentityState.UNKNOWN:
                if _UNKNOWN in followed.told:
                    return None
                followed.told.add(_UNKNOWN)
                subject_id = self._recognise(followed, tracklet, now_ms)
                return self._unknown(tracklet, followed, identity, subject_id)
            case _:
                return None

    def _recognise(self, followed: _Followed, tracklet: Tracklet, now_ms: int) -> str:
        """The subject id of a stranger, who is thereby remembered as seen now."""
        template = followed.consensus.template
        assert template is not None  # a track without samples stays pending
        return self._strangers.recognise(template, tracklet.track_id, now_ms)

    def _identified(self, tracklet: Tracklet, followed: _Followed, identity: Identity) -> Identified:
        match = identity.match
        assert match is not None
        similarity = self._analyser.embedder.similarity
        return Identified(
            track_id=tracklet.track_id,
            person_id=match.person_id,
            reference_id=match.reference_id,
            similarity=similarity(match.distance),
            margin=similarity(match.distance) - similarity(match.runner_up),
            first_seen=tracklet.first_seen_ms,
            bbox=box_tuple(tracklet.box),
            model_id=self._analyser.model_id,
            samples=list(followed.trace),
        )

    def _unknown(self, tracklet: Tracklet, followed: _Followed, identity: Identity, subject_id: str) -> Unknown:
        match = identity.match
        return Unknown(
            track_id=tracklet.track_id,
            subject_id=subject_id,
            nearest_similarity=self._analyser.embedder.similarity(match.distance) if match else None,
            first_seen=tracklet.first_seen_ms,
            bbox=box_tuple(tracklet.box),
            model_id=self._analyser.model_id,
            samples=list(followed.trace),
        )

    def _observation(self, frame: Frame, faces: Faces, tracklets: list[Tracklet]) -> Observation:
        shown = []
        for index, tracklet in enumerate(tracklets):
            followed = self._of(tracklet)
            if not followed.verified:
                continue
            identity = followed.consensus.identity
            similarity = self._analyser.embedder.similarity(identity.match.distance) if identity.match else None
            shown.append(
                TrackedFace(
                    bbox=box_tuple(faces.boxes[index]),
                    confidence=round(float(faces.scores[index]), 3),
                    landmarks=point_tuples(faces.landmarks[index]),
                    track_id=tracklet.track_id,
                    identity=identity.state.value,
                    quality=round(followed.quality.score, 3),
                    reasons=[reason.value for reason in followed.quality.reasons],
                    person_id=identity.person_id,
                    similarity=similarity,
                )
            )
        return Observation(
            camera_id=self.camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=shown,
        )

    def _of(self, tracklet: Tracklet) -> _Followed:
        followed = self._followed.get(tracklet.track_id)
        if followed is None:
            followed = self._followed[tracklet.track_id] = _Followed(Consensus(self._settings.consensus))
        return followed

    def _forget(self, ended: Iterable[Tracklet]) -> None:
        for tracklet in ended:
            self._followed.pop(tracklet.track_id, None)


_UNKNOWN = ""
"""In the place of a person's id among what was told of a track: that it is nobody's."""


def _traced(
    frame: Frame, quality: Quality, person_id: str | None = None, similarity: float | None = None
) -> TrackSample:
    return TrackSample(
        frame_id=frame.frame_id,
        timestamp=frame.captured_at_ms,
        quality=round(quality.score, 3),
        reasons=[reason.value for reason in quality.reasons],
        person_id=person_id,
        similarity=similarity,
    )
