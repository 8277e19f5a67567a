"""People whom nobody enrolled, remembered for a few minutes so that the same one is reported as the same one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Strangers"]

_NEW_SAMPLE_WEIGHT = 0.25
"""Share by which a remembered template moves towards the newest one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stranger:
    subject_id: str
    vector: NDArray[np.float32]
    seen_at_ms: int


class Strangers:
    """The strangers of the last `memory_ms`, at most `capacity`: the one not seen for longest is forgotten first.

    Two templates at most `max_distance` apart are the same stranger. May serve several cameras from several threads:
    a call replaces the whole memory in one step. Of two calls at the very same moment one may go unremembered; that
    stranger then gets another id next time.
    """

    def __init__(self, *, max_distance: float, memory_ms: int = 600_000, capacity: int = 256) -> None:
        self._max_distance = max_distance
        self._memory_ms = memory_ms
        self._capacity = capacity
        self._known: tuple[_Stranger, ...] = ()

    def __len__(self) -> int:
        return len(self._known)

    def recognise(self, vector: NDArray[np.float32], track_id: str, now_ms: int) -> str:
        """The subject id of the stranger with this template (D,), seen now on this track; a new one if need be."""
        recent = [one for one in self._known if now_ms - one.seen_at_ms <= self._memory_ms]
        found = self._nearest(recent, vector)
        if found is None:
            seen = _Stranger(f"stranger-{track_id}", vector, now_ms)
        else:
            recent.remove(found)
            moved = (1 - _NEW_SAMPLE_WEIGHT) * found.vector + _NEW_SAMPLE_WEIGHT * vector
            seen = _Stranger(found.subject_id, moved.astype(np.float32), max(found.seen_at_ms, now_ms))
        ordered = sorted([*recent, seen], key=lambda one: one.seen_at_ms)
        self._known = tuple(ordered[-self._capacity :])
        return seen.subject_id

    def _nearest(self, among: list[_Stranger], vector: NDArray[np.float32]) -> _Stranger | None:
        if not among:
            return None
        distances = np.linalg.norm(np.stack([one.vector for one in among]) - vector, axis=1)
        best = int(distances.argmin())
        return among[best] if distances[best] <= self._max_distance else None
