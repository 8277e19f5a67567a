"""For how long a client has not confirmed what is due to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["Lateness"]

MAX_MARKS = 1024
"""Over it further marks are merged into the newest: what is oldest stays exact."""


@dataclass(slots=True)
class Lateness:
    """Marks when the log grew, and forgets a mark once the client has everything up to it."""

    _marks: deque[tuple[int, int]] = field(default_factory=deque)

    def due(self, top: int, now_ms: int) -> None:
        """The log reaches `top` now."""
        if self._marks and top <= self._marks[-1][0]:
            return
        if len(self._marks) >= MAX_MARKS:
            _, at_ms = self._marks.pop()
            self._marks.append((top, at_ms))
        else:
            self._marks.append((top, now_ms))

    def has(self, offset: int) -> None:
        """The client has everything addressed to it up to `offset`."""
        while self._marks and self._marks[0][0] <= offset:
            self._marks.popleft()

    def since_ms(self) -> int | None:
        """Since when the oldest mark waits; `None` when nothing does."""
        return self._marks[0][1] if self._marks else None
