"""CenterFace: a face detector that also gives five landmarks."""

from __future__ import annotations

from typing import Self

from sightline.detections import centerface
from sightline.detections.faces import Faces
from sightline.detections.letterbox import Letterbox
from sightline.frames import Image
from sightline.models.manifest import CENTERFACE
from sightline.models.runtime import Session
from sightline.models.store import ModelStore

__all__ = ["CenterFace"]

_MULTIPLE_PX = 32


class CenterFace:
    """Finds faces in pictures of any size. Safe to call from several threads.

    `min_score` is the least confidence of a face, `longest_side` the side in px to which larger pictures are
    shrunk when the caller gives no scale.
    """

    def __init__(self, session: Session, *, min_score: float, longest_side: int = 640) -> None:
        self._session = session
        self.min_score = min_score
        self._longest_side = longest_side
        self.name = session.name
        self.device = session.device

    @classmethod
    def load(cls, store: ModelStore, *, threads: int = 1, min_score: float | None = None) -> Self:
        """From the store; `min_score` defaults to the manifest's. Raises `ModelError`."""
        session = Session(CENTERFACE.name, store.read(CENTERFACE), threads=threads)
        default = CENTERFACE.min_score
        assert default is not None
        return cls(session, min_score=default if min_score is None else min_score)

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        """The faces of a picture, best first, in its pixels.

        `scale` (at most 1) is the factor by which the picture is resized for the network; `min_score` takes the place
        of the detector's own.
        """
        height, width = image.shape[:2]
        if scale is None:
            box = Letterbox.fit(width, height, longest_side=self._longest_side, multiple=_MULTIPLE_PX)
        else:
            box = Letterbox.at_scale(width, height, scale=scale, multiple=_MULTIPLE_PX)
        heat, log_sizes, offsets, landmarks = self._session.run(box.apply(image)[None])
        least = self.min_score if min_score is None else min_score
        faces = centerface.decode(heat[0], log_sizes[0], offsets[0], landmarks[0], min_score=least)
        return faces.scaled(1 / box.scale)
