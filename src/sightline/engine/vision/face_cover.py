"""Where in a camera's frames there are faces that nobody may see.

Whoever wants to recognise somebody can wait for a better picture; whoever wants nobody recognised has this one only.
So everything that might be a face is covered, half as sure as detection asks elsewhere, and so is where a face was a
moment ago: one that is missed in a frame, as it turns away or is hidden for an instant, is covered all the same.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sightline.engine.vision.blurring import blurred, wholly_blurred
from sightline.engine.vision.telling import FactDraft
from sightline.events.fact import Identified
from sightline.frames import Frame
from sightline.geometry import Boxes
from sightline.tracks.tracker import Tracker
from sightline.tracks.tracklet import LifeCycle

__all__ = ["FINER", "RESCAN_MS", "UNSURE", "FaceCover", "fit_to_leave", "shown"]

FINER = 1.5
"""By how much larger the picture is in which faces are looked for."""
RESCAN_MS = 1_000
"""How often all of the picture is looked at, while something moves in a part of it."""
UNSURE = 0.5
"""The share of a detector's own least confidence from which something is covered."""
_HELD_MS = 1_500
"""How long a face that is not found any more is covered: longer than `RESCAN_MS`, for what does not move is not looked
at in between."""


class FaceCover:
    """The places of one camera. Not thread-safe."""

    def __init__(self, camera_id: str) -> None:
        rules = LifeCycle(confirm_hits=1, tentative_ms=_HELD_MS, lost_ms=_HELD_MS)
        self._tracker = Tracker(f"{camera_id}-cover", rules)

    def boxes(self, found: Boxes, clear: NDArray[np.bool_], at_ms: int) -> Boxes:
        """(M, 4) px, what to cover in the frame of that time: of what was `found` in it (N, 4) all that is not `clear`
        (N,), and every place where something was found shortly before.
        """
        update = self._tracker.update(found, at_ms)
        open_to_see = {tracklet.track_id for tracklet, free in zip(update.tracklets, clear, strict=True) if free}
        covered = [
            _reach(tracklet.box, tracklet.expected(at_ms))
            for tracklet in self._tracker.alive
            if tracklet.track_id not in open_to_see
        ]
        return np.array(covered, np.float32).reshape(-1, 4)

    def end(self) -> None:
        """Another scene, or the camera was away: nobody is where they were."""
        self._tracker.end_all()


def shown(frame: Frame, covered: Boxes | None) -> Frame:
    """The frame as it may leave the engine, `covered` (N, 4) px blurred; all of it where nobody could look (`None`)."""
    image = wholly_blurred(frame.image) if covered is None else blurred(frame.image, covered)
    return dataclasses.replace(frame, image=image, detail=None)


def fit_to_leave(draft: FactDraft, leaving: Frame) -> FactDraft:
    """A fact about a face, in whose pictures nobody is seen but who was recognised: that one has to be compared with
    the reference by a person.
    """
    probe = draft.probe
    if probe is not None and not isinstance(draft.what, Identified):
        probe = wholly_blurred(probe)
    return dataclasses.replace(draft, snapshot=None if draft.snapshot is None else leaving.image, probe=probe)


def _reach(last: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """The box around where a face was and where it should be."""
    return np.concatenate([np.minimum(last[:2], expected[:2]), np.maximum(last[2:], expected[2:])])
