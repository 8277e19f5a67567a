"""An engine without models: cameras are read and shown, nobody is recognised, and whoever asks is told why."""

from __future__ import annotations

from sightline.engine.camera_analysis import Result
from sightline.events.engine_link import AnalysedFace, Observation
from sightline.exceptions import Unavailable
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery

__all__ = ["BlindAnalyser", "BlindAnalysis"]


class BlindAnalyser:
    """Takes the place of the analyser; `reason` says which model is missing and what to do."""

    model_id = ""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def analyse_image(self, image: Image, gallery: Gallery | None) -> list[AnalysedFace]:
        """Raises `Unavailable`."""
        raise Unavailable(self._reason)


class BlindAnalysis:
    """Takes the place of a camera's analysis: every frame is observed, none shows a face."""

    def process(self, frame: Frame, _gallery: Gallery, /) -> Result:
        """An empty observation."""
        observation = Observation(
            camera_id=frame.camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=[],
        )
        return Result(observation, (), {}, {})
