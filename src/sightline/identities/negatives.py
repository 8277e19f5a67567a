"""Faces of which somebody said that they are not this person, and what follows from it.

The rule: a probe is refused as a person when it is nearer to one of that person's negatives than to any of their
references. It needs no threshold of its own. A reference and a negative of one person part the space between them by
the plane half-way: whoever looks more like the face that was rejected than like the one that was enrolled is on the
wrong side of it, and everybody else is named as before. So a negative costs nothing but the look-alike it was made of,
and the person themself is refused only if they look more like the look-alike than like their own photographs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Negative", "Negatives"]


@dataclass(frozen=True, slots=True, eq=False)
class Negative:
    """A face that is not this person. `vector` (D,) float32."""

    negative_id: str
    person_id: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Negatives:
    """Immutable; a change makes a new one."""

    by_id: Mapping[str, Negative] = field(default_factory=dict)
    _by_person: dict[str, NDArray[np.float32]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grouped: dict[str, list[NDArray[np.float32]]] = {}
        for negative in self.by_id.values():
            grouped.setdefault(negative.person_id, []).append(negative.vector)
        object.__setattr__(self, "_by_person", {person: np.stack(rows) for person, rows in grouped.items()})

    def __len__(self) -> int:
        return len(self.by_id)

    @property
    def people(self) -> Collection[str]:
        """Whom there are negatives of."""
        return self._by_person.keys()

    def updated(self, added: Sequence[Negative], removed: Collection[str] = ()) -> Self:
        """Without those `removed`, and with those `added`, which replace those of the same id."""
        kept = {name: negative for name, negative in self.by_id.items() if name not in removed}
        return type(self)(kept | {negative.negative_id: negative for negative in added})

    def refused(
        self, person_id: str, probes: NDArray[np.float32], squared: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """(N,) whether each of the `probes` (N, D) is refused as this person, from whose nearest reference it has the
        `squared` (N,) distance. On the plane half-way a probe is refused.
        """
        rows = self._by_person.get(person_id)
        if rows is None:
            return np.zeros(len(probes), np.bool_)
        apart = probes[:, None, :] - rows[None, :, :]
        return np.asarray(np.einsum("nmd,nmd->nm", apart, apart).min(axis=1) <= squared, np.bool_)
