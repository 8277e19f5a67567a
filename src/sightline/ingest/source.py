"""What every source can do, whatever it reads from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sightline.frames import Image
from sightline.packets import EncodedPacket

__all__ = ["Source"]


class Source(Protocol):
    """An open source: `grab` frame after frame, convert with `picture` those that are wanted, `close` in the end."""

    @property
    def codec(self) -> str:
        """Name of the video codec, such as `h264`; `raw` for pictures that are drawn."""

    @property
    def fps(self) -> float:
        """Frames a second as the source declares it; 0.0 where it does not."""

    def grab(self) -> None:
        """Waits for the next frame. Raises `SourceError` when it does not come, or `interrupt` was called."""

    def picture(self) -> Image:
        """The frame grabbed last, H×W×3 uint8 BGR, in an array of its own. Raises `SourceError`."""

    @property
    def picture_ticks(self) -> int | None:
        """Time of the last `picture` as its packet has it (`pts`, in ticks of 1/90000 s), None when it has none."""

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        """What was read since the last call, encoded as the camera sent it (times on its own clock, 0 where it gives
        none) and stamped `at_ms`; with None it is let go of. Nothing from a source whose pictures are drawn.
        """

    def interrupt(self) -> None:
        """Makes a waiting `grab` give up soon. The only method that another thread may call."""

    def close(self) -> None:
        """Lets go of connection and decoder. May be called twice."""
