"""What an engine does while a model is missing: cameras are read and shown, and every question says what is missing."""

from __future__ import annotations

from sightline.engine.vision.camera_analysis import Result
from sightline.engine.vision.face_cover import shown
from sightline.engine.vision.sighting import SightingDraft
from sightline.engine.vision.stills import Look, Seen
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.exceptions import Unavailable
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery
from sightline.privacy import FaceBlur

__all__ = ["NoAnalyser", "NoAnalysis"]


class NoAnalysis:
    """A camera's analysis without a model: observations without faces, so that live pictures go on. Where faces are to
    be blurred everything is: nobody can say where they are.
    """

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        """An empty observation."""
        observation = Observation(
            camera_id=frame.camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=[],
        )
        leaving = shown(frame, None) if frame.blur is not FaceBlur.OFF else None
        return Result(observation, (), {"total": 0.0}, {"total": 0.0}, leaving=leaving)

    def leave(self) -> tuple[SightingDraft, ...]:
        """There are no tracks that could leave anything."""
        return ()


class NoAnalyser:
    """The analyser of still pictures without a model."""

    def __init__(self, model_id: str, reason: str) -> None:
        self._model_id = model_id
        self._reason = reason

    @property
    def model_id(self) -> str:
        """The embedder's that would be here."""
        return self._model_id

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        """Raises `Unavailable` with the reason."""
        raise Unavailable(self._reason)
