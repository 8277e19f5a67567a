"""Every template of one model in memory, in half precision: a million of 128 numbers take 256 MB and 25 ms a query.

Search is exact, up to the rounding of half precision (about 3 decimal digits): no approximate index, no training, and
a template is found from the moment it was added, and not found from the moment it was removed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

__all__ = ["Entry", "TemplateIndex", "Window"]

_FIRST_ROWS = 1024
NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A template to be searched. `vector` (D,) float32; `camera` is a number that the caller gave the camera."""

    key: int
    camera: int
    first_seen_ms: int
    last_seen_ms: int
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """Which entries are searched: those of any of the `cameras`, seen within the times; `None` is no restriction."""

    cameras: frozenset[int] | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.cameras is None and self.from_ms is None and self.to_ms is None


class TemplateIndex:
    """Not thread-safe. Keys are whole numbers from 0 on, below 2^63; distances are Euclidean."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_L2)
        self._rows: dict[int, int] = {}
        self._keys = np.zeros(_FIRST_ROWS, np.int64)
        self._cameras = np.zeros(_FIRST_ROWS, np.int32)
        self._first_ms = np.zeros(_FIRST_ROWS, np.int64)
        self._last_ms = np.zeros(_FIRST_ROWS, np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def add(self, entries: Sequence[Entry]) -> None:
        """Takes entries whose keys are not here yet. Raises `ValueError` for one that is, and for a vector of another
        length or that is not finite."""
        if not entries:
            return
        keys = [entry.key for entry in entries]
        vectors = np.stack([entry.vector for entry in entries]).astype(np.float32)
        if vectors.shape[1] != self.dimensions or not np.isfinite(vectors).all():
            raise ValueError(f"a template has {self.dimensions} finite numbers")
        if len(set(keys)) < len(keys) or not self._rows.keys().isdisjoint(keys):
            raise ValueError("a template is added once")
        start = len(self._rows)
        self._reserve(start + len(entries))
        self._index.add(vectors)
        place = slice(start, start + len(entries))
        self._keys[place] = keys
        self._cameras[place] = [entry.camera for entry in entries]
        self._first_ms[place] = [entry.first_seen_ms for entry in entries]
        self._last_ms[place] = [entry.last_seen_ms for entry in entries]
        self._rows.update(zip(keys, range(start, start + len(entries)), strict=True))

    def remove(self, keys: Collection[int]) -> None:
        """Forgets entries, at once and for good; keys that are not here are ignored."""
        rows = np.array(sorted(self._rows[key] for key in set(keys) if key in self._rows), np.int64)
        if not len(rows):
            return
        count = len(self._rows)
        self._index.remove_ids(faiss.IDSelectorBatch(rows))
        kept = np.delete(np.arange(count), rows)
        for values in (self._keys, self._cameras, self._first_ms, self._last_ms):
            values[: len(kept)] = values[kept]
        self._rows = dict(zip(self._keys[: len(kept)].tolist(), range(len(kept)), strict=True))

    def vector(self, key: int) -> NDArray[np.float32]:
        """(D,) a template, as precisely as it is kept. Raises `KeyError`."""
        return np.asarray(self._index.reconstruct(self._rows[key]), np.float32)

    def search(
        self, probes: NDArray[np.float32], count: int, window: Window | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, K) keys and distances of the K nearest entries to each of the probes (N, D), nearest first, K at most
        `count`; a place for which there is no entry has the key -1 and an infinite distance.
        """
        count = min(count, len(self._rows))
        if not count:
            return np.full((len(probes), 0), NOWHERE, np.int64), np.full((len(probes), 0), np.inf, np.float32)
        selector = self._selector(window) if window is not None and not window.everything else None
        parameters = faiss.SearchParameters(sel=selector) if selector is not None else None
        wanted = np.ascontiguousarray(probes, np.float32)
        squared, rows = self._index.search(wanted, count, params=parameters)
        found = rows >= 0
        keys = np.where(found, self._keys[np.where(found, rows, 0)], NOWHERE)
        distances = np.where(found, np.sqrt(np.maximum(squared, 0)), np.inf)
        return keys.astype(np.int64), distances.astype(np.float32)

    def _selector(self, window: Window) -> faiss.IDSelectorBitmap:
        count = len(self._rows)
        wanted = np.ones(count, np.bool_)
        if window.cameras is not None:
            wanted &= np.isin(self._cameras[:count], list(window.cameras))
        if window.from_ms is not None:
            wanted &= self._last_ms[:count] >= window.from_ms
        if window.to_ms is not None:
            wanted &= self._first_ms[:count] <= window.to_ms
        return faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))

    def _reserve(self, rows: int) -> None:
        while len(self._keys) < rows:
            for name in ("_keys", "_cameras", "_first_ms", "_last_ms"):
                values = getattr(self, name)
                setattr(self, name, np.concatenate([values, np.zeros_like(values)]))
