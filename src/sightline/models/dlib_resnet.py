"""dlib's face recognition ResNet: 128 numbers a face, compared by Euclidean distance."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from sightline.identities.alignment import DLIB_TEMPLATE
from sightline.identities.similarity import Similarity
from sightline.models.dlib_conversion import DIMENSIONS
from sightline.models.manifest import DLIB_FACE_RESNET29
from sightline.models.runtime import Session
from sightline.models.store import ModelStore

__all__ = ["DlibResnet"]

_MAX_BATCH = 8
"""Chips a call: more gain nothing on a CPU and take 20 MB each."""


class DlibResnet:
    """Embeds aligned faces. Safe to call from several threads.

    `model_id` names everything that must be equal for two templates to be comparable: network and alignment.
    """

    model_id = "dlib-face-resnet29/1"
    template = DLIB_TEMPLATE
    dimensions = DIMENSIONS

    def __init__(self, session: Session, similarity: Similarity) -> None:
        self._session = session
        self.similarity = similarity
        self.name = session.name
        self.device = session.device

    @classmethod
    def load(cls, store: ModelStore, *, threads: int = 1) -> Self:
        """From the store, with the manifest's thresholds. Raises `ModelError`."""
        session = Session(DLIB_FACE_RESNET29.name, store.read(DLIB_FACE_RESNET29), threads=threads)
        thresholds = DLIB_FACE_RESNET29.embedding
        assert thresholds is not None
        return cls(session, Similarity(thresholds.max_distance, thresholds.steepness))

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 128) embeddings of chips N × 150 × 150 × 3 uint8 BGR that were aligned to `template`."""
        batches = [chips[start : start + _MAX_BATCH] for start in range(0, len(chips), _MAX_BATCH)]
        vectors = [self._session.run(batch)[0] for batch in batches]
        return np.concatenate(vectors) if vectors else np.empty((0, DIMENSIONS), np.float32)
