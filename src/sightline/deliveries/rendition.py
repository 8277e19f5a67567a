"""The qualities in which a camera's pictures are sent, with their sizes and rates."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Quality", "Rendition", "parse_renditions"]

_ENTRY = re.compile(r"(\w+)\s*=\s*(\d{2,4})\s*@\s*(\d{1,2}(?:\.\d+)?)", re.ASCII)
MIN_SIDE_PX, MAX_SIDE_PX = 64, 7680
MAX_FPS = 60.0


class Quality(enum.StrEnum):
    """How good a stream is."""

    THUMBNAIL = "thumbnail"
    SD = "sd"
    HD = "hd"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A quality: pictures whose longest side has at most `max_side_px`, at most `fps` a second."""

    quality: Quality
    max_side_px: int
    fps: float


def parse_renditions(entries: Iterable[str]) -> Mapping[Quality, Rendition]:
    """Each quality once, as `quality=longest side@pictures a second`. Raises `ValueError` that says what is wrong.

    >>> parse_renditions(["thumbnail=320@2", "sd=960@10", "hd=1920@25"])[Quality.SD]
    Rendition(quality=<Quality.SD: 'sd'>, max_side_px=960, fps=10.0)
    """
    found: dict[Quality, Rendition] = {}
    for entry in entries:
        match = _ENTRY.fullmatch(entry.strip())
        name, side, fps = match.groups() if match else ("", "0", "0")
        if name not in list(Quality) or not MIN_SIDE_PX <= int(side) <= MAX_SIDE_PX or not 0 < float(fps) <= MAX_FPS:
            raise ValueError(f"{entry!r} is no quality; write it like sd=960@10: longest side in pixels, rate")
        found[Quality(name)] = Rendition(Quality(name), int(side), float(fps))
    missing = [quality.value for quality in Quality if quality not in found]
    if missing:
        raise ValueError(f"{', '.join(missing)} is not given")
    return MappingProxyType(found)
