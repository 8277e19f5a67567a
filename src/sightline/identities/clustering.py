"""Which sightings of strangers are of the same stranger, decided once for each as it comes.

A sighting joins the group whose centre (the mean of its members) is nearest, if that is near enough; else it founds a
group of its own. Whatever comes later changes no earlier decision: what a person has named, merged, ignored or
corrected stays as it is. The price is that one stranger may be given two numbers, which a person can merge; the wrong
join, which nobody notices, is the dearer fault, so the distance is that at which a name would be given.

Comparing with centres, and not with the nearest member, keeps a group within that distance of its middle: members
cannot chain it from one face to the next.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Groups"]

_FIRST_ROWS = 64


class Groups:
    """The groups of one model's templates, by id. Templates are (D,) float32; sums are kept in double precision, so
    that taking a member out again leaves what was before to the last bit that matters. Not thread-safe.
    """

    def __init__(self, dimensions: int, *, max_distance: float) -> None:
        """A sighting joins a group up to `max_distance` (of the embedder) from its centre."""
        self._max_distance = max_distance
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._sums = np.zeros((_FIRST_ROWS, dimensions), np.float64)
        self._counts = np.zeros(_FIRST_ROWS, np.int64)
        self._centres = np.zeros((_FIRST_ROWS, dimensions), np.float32)
        self._norms = np.zeros(_FIRST_ROWS, np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, group_id: object) -> bool:
        return group_id in self._rows

    def size(self, group_id: str) -> int:
        """How many members a group has."""
        row = self._rows.get(group_id)
        return int(self._counts[row]) if row is not None else 0

    def nearest(self, vector: NDArray[np.float32]) -> str | None:
        """The group that a sighting with this template belongs to; `None` when it would found one."""
        count = len(self._ids)
        if not count:
            return None
        probe = np.asarray(vector, np.float32)
        closest = int((self._norms[:count] - 2 * (self._centres[:count] @ probe)).argmin())
        distance = float(np.linalg.norm(self._centres[closest] - probe))
        return self._ids[closest] if distance <= self._max_distance else None

    def add(self, group_id: str, vector: NDArray[np.float32]) -> None:
        """A member more; of a group that is new, if need be."""
        row = self._rows.get(group_id)
        if row is None:
            row = self._found(group_id)
        self._sums[row] += vector
        self._counts[row] += 1
        self._centre(row)

    def remove(self, group_id: str, vector: NDArray[np.float32]) -> None:
        """A member less; a group without members is gone. Raises `KeyError` for a group that is not there."""
        row = self._rows[group_id]
        if self._counts[row] == 1:
            self._drop(row)
            return
        self._sums[row] -= vector
        self._counts[row] -= 1
        self._centre(row)

    def place(self, vectors: Iterable[NDArray[np.float32]], founded: Iterable[str]) -> list[str]:
        """The group of each sighting in turn, as a new group of the next id of `founded` where there is none; each is
        a member from then on.
        """
        new_ids, placed = iter(founded), []
        for vector in vectors:
            group_id = self.nearest(vector) or next(new_ids)
            self.add(group_id, vector)
            placed.append(group_id)
        return placed

    def _found(self, group_id: str) -> int:
        row = len(self._ids)
        if row == len(self._counts):
            self._grow()
        self._ids.append(group_id)
        self._rows[group_id] = row
        return row

    def _drop(self, row: int) -> None:
        """The last row takes the place of the one that goes."""
        last = len(self._ids) - 1
        del self._rows[self._ids[row]]
        if row != last:
            self._ids[row] = self._ids[last]
            self._rows[self._ids[row]] = row
            for values in (self._sums, self._counts, self._centres, self._norms):
                values[row] = values[last]
        self._ids.pop()
        for values in (self._sums, self._counts, self._centres, self._norms):
            values[last] = 0

    def _centre(self, row: int) -> None:
        self._centres[row] = self._sums[row] / self._counts[row]
        self._norms[row] = self._centres[row] @ self._centres[row]

    def _grow(self) -> None:
        for name in ("_sums", "_counts", "_centres", "_norms"):
            values = getattr(self, name)
            setattr(self, name, np.concatenate([values, np.zeros_like(values)]))
