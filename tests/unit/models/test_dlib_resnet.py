"""dlib's network on faces of the pictures that come with the models."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sightline.identities.alignment import align
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.manifest import ASTRONAUT, GRACE_HOPPER
from sightline.models.store import ModelStore


@pytest.fixture(scope="module")
def embedder(models_home: Path) -> DlibResnet:
    return DlibResnet.load(ModelStore(models_home / "models"))


@pytest.fixture(scope="module")
def chips(models_home: Path, embedder: DlibResnet) -> np.ndarray:
    """The astronaut, the same mirrored and darker, and somebody else."""
    store = ModelStore(models_home / "models")
    detector = CenterFace.load(store)
    pictures = [np.asarray(cv2.imread(str(store.path(entry))), np.uint8) for entry in (ASTRONAUT, GRACE_HOPPER)]
    one, other = (align(image, detector.detect(image).landmarks[0], embedder.template).image for image in pictures)
    return np.stack([one, one[:, ::-1], (one * 0.6).astype(np.uint8), other])


def test_the_same_person_is_near_and_another_far(embedder: DlibResnet, chips: np.ndarray) -> None:
    vectors = embedder.embed(chips)
    assert vectors.shape == (4, embedder.dimensions)
    assert vectors.dtype == np.float32
    distances = np.linalg.norm(vectors - vectors[0], axis=1)
    assert (distances[1:3] < 0.3).all()
    assert distances[3] > 0.6


def test_the_order_of_colours_matters(embedder: DlibResnet, chips: np.ndarray) -> None:
    right, wrong = embedder.embed(np.stack([chips[0], chips[0][:, :, ::-1]]))
    assert np.linalg.norm(right - wrong) > 0.05


@pytest.mark.parametrize("count", [0, 1, 8, 9, 20])
def test_batches_of_any_size(embedder: DlibResnet, chips: np.ndarray, count: int) -> None:
    many = chips[np.arange(count) % 4]
    vectors = embedder.embed(many)
    assert vectors.shape == (count, 128)
    alone = embedder.embed(chips)
    assert np.allclose(vectors, alone[np.arange(count) % 4], atol=1e-5)


def test_similarity_is_half_at_the_manifests_threshold(embedder: DlibResnet) -> None:
    assert embedder.similarity(embedder.similarity.threshold) == 0.5
    assert embedder.model_id == "dlib-face-resnet29/1"
