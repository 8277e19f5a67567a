"""What a track leaves when it ends: its best sample and its template, so that a face can be looked for in the past.

A track without one good sample has no template and leaves nothing: its picture could neither be searched nor grouped,
and what is of no use is not kept of anybody. One that was judged a presentation attack names nobody: it shows a picture
of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sightline.engine.vision.blurring import wholly_blurred
from sightline.engine.vision.followed_track import FollowedTrack
from sightline.events.fact import Sighting
from sightline.frames import Image
from sightline.identities.consensus import IdentityState
from sightline.identities.presentation import PresentationState
from sightline.identities.similarity import Similarity
from sightline.images import encode_jpeg
from sightline.privacy import FaceBlur
from sightline.tracks.tracklet import Tracklet

__all__ = ["SightingDraft", "draft_sighting", "sighting_key"]

SAMPLE_QUALITY = 92


@dataclass(frozen=True, slots=True, eq=False)
class SightingDraft:
    """A sighting whose sample is still to be encoded. `picture` is the best sample, H × W × 3 uint8 BGR."""

    sighting: Sighting
    picture: Image

    def encoded(self) -> Sighting:
        """The sighting, whole."""
        return msgspec.structs.replace(self.sighting, sample=encode_jpeg(self.picture, quality=SAMPLE_QUALITY))


def sighting_key(track_id: str) -> str:
    """The idempotency key of a track's sighting: there is one a track."""
    return f"{track_id}:sighting"


def draft_sighting(
    camera_id: str,
    tracklet: Tracklet,
    followed: FollowedTrack,
    *,
    model_id: str,
    similarity: Similarity,
    blur: FaceBlur = FaceBlur.OFF,
) -> SightingDraft | None:
    """What an ended track leaves, if it has a template. Its picture is blurred where `blur` includes this face."""
    template = followed.consensus.template
    if template is None or followed.probe is None:
        return None
    identity = followed.consensus.identity
    attack = followed.presentation.state is PresentationState.ATTACK
    sighting = Sighting(
        key=sighting_key(tracklet.track_id),
        track_id=tracklet.track_id,
        camera_id=camera_id,
        first_seen=tracklet.first_seen_ms,
        last_seen=tracklet.last_seen_ms,
        identity=IdentityState.PENDING.value if attack else identity.state.value,
        quality=round(followed.probe_score, 3),
        width_px=round(followed.probe_width_px, 1),
        samples=followed.history.good_samples,
        model_id=model_id,
        threshold=similarity.threshold,
        steepness=similarity.steepness,
        vector=template.astype("<f4").tobytes(),
        sample=b"",
        person_id=None if attack else identity.person_id,
        similarity=similarity(identity.match.distance) if identity.match else None,
        live=followed.live,
    )
    is_open = blur is FaceBlur.OFF or (blur is FaceBlur.UNKNOWN and sighting.person_id is not None)
    return SightingDraft(sighting, followed.probe if is_open else wholly_blurred(followed.probe))
