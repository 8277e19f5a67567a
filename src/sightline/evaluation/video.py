"""A recorded video run through a camera's analysis, frame by frame, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sightline.engine.vision.camera_analysis import Result
from sightline.evaluation.tracks import SeenTrack
from sightline.events.fact import Identified
from sightline.events.scene import Scene
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery

__all__ = ["Analysis", "Recorded", "follow", "thinned"]

_BEGIN_MS = 1_000_000
"""When the video begins, on the clock of its analysis: any time but the first moments of the epoch."""


class Analysis(Protocol):
    """One camera's analysis; see `sightline.engine.vision.camera_analysis`."""

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        """What the frame shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A frame of a video: `number` from 0, `time_s` from its beginning, `picture` decodes it (H × W × 3 uint8 BGR)."""

    number: int
    time_s: float
    picture: Callable[[], Image]


def thinned(frames: Iterable[Recorded], fps: float) -> Iterator[Recorded]:
    """As many of the frames as a camera analysed `fps` times a second would see."""
    step_s, due_s = 1.0 / fps, 0.0
    for frame in frames:
        if frame.time_s + 1e-6 >= due_s:
            yield frame
            late = frame.time_s - due_s >= step_s
            due_s = (frame.time_s if late else due_s) + step_s


def follow(
    frames: Iterable[Recorded], analysis: Analysis, gallery: Gallery, *, name: Callable[[str], str], in_seconds: bool
) -> list[SeenTrack]:
    """The tracks of the faces that were verified, with the names that they were given at any time.

    `name` turns a person's id into what the truth calls them. Moments are seconds, else frame numbers.
    """
    tracks: dict[str, SeenTrack] = {}
    scene = Scene()
    for frame in frames:
        at_ms = _BEGIN_MS + round(frame.time_s * 1000)
        result = analysis.process(Frame("evaluation", frame.number, at_ms, frame.picture()), gallery, scene)
        moment = frame.time_s if in_seconds else float(frame.number)
        for face in result.observation.faces:
            track = tracks.setdefault(face.track_id, SeenTrack(face.track_id))
            track.moments.append((moment, face.bbox))
        for fact in result.facts:
            if isinstance(fact.what, Identified):
                track = tracks.setdefault(fact.what.track_id, SeenTrack(fact.what.track_id))
                track.names.add(name(fact.what.person_id))
    return list(tracks.values())
