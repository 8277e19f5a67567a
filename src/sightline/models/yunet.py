"""YuNet: a face detector of a quarter of a megabyte, with five landmarks."""

from __future__ import annotations

from sightline.detections import yunet
from sightline.detections.faces import Faces
from sightline.detections.letterbox import Letterbox
from sightline.frames import Image
from sightline.models.runtime import Session

__all__ = ["YuNet"]


class YuNet:
    """Finds faces in pictures of any size. Safe to call from several threads.

    The published file declares 640 × 640 px, but nothing in it depends on that: `session` is of the file with free
    sides. `min_score` and `longest_side` as of `CenterFace`.
    """

    def __init__(self, session: Session, *, min_score: float, longest_side: int = 640) -> None:
        self._session = session
        self.min_score = min_score
        self._longest_side = longest_side
        self.name = session.name
        self.device = session.device

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The faces of a picture, best first, in its pixels; arguments as of `CenterFace.detect`."""
        height, width = image.shape[:2]
        if scale is None:
            scale = min(1.0, self._longest_side / max(width, height))
        box = Letterbox.at_scale(width, height, scale=scale, multiple=yunet.MULTIPLE_PX)
        outputs = self._session.run(box.apply(image)[None])
        named = {name: output[0] for name, output in zip(self._session.outputs, outputs, strict=True)}
        least = self.min_score if min_score is None else min_score
        return yunet.decode(named, *box.outer, min_score=least).scaled(1 / box.scale)
