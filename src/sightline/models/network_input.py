"""The input of a network that may be of fixed or of free size."""

from __future__ import annotations

from sightline.detections.letterbox import Letterbox
from sightline.models.runtime import Session

__all__ = ["letterbox_for"]

_MULTIPLE_PX = 32
_LONGEST_SIDE_PX = 640
_GREY = 114
"""What YOLO networks were trained to see beside a picture."""


def letterbox_for(session: Session, width: int, height: int, scale: float | None = None) -> Letterbox:
    """How a picture of `width` × `height` px goes into the network, resized by `scale` where there is room; by default
    it fills the input, or 640 px, and is not enlarged.
    """
    _, rows, columns, _ = session.input_shape
    wanted = 1.0 if scale is None else min(scale, 1.0)
    if rows is not None and columns is not None:
        return Letterbox.within(width, height, outer=(columns, rows), scale=wanted, fill=_GREY)
    wanted = min(wanted, _LONGEST_SIDE_PX / max(width, height))
    free = Letterbox.at_scale(width, height, scale=wanted, multiple=_MULTIPLE_PX)
    return Letterbox(free.scale, free.inner, free.outer, _GREY)
