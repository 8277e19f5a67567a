"""The part of a frame in which faces can be new: where something moved, and where faces were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.geometry import Boxes

__all__ = ["WHOLE_SHARE", "region_of_interest"]

WHOLE_SHARE = 0.7
"""A region that covers more of the frame than this is not worth cutting out."""


def region_of_interest(
    parts: Boxes, width: int, height: int, *, margin_px: int, step_px: int
) -> NDArray[np.float32] | None:
    """The box (4,), whole px, around all `parts` (N, 4) with a margin; `None` for the whole `width` × `height` frame.

    Its sides are multiples of `step_px` where the frame has room: what a network would pad is better filled with
    picture.
    """
    limits = np.array([width, height], np.float32)
    near = np.clip(parts[:, :2].min(axis=0) - margin_px, 0, limits)
    far = np.clip(parts[:, 2:].max(axis=0) + margin_px, 0, limits)
    sides = np.minimum(np.ceil(np.maximum(far - near, 1) / step_px) * step_px, limits)
    if float(sides.prod()) > WHOLE_SHARE * width * height:
        return None
    near = np.floor(np.clip((near + far - sides) / 2, 0, limits - sides))
    return np.concatenate([near, near + sides]).astype(np.float32)
