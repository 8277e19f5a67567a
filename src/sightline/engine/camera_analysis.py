"""One camera's analysis: frames in, observations and facts out.

    frame → motion → detect (coarse) → track → choose → look closer → align, judge → embed → consensus → facts

Compute follows need. Where nothing moved, and no face was, nothing is detected; the whole frame is looked at every
`rescan_ms`. A track is sampled as `sightline.tracks.best_shots` says. A face is reported once a closer look has shown
that it is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.detections.motion import Change, Motion, MotionGate
from sightline.detections.regions import region_of_interest
from sightline.engine.analysis import Analyser, FaceSample
from sightline.engine.followed_track import FollowedTrack
from sightline.engine.stage_times import StageTimes
from sightline.engine.telling import FactDraft, StrangerMemory, Teller
from sightline.events.engine_link import Observation
from sightline.frames import Frame
from sightline.geometry import expand, pixel_window
from sightline.identities.consensus import Consensus, ConsensusRules, Fit, Sample
from sightline.identities.gallery import Gallery
from sightline.identities.strangers import Strangers
from sightline.tracks.best_shots import SamplingRules
from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle, Tracklet

__all__ = ["CameraAnalysis", "CameraAnalysisSettings", "FactDraft", "Result", "StrangerMemory"]

_SMALLEST_FACE_IN_NETWORK_PX = 20
"""Width down to which the detector finds nearly every face that it would find when enlarged."""

_ROUGH_WIDTH = 0.8
"""The share of its exact width that a face may have in coarse detection."""

_NETWORK_STEP_PX = 32
"""Sides of the detector's input are multiples of this."""

_AROUND_TRACKS = 1.0
"""By how much of its size the box of a track is enlarged to look for its face."""

_MIN_OVERLAP = 0.1
"""Overlap with where it was expected below which a face may be somebody else's."""


@dataclass(frozen=True, slots=True)
class CameraAnalysisSettings:
    """`smallest_face_px`: width in the frame from which faces are sampled; the frame is shrunk accordingly before
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
class Result:
    """What came of one frame. `stage_ms` (wall) and `stage_cpu_ms` (this thread) are milliseconds by stage: `motion`,
    `detect`, `track`, `align`, `embed`, `decide`, `total`; stages that were not entered are absent.
    """

    observation: Observation
    facts: tuple[FactDraft, ...]
    stage_ms: dict[str, float]
    stage_cpu_ms: dict[str, float]


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
        if strangers is None:
            strangers = Strangers(max_distance=self._settings.consensus.vote_distance)
        self._teller = Teller(camera_id, analyser.model_id, analyser.embedder.similarity, strangers)
        self._gate = MotionGate()
        self._tracker: Tracker | None = None
        self._followed: dict[str, FollowedTrack] = {}
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
            if motion.change is Change.UPHEAVAL:
                self._doubt_all()
            tracklets = [self._unless_jumped(tracklet, frame.captured_at_ms) for tracklet in update.tracklets]
            chosen = self._choose(tracklets, frame.captured_at_ms)
        self._sample(frame, faces, tracklets, chosen, gallery, times)
        tracklets = [self._unless_in_doubt(tracklet, frame.captured_at_ms) for tracklet in tracklets]
        with times.stage("decide"):
            inference_ms = times.wall_ms["detect"] + times.wall_ms.get("embed", 0.0)
            tracks = [(tracklet, self._of(tracklet)) for tracklet in tracklets]
            facts = self._facts(frame, tracks, gallery, inference_ms)
            observation = self._teller.observation(frame, faces, tracks)
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
        if motion.change is Change.CUT or size != self._size:
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

    def _doubt_all(self) -> None:
        """So much changed that every track may have another face now."""
        for followed in self._followed.values():
            followed.doubt()

    def _unless_jumped(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        """The tracklet; a new one in its place when it was decided and its face jumped: a name must not jump along."""
        jumped = self._of(tracklet).decided and tracklet.overlap < _MIN_OVERLAP
        return self._replaced(tracklet, at_ms) if jumped else tracklet

    def _unless_in_doubt(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        """The tracklet; a new one in its place when it was decided and no sample has removed the doubt."""
        followed = self._of(tracklet)
        return self._replaced(tracklet, at_ms) if followed.decided and followed.doubted else tracklet

    def _replaced(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        assert self._tracker is not None  # there are no tracklets without it
        del self._followed[tracklet.track_id]
        return self._tracker.replace(tracklet, at_ms)

    # ── sampling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _choose(self, tracklets: list[Tracklet], at_ms: int) -> list[int]:
        """Indices of the faces to look at closely: least known first, larger ones first among those."""
        min_width_px = _ROUGH_WIDTH * self._settings.smallest_face_px
        wanted = []
        for index, tracklet in enumerate(tracklets):
            followed = self._of(tracklet)
            if followed.wants_sample(tracklet, at_ms, self._settings.sampling, min_width_px=min_width_px):
                wanted.append((followed.history.good_samples, -tracklet.width, index))
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
        """The face that a closer look showed, if any, aligned and judged."""
        followed = self._of(tracklet)
        if not len(closer):
            followed.nothing_there(tracklet, frame.captured_at_ms)
            return None
        sample = self._analyser.sample(frame.image, closer)
        followed.saw(sample, tracklet, frame)
        if not sample.quality.good:
            followed.note(frame, sample.quality)
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
        fit = followed.consensus.fit(sample, doubted=followed.doubted)
        if fit is Fit.STRAY:
            followed.history.again()
            return tracklet
        if fit is Fit.OTHER:
            tracklet = self._replaced(tracklet, sample.at_ms)
            followed = self._of(tracklet)
            followed.saw(face, tracklet, frame)
        followed.doubted = False
        followed.consensus.add(sample, gallery)
        self._teller.seen_again(tracklet, followed, sample.at_ms)
        match = followed.consensus.samples[-1][1]
        if match is None:
            followed.note(frame, face.quality)
        else:
            voted = match.distance <= self._settings.consensus.vote_distance
            similarity = self._analyser.embedder.similarity(match.distance)
            followed.note(frame, face.quality, match.person_id if voted else None, similarity)
        return tracklet

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _facts(
        self,
        frame: Frame,
        tracks: list[tuple[Tracklet, FollowedTrack]],
        gallery: Gallery | None,
        inference_ms: float,
    ) -> list[FactDraft]:
        facts = []
        for tracklet, followed in tracks:
            followed.consensus.review(gallery)
            fact = self._teller.fact(frame, tracklet, followed, inference_ms)
            if fact is not None:
                facts.append(fact)
        return facts

    def _of(self, tracklet: Tracklet) -> FollowedTrack:
        followed = self._followed.get(tracklet.track_id)
        if followed is None:
            followed = self._followed[tracklet.track_id] = FollowedTrack(Consensus(self._settings.consensus))
        return followed

    def _forget(self, ended: Iterable[Tracklet]) -> None:
        for tracklet in ended:
            self._followed.pop(tracklet.track_id, None)
