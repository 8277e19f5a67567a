"""The tracklets of one camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.geometry import Boxes
from sightline.tracks.association import associate
from sightline.tracks.tracklet import LifeCycle, Tracklet, TrackletState

__all__ = ["Tracker", "TrackUpdate"]


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """What one frame changed. `tracklets` is parallel to the frame's faces; `ended` are those that are
    over.
    """

    tracklets: tuple[Tracklet, ...]
    ended: tuple[Tracklet, ...]


class Tracker:
    """Follows the faces of one camera. Not thread-safe.

    Ids are `{prefix}-{number}`: give each camera, and each run of the engine, another prefix.
    """

    def __init__(self, prefix: str, rules: LifeCycle | None = None) -> None:
        self._prefix = prefix
        self._rules = rules or LifeCycle()
        self._alive: list[Tracklet] = []
        self._count = 0

    @property
    def alive(self) -> tuple[Tracklet, ...]:
        """Those that are not ended, oldest first."""
        return tuple(self._alive)

    def pace(self, rules: LifeCycle) -> None:
        """From now on tracklets live by these rules: the camera is looked at more seldom, or more often."""
        self._rules = rules

    def update(self, boxes: Boxes, at_ms: int) -> TrackUpdate:
        """Takes the faces (N, 4) px of the frame captured at `at_ms`."""
        outdated = self._end_outdated(at_ms)
        expected = np.array([one.expected(at_ms) for one in self._alive], np.float32).reshape(-1, 4)
        pairs = {column: self._alive[row] for row, column in associate(expected, boxes)}
        for column, tracklet in pairs.items():
            tracklet.found(boxes[column], at_ms, self._rules)
        found = set(map(id, pairs.values()))
        for tracklet in self._alive:
            if id(tracklet) not in found:
                tracklet.missed(at_ms, self._rules)
        tracklets = tuple(pairs.get(column) or self._born(boxes, column, at_ms) for column in range(len(boxes)))
        return TrackUpdate(tracklets, outdated + self._sweep())

    def replace(self, tracklet: Tracklet, at_ms: int) -> Tracklet:
        """Ends a tracklet whose face turned out to be somebody else's, and begins one in its place."""
        self._count += 1
        fresh = Tracklet.born(self._id(), tracklet.box, at_ms)
        fresh.state, fresh.velocity = TrackletState.CONFIRMED, tracklet.velocity
        tracklet.state = TrackletState.ENDED
        self._alive = [fresh if one is tracklet else one for one in self._alive]
        return fresh

    def end_all(self) -> tuple[Tracklet, ...]:
        """Ends every tracklet: the scene changed, or the camera stopped."""
        for tracklet in self._alive:
            tracklet.state = TrackletState.ENDED
        return self._sweep()

    def _end_outdated(self, at_ms: int) -> tuple[Tracklet, ...]:
        """After a gap between frames a face in the same place need not be the same face."""
        for tracklet in self._alive:
            if at_ms - tracklet.last_seen_ms > self._rules.lost_ms:
                tracklet.state = TrackletState.ENDED
        return self._sweep()

    def _born(self, boxes: Boxes, index: int, at_ms: int) -> Tracklet:
        self._count += 1
        tracklet = Tracklet.born(self._id(), boxes[index], at_ms)
        self._alive.append(tracklet)
        return tracklet

    def _id(self) -> str:
        return f"{self._prefix}-{self._count:x}"

    def _sweep(self) -> tuple[Tracklet, ...]:
        ended = tuple(one for one in self._alive if one.state is TrackletState.ENDED)
        self._alive = [one for one in self._alive if one.state is not TrackletState.ENDED]
        return ended
