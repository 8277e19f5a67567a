"""One tracklet: a face followed through one camera."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline import geometry

__all__ = ["LifeCycle", "Tracklet", "TrackletState"]

_MAX_PREDICTION_MS = 600
"""Beyond it a face is expected where it would have been then: speeds do not last."""

_VELOCITY_MEMORY = 0.5
"""Share of the former velocity in the new one."""


class TrackletState(enum.StrEnum):
    """Where a tracklet is in its life."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """When a tracklet changes its state.

    Confirmed at the `confirm_hits`-th frame in which it was found; ended when not found for longer than
    `tentative_ms` (before that) or `lost_ms` (after it).
    """

    confirm_hits: int = 2
    tentative_ms: int = 700
    lost_ms: int = 2_000

    def stretched(self, gap_ms: int) -> LifeCycle:
        """For a camera that is looked at every `gap_ms` only: nobody is missed who could not have been found."""
        return LifeCycle(self.confirm_hits, max(self.tentative_ms, 2 * gap_ms), max(self.lost_ms, 3 * gap_ms))


@dataclass(slots=True, eq=False)
class Tracklet:
    """A face's path. `box` (4,) float32 px is where it was last found, `velocity` (2,) px a millisecond.

    `overlap` is the intersection over union, 0 to 1, of where it was last expected and where it was found.
    """

    track_id: str
    first_seen_ms: int
    last_seen_ms: int
    box: NDArray[np.float32]
    velocity: NDArray[np.float32]
    hits: int = 1
    overlap: float = 1.0
    state: TrackletState = TrackletState.TENTATIVE

    @classmethod
    def born(cls, track_id: str, box: NDArray[np.float32], at_ms: int) -> Tracklet:
        """A face found for the first time."""
        return cls(track_id, at_ms, at_ms, box, np.zeros(2, np.float32))

    @property
    def width(self) -> float:
        """Width of the face in px, where it was last found."""
        return float(self.box[2] - self.box[0])

    def expected(self, at_ms: int) -> NDArray[np.float32]:
        """(4,) the box where the face should be now if it moved on as before."""
        elapsed_ms = min(max(at_ms - self.last_seen_ms, 0), _MAX_PREDICTION_MS)
        return self.box + np.tile(self.velocity * np.float32(elapsed_ms), 2)

    def found(self, box: NDArray[np.float32], at_ms: int, rules: LifeCycle) -> None:
        """The face was found again."""
        self.overlap = float(geometry.iou(self.expected(at_ms)[None], box[None])[0, 0])
        elapsed_ms = at_ms - self.last_seen_ms
        if elapsed_ms > 0:
            shift = (box[:2] + box[2:] - self.box[:2] - self.box[2:]) / 2
            newest = shift / np.float32(elapsed_ms)
            kept = np.float32(_VELOCITY_MEMORY if self.hits > 1 else 0)
            self.velocity = np.asarray(kept * self.velocity + (1 - kept) * newest, np.float32)
        self.box, self.last_seen_ms = box, max(at_ms, self.last_seen_ms)
        self.hits += 1
        if self.state is not TrackletState.TENTATIVE or self.hits >= rules.confirm_hits:
            self.state = TrackletState.CONFIRMED

    def missed(self, at_ms: int, rules: LifeCycle) -> None:
        """The face was not found in the frame of this time."""
        tentative = self.state is TrackletState.TENTATIVE
        if at_ms - self.last_seen_ms > (rules.tentative_ms if tentative else rules.lost_ms):
            self.state = TrackletState.ENDED
        elif not tentative:
            self.state = TrackletState.LOST
