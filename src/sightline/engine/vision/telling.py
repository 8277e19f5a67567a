"""Putting into words what a camera's faces show: those of a frame, and facts, each told once a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Faces
from sightline.engine.vision.analysis import box_tuple, point_tuples
from sightline.engine.vision.followed_track import FollowedTrack
from sightline.events.fact import Attack, Identified, Unknown, What
from sightline.events.observation import TrackedFace
from sightline.events.scene import Liveness
from sightline.frames import Frame, Image
from sightline.identities.consensus import Identity, IdentityState, Match
from sightline.identities.presentation import PresentationState
from sightline.identities.similarity import Similarity
from sightline.tracks.tracklet import Tracklet

__all__ = ["FactDraft", "StrangerMemory", "Teller"]

_NOBODY = ""
"""In the place of a person's id among what was told of a track: that it is nobody of the gallery."""
_ATTACK = "\0attack"
"""Likewise: that it is a presentation attack. No person has such an id."""


class StrangerMemory(Protocol):
    """Who was here lately without being known; see `sightline.identities.strangers`."""

    def recognise(self, vector: NDArray[np.float32], track_id: str, now_ms: int) -> str:
        """The subject id of the stranger with this template, seen now on this track."""


@dataclass(frozen=True, slots=True, eq=False)
class FactDraft:
    """A fact with its pictures still to be encoded and put. Fields are those of `sightline.events.fact.Fact`.

    `snapshot` is the deciding frame, `probe` the track's best sample with some margin; both H × W × 3 uint8 BGR,
    `None` where the fact brings no such picture.
    """

    key: str
    camera_id: str
    timestamp: int
    frame_id: int
    width: int
    height: int
    what: What
    inference_ms: float
    snapshot: Image | None
    probe: Image | None


class Teller:
    """Speaks for one camera, in the numbers of one embedder."""

    def __init__(
        self,
        camera_id: str,
        model_id: str,
        similarity: Similarity,
        strangers: StrangerMemory,
        liveness_model: str = "",
    ) -> None:
        self._camera_id = camera_id
        self._model_id = model_id
        self._similarity = similarity
        self._strangers = strangers
        self._liveness_model = liveness_model

    def faces(
        self, frame: Frame, faces: Faces, tracks: Sequence[tuple[Tracklet, FollowedTrack]], liveness: Liveness
    ) -> list[TrackedFace]:
        """Those of the parallel `faces` and `tracks` that a closer look has verified; unnamed while their liveness
        forbids a name.
        """
        require = liveness is Liveness.REQUIRE
        return [
            self._face(faces, index, tracklet, followed, unnamed=require and followed.holds_name(frame.captured_at_ms))
            for index, (tracklet, followed) in enumerate(tracks)
            if followed.verified
        ]

    def fact(
        self,
        frame: Frame,
        tracklet: Tracklet,
        followed: FollowedTrack,
        inference_ms: float,
        liveness: Liveness = Liveness.REPORT,
        *,
        told_again: bool = False,
    ) -> FactDraft | None:
        """What is to be told of this track's identity and was not told yet; nothing while its liveness forbids it. With
        `told_again`, a name that was told while its liveness was undecided is told once more when it is decided.
        """
        identity = followed.consensus.identity
        if identity.state is IdentityState.PENDING or followed.probe is None:
            return None
        subject = identity.person_id or _NOBODY
        again = subject in followed.told
        if again and not (told_again and identity.person_id and self._is_news(followed, subject)):
            return None
        if liveness is Liveness.REQUIRE and followed.holds_name(frame.captured_at_ms):
            return None
        followed.told.add(subject)
        if followed.presentation.state is PresentationState.UNDECIDED and followed.presentation.samples:
            followed.told_undecided.add(subject)
        else:
            followed.told_undecided.discard(subject)
        named = identity.match if identity.person_id else None
        what = self._identified(tracklet, followed, named, again=again) if named else None
        return FactDraft(
            key=f"{tracklet.track_id}:{subject or 'unknown'}{':again' if again else ''}",
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

    def attack(
        self, frame: Frame, tracklet: Tracklet, followed: FollowedTrack, inference_ms: float
    ) -> FactDraft | None:
        """That this track's face is a picture of one, once."""
        presentation = followed.presentation
        if presentation.state is not PresentationState.ATTACK or _ATTACK in followed.told:
            return None
        followed.told.add(_ATTACK)
        return FactDraft(
            key=f"{tracklet.track_id}:attack",
            camera_id=self._camera_id,
            timestamp=frame.captured_at_ms,
            frame_id=frame.frame_id,
            width=frame.width,
            height=frame.height,
            what=Attack(
                track_id=tracklet.track_id,
                score=round(presentation.score or 0.0, 3),
                scores=[round(sample.score, 3) for sample in presentation.samples],
                first_seen=tracklet.first_seen_ms,
                bbox=box_tuple(tracklet.box),
                model_id=self._liveness_model,
            ),
            inference_ms=inference_ms,
            snapshot=frame.image,
            probe=followed.probe,
        )

    def seen_again(self, tracklet: Tracklet, followed: FollowedTrack, now_ms: int) -> None:
        """Keeps a stranger who is still here from being forgotten."""
        if _NOBODY in followed.told and followed.consensus.identity.state is IdentityState.UNKNOWN:
            self._recognise(tracklet, followed, now_ms)

    def _face(
        self, faces: Faces, index: int, tracklet: Tracklet, followed: FollowedTrack, *, unnamed: bool
    ) -> TrackedFace:
        identity = Identity(IdentityState.PENDING) if unnamed else followed.consensus.identity
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
            live=followed.live,
        )

    def _is_news(self, followed: FollowedTrack, subject: str) -> bool:
        decided = followed.presentation.state is not PresentationState.UNDECIDED
        return decided and subject in followed.told_undecided

    def _identified(self, tracklet: Tracklet, followed: FollowedTrack, match: Match, *, again: bool) -> Identified:
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
            vector=_template_bytes(followed),
            presentation=followed.presentation_word,
            live=followed.live,
            again=again,
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
            vector=_template_bytes(followed),
            presentation=followed.presentation_word,
            live=followed.live,
        )

    def _recognise(self, tracklet: Tracklet, followed: FollowedTrack, now_ms: int) -> str:
        """The stranger's subject id; they are thereby remembered as seen now."""
        template = followed.consensus.template
        assert template is not None  # a track without samples stays pending
        return self._strangers.recognise(template, tracklet.track_id, now_ms)


def _template_bytes(followed: FollowedTrack) -> bytes:
    template = followed.consensus.template
    assert template is not None  # a track without samples stays pending
    return template.astype("<f4").tobytes()
