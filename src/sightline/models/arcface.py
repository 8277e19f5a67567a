"""Embedders of 112 px chips: SFace, ArcFace and whatever else was trained on that alignment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.exceptions import ModelError
from sightline.identities.alignment import ARCFACE_TEMPLATE
from sightline.identities.similarity import Similarity
from sightline.models.runtime import Session

__all__ = ["ArcFace"]

_MAX_BATCH = 8
_SMALLEST_LENGTH = np.float32(1e-12)


class ArcFace:
    """Embeds aligned faces as unit vectors, so that the Euclidean distance d of two stands for their cosine 1 − d²/2.

    Safe to call from several threads. `model_id` names the file: templates of two files are not comparable.
    """

    template = ARCFACE_TEMPLATE

    def __init__(self, session: Session, model_id: str, similarity: Similarity) -> None:
        size = session.output_shapes[0][-1]
        if size is None:
            raise ModelError(
                f"the model {session.name} does not declare how long its templates are", model=session.name
            )
        self._session = session
        self._batch = _MAX_BATCH if session.input_shape[0] is None else session.input_shape[0]
        self.similarity = similarity
        self.model_id = model_id
        self.dimensions = size
        self.name = session.name
        self.device = session.device

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, D) unit vectors of chips N × 112 × 112 × 3 uint8 BGR that were aligned to `template`."""
        vectors = [self._run(chips[start : start + self._batch]) for start in range(0, len(chips), self._batch)]
        if not vectors:
            return np.empty((0, self.dimensions), np.float32)
        whole = np.concatenate(vectors)
        return np.asarray(
            whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), _SMALLEST_LENGTH), np.float32
        )

    def _run(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A batch; a file of a fixed batch gets it filled up."""
        count = len(chips)
        if self._session.input_shape[0] is not None and count < self._batch:
            chips = np.concatenate([chips, np.zeros((self._batch - count, *chips.shape[1:]), np.uint8)])
        return self._session.run(chips)[0][:count].reshape(count, -1)
