"""The runtime's session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sightline.exceptions import ModelError
from sightline.models import dlib_conversion
from sightline.models.runtime import Session
from tests.unit.models import dlib_files


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelError, match="does not load") as refused:
        Session("broken", b"no model")
    assert refused.value.model == "broken"


@pytest.mark.parametrize("threads", [1, 2])
def test_several_threads_may_run_one_session(threads: int) -> None:
    session = Session("small", dlib_conversion.convert(dlib_files.network(dlib_files.small())), threads=threads)
    pictures = np.random.default_rng(2).integers(0, 256, (8, 1, 150, 150, 3), dtype=np.uint8)
    alone = [session.run(picture)[0] for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: session.run(picture)[0], pictures))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert session.device == "cpu"
