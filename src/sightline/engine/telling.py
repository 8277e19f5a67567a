"""Putting into words what a camera's tracks show: the observation of a frame, and facts, each told once a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.engine.analysis import box_tuple, point_tuples
from sightline.engine.followed_track import FollowedTrack
from sightline.events.engine_link import Identified, Observation, TrackedFace, Unknown
from sightline.frames import Frame, Image
from sightline.identities.consensus import Identity, IdentityState, Match
from sightline.identities.similarity import Similarity
from sightline.tracks.tracklet import Tracklet

__all__ = ["FactDraft", "StrangerMemory", "Teller"]

_NOBODY = ""
"""In the place of a person's id among what was told of a track: that it is nobody of the gallery."""


class StrangerMemory(Protocol):
    """Who was here lately without being known; see `sightline.identities.strangers`."""

    def recognise(self, vector: NDArray[np.float32], track_id: str, now_ms: int) -> str:
        """The subject id of the stranger with this template, seen now on this track."""


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


class Teller:
    """Speaks for one camera, in the numbers of one embedder."""

    def __init__(self, camera_id: str, model_id: str, similarity: Similarity, strangers: StrangerMemory) -> None:
        self._camera_id = camera_id
        self._model_id = model_id
        self._similarity = similarity
        self._strangers = strangers

    def observation(self, frame: Frame, faces: Faces, tracks: Sequence[tuple[Tracklet, FollowedTrack]]) -> Observation:
        """What the frame shows: those of the parallel `faces` and `tracks` that a closer look has verified."""
        return Observation(
            camera_id=self._camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=[
                self._face(faces, index, tracklet, followed)
                for index, (tracklet, followed) in enumerate(tracks)
                if followed.verified
            ],
        )

    def fact(self, frame: Frame, tracklet: Tracklet, followed: FollowedTrack, inference_ms: float) -> FactDraft | None:
        """What is to be told of this track and was not told yet."""
        identity = followed.consensus.identity
        if identity.state is IdentityState.PENDING or followed.probe is None:
            return None
        subject = identity.person_id or _NOBODY
        if subject in followed.told:
            return None
        followed.told.add(subject)
        what = self._identified(tracklet, followed, identity.match) if identity.person_id and identity.match else None
        return FactDraft(
            key=f"{tracklet.track_id}:{subject or 'unknown'}",
            camera_id=self._camera_id,
            timestamp=frame.captured_at_ms,
            frame_id=frame.frame_id,
            width=frame.width,
            height=frame.height,
            what=what or self._unknown(tracklet, followed, identity, frame.captured_at_ms),
            inference_ms=inference_ms,
            snapshot=frame.image,
            probe=followed.probe,
        )

    def seen_again(self, tracklet: Tracklet, followed: FollowedTrack, now_ms: int) -> None:
        """Keeps a stranger who is still here from being forgotten."""
        if _NOBODY in followed.told and followed.consensus.identity.state is IdentityState.UNKNOWN:
            self._recognise(tracklet, followed, now_ms)

    def _face(self, faces: Faces, index: int, tracklet: Tracklet, followed: FollowedTrack) -> TrackedFace:
        identity = followed.consensus.identity
        return TrackedFace(
            bbox=box_tuple(faces.boxes[index]),
            confidence=round(float(faces.scores[index]), 3),
            landmarks=point_tuples(faces.landmarks[index]),
            track_id=tracklet.track_id,
            identity=identity.state.value,
            quality=round(followed.quality.score, 3),
            reasons=[reason.value for reason in followed.quality.reasons],
            person_id=identity.person_id,
            similarity=self._similarity(identity.match.distance) if identity.match else None,
        )

    def _identified(self, tracklet: Tracklet, followed: FollowedTrack, match: Match) -> Identified:
        similarity = self._similarity(match.distance)
        return Identified(
            track_id=tracklet.track_id,
            person_id=match.person_id,
            reference_id=match.reference_id,
            similarity=similarity,
            margin=similarity - self._similarity(match.runner_up),
            first_seen=tracklet.first_seen_ms,
            bbox=box_tuple(tracklet.box),
            model_id=self._model_id,
            samples=list(followed.trace),
        )

    def _unknown(self, tracklet: Tracklet, followed: FollowedTrack, identity: Identity, now_ms: int) -> Unknown:
        return Unknown(
            track_id=tracklet.track_id,
            subject_id=self._recognise(tracklet, followed, now_ms),
            nearest_similarity=self._similarity(identity.match.distance) if identity.match else None,
            first_seen=tracklet.first_seen_ms,
            bbox=box_tuple(tracklet.box),
            model_id=self._model_id,
            samples=list(followed.trace),
        )

    def _recognise(self, tracklet: Tracklet, followed: FollowedTrack, now_ms: int) -> str:
        """The stranger's subject id; they are thereby remembered as seen now."""
        template = followed.consensus.template
        assert template is not None  # a track without samples stays pending
        return self._strangers.recognise(template, tracklet.track_id, now_ms)
