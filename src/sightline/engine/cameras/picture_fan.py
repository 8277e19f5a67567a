"""One camera's decoded pictures to whoever wants more of them than are analysed, or others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sightline.engine.rates import Cadence
from sightline.frames import Frame

__all__ = ["PictureFan", "PictureTaker"]

PictureTaker = Callable[[Frame, float], None]
"""Called in the thread that reads the camera (in one that analyses it, where its faces are blurred), with the time on
the clock that never jumps, in seconds: it must neither block nor call back. The picture is everybody's: nobody may
change it."""


class PictureFan:
    """The takers of one camera. `due` is for the thread that has its pictures, the rest for every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._takers: tuple[tuple[PictureTaker, Cadence], ...] = ()

    def add(self, taker: PictureTaker, *, fps: float) -> None:
        """`taker` gets up to `fps` pictures a second from now on, each as it may leave the engine."""
        with self._lock:
            self._takers = (*self._takers, (taker, Cadence(fps)))

    def remove(self, taker: PictureTaker) -> None:
        """No more of them. Nothing happens when it gets none."""
        with self._lock:
            self._takers = tuple(one for one in self._takers if one[0] != taker)

    def due(self, now_s: float) -> Sequence[PictureTaker]:
        """Who is to have the picture of now."""
        return [taker for taker, cadence in self._takers if cadence.due(now_s)] if self._takers else ()
