from __future__ import annotations

import numpy as np
import pytest

from sightline.evaluation.figures import pair_figures
from sightline.evaluation.pairs import NO_FACE, ComparedPairs, compare_pairs
from sightline.evaluation.pairs_file import read_pairs
from sightline.events.still import AnalysedFace
from sightline.exceptions import ImageError
from sightline.frames import Image
from sightline.identities.similarity import Similarity

SIMILARITY = Similarity(threshold=0.5, steepness=15.0)


def _face(value: float, width: float = 50, reasons: list[str] | None = None) -> AnalysedFace:
    return AnalysedFace(
        bbox=(0, 0, width, width),
        confidence=0.9,
        landmarks=[],
        quality=1.0,
        reasons=reasons or [],
        vector=np.array([value, 0], "<f4").tobytes(),
        probe=b"",
    )


FACES = {
    1: [_face(0.0)],
    2: [_face(9.0, width=20), _face(0.2)],
    3: [_face(1.0, reasons=["blurred"])],
    4: [_face(1.4)],
    5: [],
}


def _read(name: str) -> Image:
    if name == "broken":
        raise ImageError("it is damaged")
    if name == "gone":
        raise FileNotFoundError(2, "No such file", "/somewhere/private")
    return np.full((1, 1, 3), int(name), np.uint8)


def _compared(text: str) -> ComparedPairs:
    return compare_pairs(read_pairs(text), _read, lambda image: FACES[int(image[0, 0, 0])])


def test_compares_the_largest_faces() -> None:
    result = _compared("1,2,1\n1,3,0\n3,4,1\n")
    assert result.distances == pytest.approx([0.2, 1.0, 0.4], abs=1e-6)
    assert result.poor == {"3": ("blurred",)}


def test_tells_why_a_picture_was_not_enrolled_and_goes_on() -> None:
    result = _compared("1,2,1\n1,5,0\nbroken,1,0\n1,3,0\ngone,2,1\n")
    assert result.failures == {"5": NO_FACE, "broken": "it is damaged", "gone": "No such file"}
    assert [pair.line for pair in result.compared] == [1, 4]


def test_hears_about_progress() -> None:
    heard: list[tuple[int, int]] = []
    compare_pairs(read_pairs("1,2,1\n"), _read, lambda image: FACES[1], lambda done, total: heard.append((done, total)))
    assert heard == [(0, 2), (1, 2), (2, 2)]


def test_figures_of_pairs() -> None:
    figures, _ = pair_figures(
        _compared("1,2,1\n3,4,1\n1,3,0\n2,4,0\n1,5,1\n"), SIMILARITY, model="m", target_fmr=0.01, resamples=50
    )
    assert (figures["auc"], figures["accuracy"], figures["fnmr_at_fmr_0"]) == (1.0, 1.0, 0.0)
    assert figures["threshold"] == pytest.approx(0.7, abs=1e-6)
    assert figures["counts"] == {"pairs": 5, "compared": 4, "same": 2, "different": 2, "pictures": 5}
    assert figures["failures_to_enrol"] == 1
    assert figures["setting"]["fnmr"] == 0.0
    assert figures["proposal"]["similarity"] < 0.5
    assert figures["proposal"]["enough_comparisons"] is False


def test_a_wrong_pair_is_shown() -> None:
    figures, _ = pair_figures(
        _compared("1,2,1\n1,4,1\n3,4,0\n1,3,0\n"), SIMILARITY, model="m", target_fmr=0.01, resamples=50
    )
    assert {(one["first"], one["second"]) for one in figures["errors"]} <= {("1", "4"), ("3", "4"), ("1", "3")}
    assert figures["accuracy"] == pytest.approx(0.75)


def test_one_kind_of_pair_is_not_enough() -> None:
    with pytest.raises(ValueError, match="different people"):
        pair_figures(_compared("1,2,1\n"), SIMILARITY, model="m", target_fmr=0.01, resamples=50)
