"""How well a gallery tells its own people apart: every reference is a probe once, against all the others.

A probe that should be found is *mated* with the nearest other reference of its person; one that should not is
compared with everybody else, as if its person were not enrolled. At a threshold, FNIR is the share of probes that are
not found under their own name, FPIR the share that would be taken for somebody else (ISO/IEC 19795-1).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.identities.error_rates import Comparisons
from sightline.identities.gallery import Gallery

__all__ = ["ConfusablePair", "LeftOut", "leave_one_out"]

_ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class ConfusablePair:
    """The nearest two references of two people; which of their references, and how far apart."""

    person_ids: tuple[str, str]
    reference_ids: tuple[str, str]
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """What every reference found, as arrays parallel to the gallery's references.

    `own` (R,): distance to the nearest other reference of the same person, infinite where there is none; `others`
    (R,): to the nearest reference of anybody else. `confusable`: pairs of people, nearest first.
    """

    own: NDArray[np.float64]
    others: NDArray[np.float64]
    owners: NDArray[np.intp]
    confusable: tuple[ConfusablePair, ...]

    @property
    def probes_with_mate(self) -> int:
        """Probes whose person has another reference."""
        return int(np.isfinite(self.own).sum())

    def comparisons(self, *, margin: float = 0.0) -> Comparisons:
        """Searches as comparisons: one mated per probe that has a mate, one non-mated per probe.

        A probe to which somebody else is as near as its own person, or nearer than `margin` beyond it, is never found:
        its distance is infinite. Units are people. Raises `ValueError` when nobody has two references, or there is
        only one person.
        """
        mates = np.isfinite(self.own)
        found = np.where(self.others - self.own > margin, self.own, np.inf)[mates]
        strangers = np.isfinite(self.others)
        owners = np.concatenate([self.owners[mates], self.owners[strangers]])
        return Comparisons(
            np.concatenate([found, self.others[strangers]]),
            np.repeat([True, False], [int(mates.sum()), int(strangers.sum())]),
            np.stack([owners, owners], axis=1).astype(np.intp),
        )


def leave_one_out(gallery: Gallery, *, pairs: int = 20) -> LeftOut:
    """Compares every reference with all others; keeps the `pairs` most confusable pairs of people.

    Time grows with the square of the gallery: 10,000 references of 128 numbers take about 10 s of one core.
    """
    people = {person: code for code, person in enumerate(dict.fromkeys(gallery.person_ids))}
    owners = np.array([people[person] for person in gallery.person_ids], np.intp)
    count = len(gallery)
    own, others, rivals = np.full(count, np.inf), np.full(count, np.inf), np.zeros(count, np.intp)
    norms = np.einsum("rd,rd->r", gallery.vectors, gallery.vectors)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, count))
        squared = norms[rows, None] - 2 * (gallery.vectors[rows] @ gallery.vectors.T) + norms[None, :]
        distances = np.sqrt(np.maximum(squared, 0.0)).astype(np.float64)
        same = owners[rows, None] == owners[None, :]
        itself = np.arange(rows.start, rows.stop)[:, None] == np.arange(count)[None, :]
        own[rows] = np.where(same & ~itself, distances, np.inf).min(axis=1)
        foreign = np.where(same, np.inf, distances)
        rivals[rows] = foreign.argmin(axis=1)
        others[rows] = foreign.min(axis=1)
    return LeftOut(own, others, owners, _confusable(gallery, others, rivals, pairs))


def _confusable(
    gallery: Gallery, others: NDArray[np.float64], rivals: NDArray[np.intp], pairs: int
) -> tuple[ConfusablePair, ...]:
    nearest: dict[tuple[str, str], ConfusablePair] = {}
    for index in np.argsort(others, kind="stable"):
        if not np.isfinite(others[index]):
            break
        rival = int(rivals[index])
        ends = sorted([(gallery.person_ids[index], int(index)), (gallery.person_ids[rival], rival)])
        key = (ends[0][0], ends[1][0])
        if key not in nearest:
            names = (gallery.reference_ids[ends[0][1]], gallery.reference_ids[ends[1][1]])
            nearest[key] = ConfusablePair(key, names, float(others[index]))
    return tuple(heapq.nsmallest(pairs, nearest.values(), key=lambda pair: pair.distance))
