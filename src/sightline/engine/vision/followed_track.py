"""What an engine remembers of one track beside its path."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sightline.engine.vision.analysis import FaceSample, probe_crop
from sightline.events.fact import PresentationWord, TrackSample
from sightline.frames import Frame, Image
from sightline.geometry import Boxes
from sightline.identities.consensus import Consensus, IdentityState
from sightline.identities.presentation import Presentation, PresentationState
from sightline.identities.quality import Quality
from sightline.tracks.best_shots import SamplingHistory, SamplingRules
from sightline.tracks.tracklet import Tracklet

__all__ = ["MAX_HOLD_MS", "FollowedTrack"]

MAX_HOLD_MS = 3_000
"""For how long a name waits for a proof of life that does not come."""

_TRACE_SAMPLES = 12
"""Samples of a track that a fact shows; older ones are dropped."""


@dataclass(slots=True, eq=False)
class FollowedTrack:
    """`verified`: a closer look has shown a face; `quality`: of the newest sample; `trace`: how samples fared.

    `doubted`: the scene changed so much that this may be another face now. `probe` is the best sample so far with some
    margin, BGR, `probe_score` its quality, `probe_width_px` the width of its face; `told` holds what was told of this
    track, by person id, `told_undecided` what of it while its liveness was undecided. `presentation` is its liveness;
    `held_since_ms` when its name was first held back for want of it.
    """

    consensus: Consensus
    history: SamplingHistory = field(default_factory=SamplingHistory)
    trace: deque[TrackSample] = field(default_factory=lambda: deque(maxlen=_TRACE_SAMPLES))
    verified: bool = False
    doubted: bool = False
    quality: Quality = Quality(0.0)
    probe: Image | None = None
    told: set[str] = field(default_factory=set)
    told_undecided: set[str] = field(default_factory=set)
    probe_score: float = -1.0
    probe_width_px: float = 0.0
    presentation: Presentation = field(default_factory=Presentation)
    held_since_ms: int | None = None

    @property
    def decided(self) -> bool:
        """Whether the consensus has answered."""
        return self.consensus.identity.state is not IdentityState.PENDING

    @property
    def live(self) -> float | None:
        """How much it looks bona fide so far, 0 to 1; `None` where nobody looked."""
        score = self.presentation.score
        return None if score is None else round(score, 3)

    @property
    def presentation_word(self) -> PresentationWord:
        """The state of its liveness; empty where nobody looked."""
        return self.presentation.state.value if self.presentation.samples else ""

    def holds_name(self, at_ms: int) -> bool:
        """Whether it may not be named yet, or not at all, where that takes a proof of life.

        Who stays undecided is named after `MAX_HOLD_MS` all the same: an alert that says so is better than none.
        """
        state = self.presentation.state
        if state is PresentationState.ATTACK:
            return True
        if state is PresentationState.BONA_FIDE or not self.presentation.samples:
            return False
        if self.held_since_ms is None:
            self.held_since_ms = at_ms
        return at_ms - self.held_since_ms < MAX_HOLD_MS

    def is_known(self, at_ms: int, *, require_life: bool) -> bool:
        """Whether it is somebody of the gallery beyond doubt, in the flesh as far as that is asked for."""
        if self.consensus.identity.state is not IdentityState.KNOWN or self.doubted:
            return False
        if self.presentation.state is PresentationState.ATTACK:
            return False
        return not (require_life and self.holds_name(at_ms))

    @property
    def hurries(self) -> bool:
        """Whether a decided track is sampled like an undecided one, because its name waits for a proof of life."""
        return self.held_since_ms is not None and self.presentation.state is PresentationState.UNDECIDED

    def wants_sample(self, tracklet: Tracklet, at_ms: int, rules: SamplingRules, *, min_width_px: float) -> bool:
        """Whether its face, found now, is worth a closer look; one narrower than `min_width_px` only until a closer
        look has shown that it is one.
        """
        if self.verified and tracklet.width < min_width_px:
            return False
        return self.history.wants(tracklet.width, at_ms, decided=self.decided and not self.hurries, rules=rules)

    def doubt(self) -> None:
        """Asks for a sample at once, to be compared with those so far; there is nothing to doubt without any."""
        if self.consensus.samples:
            self.doubted = True
            self.history.again()

    def nothing_there(self, tracklet: Tracklet, at_ms: int) -> None:
        """A closer look showed no face."""
        self.history.taken(tracklet.width, at_ms, good=False)

    def saw(
        self, sample: FaceSample, tracklet: Tracklet, picture: Image, at_ms: int, others: Boxes | None = None
    ) -> None:
        """A closer look at `picture` showed a face, aligned and judged since. `others` (N, 4) px are those in it that
        its probe must not show."""
        self.verified = True
        self.quality = sample.quality
        self.history.taken(tracklet.width, at_ms, good=sample.quality.good)
        if sample.quality.score > self.probe_score:
            self.probe, self.probe_score = probe_crop(picture, sample.box, others), sample.quality.score
            self.probe_width_px = float(sample.box[2] - sample.box[0])

    def note(
        self, frame: Frame, quality: Quality, person_id: str | None = None, similarity: float | None = None
    ) -> None:
        """Adds a line to the trace."""
        self.trace.append(
            TrackSample(
                frame_id=frame.frame_id,
                timestamp=frame.captured_at_ms,
                quality=round(quality.score, 3),
                reasons=[reason.value for reason in quality.reasons],
                person_id=person_id,
                similarity=similarity,
            )
        )
