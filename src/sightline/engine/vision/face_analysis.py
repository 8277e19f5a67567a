"""The faces of one camera: who is there, and whether in the flesh.

    frame, motion → detect (coarse) → track → choose → look closer → align, judge → embed → consensus → facts
                                                                                 └→ liveness → presentation ↗

Where a camera is analysed by its smaller stream, a face is found there and looked at closely in the larger one.

Compute follows need. Where nothing moved, nothing is detected; the whole frame is looked at every `rescan_ms`. A
track is sampled as `sightline.tracks.best_shots` says. A face is reported once a closer look has shown that it is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.detections.motion import Change, Motion
from sightline.detections.regions import region_of_interest
from sightline.engine.vision.analysis import Analyser, FaceSample, LivenessScorer
from sightline.engine.vision.face_cover import FINER, RESCAN_MS, UNSURE, FaceCover
from sightline.engine.vision.followed_track import FollowedTrack
from sightline.engine.vision.sighting import SightingDraft, draft_sighting
from sightline.engine.vision.stage_times import StageTimes
from sightline.engine.vision.telling import FactDraft, StrangerMemory, Teller
from sightline.events.observation import TrackedFace
from sightline.events.scene import Liveness, Scene
from sightline.frames import Frame, Image
from sightline.geometry import Boxes, expand, pixel_window
from sightline.identities.consensus import Consensus, ConsensusRules, Fit, Sample
from sightline.identities.gallery import Gallery
from sightline.identities.presentation import LivenessSample
from sightline.privacy import FaceBlur
from sightline.tracks.best_shots import SamplingRules
from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle, Tracklet

__all__ = ["FaceAnalysis", "FaceRules"]

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
class FaceRules:
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

    def scale(self, width: int, height: int, magnified: float = 1.0) -> float:
        """The factor by which a frame of this size is resized for detection; `magnified` is how many times larger its
        faces can be looked at."""
        smallest_px = self.smallest_face_px / magnified
        return min(1.0, _SMALLEST_FACE_IN_NETWORK_PX / smallest_px, self.longest_side / max(width, height))


class FaceAnalysis:
    """The faces of one camera; used by one thread at a time.

    Track ids begin with the camera's id and the capture time of the first frame, so they are never used again.
    """

    def __init__(
        self,
        camera_id: str,
        analyser: Analyser,
        rules: FaceRules,
        strangers: StrangerMemory,
        scorer: LivenessScorer | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._analyser = analyser
        self._rules = rules
        self._scorer = scorer
        self._teller = Teller(
            camera_id, analyser.model_id, analyser.embedder.similarity, strangers, scorer.name if scorer else ""
        )
        self._tracker: Tracker | None = None
        self._followed: dict[str, FollowedTrack] = {}
        self._sightings: list[SightingDraft] = []
        self._faces = Faces.none()
        self._unsure = Faces.none()
        self._detected_at_ms = 0
        self._liveness, self._told_again, self._blur = Liveness.REPORT, False, FaceBlur.OFF
        self._cover = FaceCover(camera_id)
        self._covered = np.empty((0, 4), np.float32)

    def process(
        self, frame: Frame, motion: Motion, gallery: Gallery | None, scene: Scene, times: StageTimes
    ) -> tuple[list[TrackedFace], list[FactDraft]]:
        """The faces that are there now, and what is to be told of them. While the gallery is unchanged, pass the same
        object.
        """
        self._liveness, self._told_again, self._blur = scene.liveness, scene.told_again, frame.blur
        if self._tracker is None:
            self._tracker = Tracker(f"{self._camera_id}-{frame.captured_at_ms:x}", self._rules.life_cycle)
        with times.stage("detect"):
            faces = self._detect(frame, motion)
        with times.stage("track"):
            update = self._tracker.update(faces.boxes, frame.captured_at_ms)
            self._forget(update.ended)
            if motion.change is Change.UPHEAVAL:
                self._doubt_all()
            tracklets = [self._unless_jumped(tracklet, frame.captured_at_ms) for tracklet in update.tracklets]
            chosen = self._choose(tracklets, frame)
        self._sample(frame, faces, tracklets, chosen, gallery, times)
        tracklets = [self._unless_in_doubt(tracklet, frame.captured_at_ms) for tracklet in tracklets]
        with times.stage("decide"):
            inference_ms = sum(times.wall_ms.get(stage, 0.0) for stage in ("detect", "embed", "liveness"))
            tracks = [(tracklet, self._of(tracklet)) for tracklet in tracklets]
            facts = self._facts(frame, tracks, gallery, inference_ms)
            if frame.blur is not FaceBlur.OFF:
                self._cover_faces(frame, tracks)
            return self._teller.faces(frame, faces, tracks, scene.liveness), facts

    def end(self) -> None:
        """Ends every track: another scene, or the camera was away."""
        if self._tracker is not None:
            self._forget(self._tracker.end_all())
        self._cover.end()
        self._faces = self._unsure = Faces.none()
        self._detected_at_ms = 0

    def left(self) -> tuple[SightingDraft, ...]:
        """What the tracks leave that ended since the last call."""
        sightings, self._sightings = tuple(self._sightings), []
        return sightings

    @property
    def covered(self) -> Boxes:
        """(N, 4) px, the parts of the frame processed last in which its `blur` lets nobody be recognised."""
        return self._covered

    # ── finding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _detect(self, frame: Frame, motion: Motion) -> Faces:
        """The frame's faces: found in all of it now and then, else only where something moved or faces were."""
        age_ms = frame.captured_at_ms - self._detected_at_ms
        rescan_ms = self._rules.rescan_ms if frame.blur is FaceBlur.OFF else min(RESCAN_MS, self._rules.rescan_ms)
        young = 0 <= age_ms < rescan_ms
        if motion.region is None and young:
            return self._faces
        region = self._region(frame, motion.region) if motion.region is not None and young else None
        if region is None:
            self._take(self._find(frame.image, frame))
            self._detected_at_ms = frame.captured_at_ms
        else:
            rows, columns = pixel_window(region, frame.width, frame.height)
            self._take(self._find(frame.image[rows, columns], frame).moved(columns.start, rows.start))
        return self._faces

    def _find(self, part: Image, frame: Frame) -> Faces:
        """The faces of a part of the frame; with those of which the detector is not sure where they must be covered."""
        least = None if frame.blur is FaceBlur.OFF else UNSURE * self._analyser.detector.min_score
        return self._analyser.detect(part, scale=self._scale(frame), min_score=least)

    def _take(self, found: Faces) -> None:
        if self._blur is FaceBlur.OFF:
            self._faces, self._unsure = found, Faces.none()
        else:
            sure = found.scores >= self._analyser.detector.min_score
            self._faces, self._unsure = found.take(sure), found.take(~sure)

    def _scale(self, frame: Frame) -> float:
        """The factor by which the frame is resized for detection."""
        scale = self._rules.scale(frame.width, frame.height, _magnified(frame))
        return scale if frame.blur is FaceBlur.OFF else min(1.0, FINER * scale)

    def _region(self, frame: Frame, moved: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Where to look for faces; `None` for everywhere."""
        assert self._tracker is not None
        expected = [tracklet.expected(frame.captured_at_ms) for tracklet in self._tracker.alive]
        around = expand(np.array(expected, np.float32).reshape(-1, 4), _AROUND_TRACKS)
        return region_of_interest(
            np.concatenate([moved[None], around]),
            frame.width,
            frame.height,
            margin_px=self._rules.smallest_face_px,
            step_px=round(_NETWORK_STEP_PX / self._scale(frame)),
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
        self._forget([tracklet])
        return self._tracker.replace(tracklet, at_ms)

    # ── sampling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _choose(self, tracklets: list[Tracklet], frame: Frame) -> list[int]:
        """Indices of the faces to look at closely: least known first, larger ones first among those."""
        at_ms, min_width_px = frame.captured_at_ms, _ROUGH_WIDTH * self._rules.smallest_face_px / _magnified(frame)
        wanted = []
        for index, tracklet in enumerate(tracklets):
            followed = self._of(tracklet)
            if followed.wants_sample(tracklet, at_ms, self._rules.sampling, min_width_px=min_width_px):
                wanted.append((followed.history.good_samples, -tracklet.width, index))
        return [index for _, _, index in sorted(wanted)[: self._rules.samples_a_frame]]

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
        detail = None
        if chosen and frame.detail is not None:
            with times.stage("detail"):
                detail = frame.detail.picture()
        good: list[tuple[int, FaceSample, Image]] = []
        for index in chosen:
            with times.stage("detect"):
                picture, closer = self._look_closer(frame.image, detail, faces.boxes[index])
            with times.stage("align"):
                sample = self._judged(frame, picture, closer, tracklets[index], self._others(frame, picture, index))
            if sample is not None and sample.quality.good:
                good.append((index, sample, picture))
        if not good:
            return
        with times.stage("embed"):
            vectors = self._analyser.embed([sample for _, sample, _ in good])
        with times.stage("decide"):
            for (index, face, picture), vector in zip(good, vectors, strict=True):
                others = self._others(frame, picture, index)
                tracklets[index] = self._admit(tracklets[index], face, vector, frame, picture, gallery, others)
        if self._scorer is not None and self._liveness is not Liveness.OFF:
            for shown in (frame.image, detail):
                self._judge_liveness(
                    frame, [(tracklets[index], face) for index, face, picture in good if picture is shown], shown, times
                )

    def _judge_liveness(
        self, frame: Frame, faces: list[tuple[Tracklet, FaceSample]], picture: Image | None, times: StageTimes
    ) -> None:
        """Whether the faces, all in one picture, look alive."""
        if not faces or picture is None or self._scorer is None:
            return
        with times.stage("liveness"):
            scores = self._scorer.score(picture, np.stack([face.box for _, face in faces]))
        for (tracklet, face), score in zip(faces, scores.tolist(), strict=True):
            judged = LivenessSample(frame.frame_id, frame.captured_at_ms, score, face.quality.score)
            self._of(tracklet).presentation.add(judged)

    def _look_closer(self, image: Image, detail: Image | None, box: NDArray[np.float32]) -> tuple[Image, Faces]:
        """The face at `box` (4,) px of `image`, and the picture in whose pixels it is: the larger one where it is found
        there (the two streams of a camera are not always of the very same moment)."""
        if detail is not None:
            across, down = detail.shape[1] / image.shape[1], detail.shape[0] / image.shape[0]
            closer = self._analyser.look_closer(detail, box * np.array([across, down, across, down], np.float32))
            if len(closer):
                return detail, closer
        return image, self._analyser.look_closer(image, box)

    def _judged(
        self, frame: Frame, picture: Image, closer: Faces, tracklet: Tracklet, others: Boxes | None
    ) -> FaceSample | None:
        """The face that a closer look showed, if any, aligned and judged."""
        followed = self._of(tracklet)
        if not len(closer):
            followed.nothing_there(tracklet, frame.captured_at_ms)
            return None
        sample = self._analyser.sample(picture, closer)
        followed.saw(sample, tracklet, picture, frame.captured_at_ms, others)
        if not sample.quality.good:
            followed.note(frame, sample.quality)
        return sample

    def _admit(
        self,
        tracklet: Tracklet,
        face: FaceSample,
        vector: NDArray[np.float32],
        frame: Frame,
        picture: Image,
        gallery: Gallery | None,
        others: Boxes | None,
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
            followed.saw(face, tracklet, picture, frame.captured_at_ms, others)
        followed.doubted = False
        followed.consensus.add(sample, gallery)
        self._teller.seen_again(tracklet, followed, sample.at_ms)
        match = followed.consensus.samples[-1][1]
        if match is None:
            followed.note(frame, face.quality)
        else:
            voted = match.distance <= self._rules.consensus.vote_distance
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
        facts: list[FactDraft] = []
        for tracklet, followed in tracks:
            followed.consensus.review(gallery)
            told = (
                self._teller.attack(frame, tracklet, followed, inference_ms),
                self._teller.fact(frame, tracklet, followed, inference_ms, self._liveness, told_again=self._told_again),
            )
            facts.extend(fact for fact in told if fact is not None)
        return facts

    # ── covering ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _others(self, frame: Frame, picture: Image, index: int) -> Boxes | None:
        """(N, 4) px of `picture`, the frame or a larger one of its moment: all faces but this one, where its probe must
        not show them.
        """
        if frame.blur is FaceBlur.OFF:
            return None
        boxes = np.concatenate([np.delete(self._faces.boxes, index, axis=0), self._unsure.boxes])
        across, down = picture.shape[1] / frame.width, picture.shape[0] / frame.height
        return boxes * np.array([across, down, across, down], np.float32)

    def _cover_faces(self, frame: Frame, tracks: list[tuple[Tracklet, FollowedTrack]]) -> None:
        """Decides about every face of the frame, sure or not, and those of a moment ago."""
        at_ms, require = frame.captured_at_ms, self._liveness is Liveness.REQUIRE
        clear = [
            frame.blur is FaceBlur.UNKNOWN and followed.is_known(at_ms, require_life=require) for _, followed in tracks
        ]
        boxes = np.concatenate([self._faces.boxes, self._unsure.boxes])
        free = np.array(clear + [False] * len(self._unsure), np.bool_)
        self._covered = self._cover.boxes(boxes, free, at_ms)

    def _of(self, tracklet: Tracklet) -> FollowedTrack:
        followed = self._followed.get(tracklet.track_id)
        if followed is None:
            followed = self._followed[tracklet.track_id] = FollowedTrack(Consensus(self._rules.consensus))
        return followed

    def _forget(self, ended: Iterable[Tracklet]) -> None:
        for tracklet in ended:
            followed = self._followed.pop(tracklet.track_id, None)
            if followed is None:
                continue
            embedder = self._analyser.embedder
            sighting = draft_sighting(
                self._camera_id,
                tracklet,
                followed,
                model_id=embedder.model_id,
                similarity=embedder.similarity,
                blur=self._blur,
            )
            if sighting is not None:
                self._sightings.append(sighting)


def _magnified(frame: Frame) -> float:
    """How many times larger a face can be looked at than it is in the frame."""
    return frame.detail.width / frame.width if frame.detail is not None else 1.0
