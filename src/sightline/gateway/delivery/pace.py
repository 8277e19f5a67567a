"""How often one client is shown a camera: the `max_fps` of its subscription."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace"]

EARLY_SHARE = 0.25
"""How much of an interval a frame may come early: a camera's frames are never perfectly regular."""


@dataclass(slots=True)
class Pace:
    """Lets frames through at `max_fps` a second on average. What belongs to one frame shares its verdict."""

    max_fps: float
    _due_s: float = 0.0
    _frame_id: int = -1
    _shown: bool = False

    def shows(self, frame_id: int, now_s: float) -> bool:
        """Whether this frame is shown; `now_s` is monotonic."""
        if frame_id != self._frame_id:
            interval_s = 1 / self.max_fps
            self._frame_id = frame_id
            self._shown = now_s >= self._due_s - EARLY_SHARE * interval_s
            if self._shown:
                self._due_s = max(self._due_s, now_s - EARLY_SHARE * interval_s) + interval_s
        return self._shown
