"""Comparing pairs of pictures of faces (1:1), as the product itself would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.evaluation.pairs_file import Pair
from sightline.events.still import AnalysedFace
from sightline.exceptions import SightlineError
from sightline.frames import Image
from sightline.geometry import areas
from sightline.identities.error_rates import Comparisons

__all__ = ["ComparedPairs", "Template", "compare_pairs", "describe_picture"]

NO_FACE = "no face was found"

Describe = Callable[[Image], Sequence[AnalysedFace]]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The largest face of a picture: `vector` (D,) float32, and the quality gates that it failed."""

    vector: NDArray[np.float32]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPairs:
    """`compared` are the pairs whose pictures both gave a template, `distances` (N,) parallel to them. `failures` says
    for each other picture why it gave none, `poor` which quality gates a picture failed that was compared all the same.
    """

    pairs: tuple[Pair, ...]
    compared: tuple[Pair, ...]
    distances: NDArray[np.float64]
    failures: Mapping[str, str]
    poor: Mapping[str, tuple[str, ...]]
    pictures: tuple[str, ...]

    def comparisons(self) -> Comparisons:
        """The compared pairs; units are pictures. Raises `ValueError` when one kind of pair is missing."""
        numbers = {picture: number for number, picture in enumerate(self.pictures)}
        return Comparisons(
            self.distances,
            np.array([pair.same for pair in self.compared], np.bool_),
            np.array([(numbers[pair.first], numbers[pair.second]) for pair in self.compared], np.intp).reshape(-1, 2),
        )


def compare_pairs(
    pairs: Sequence[Pair],
    read: Callable[[str], Image],
    describe: Describe,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ComparedPairs:
    """Describes every picture once, then compares the pairs. `read` gives a picture by its name; what it or `describe`
    cannot do with one is told as that picture's failure. `progress` hears how many pictures of how many are done.
    """
    pictures = tuple(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    templates: dict[str, Template] = {}
    failures: dict[str, str] = {}
    for number, name in enumerate(pictures):
        progress(number, len(pictures))
        try:
            template = describe_picture(read(name), describe)
        except OSError as problem:
            failures[name] = problem.strerror or str(problem)
        except SightlineError as problem:
            failures[name] = str(problem)
        else:
            if template is None:
                failures[name] = NO_FACE
            else:
                templates[name] = template
    progress(len(pictures), len(pictures))
    compared = tuple(pair for pair in pairs if pair.first in templates and pair.second in templates)
    distances = [_distance(templates[pair.first], templates[pair.second]) for pair in compared]
    poor = {name: template.reasons for name, template in templates.items() if template.reasons}
    return ComparedPairs(tuple(pairs), compared, np.array(distances, np.float64), failures, poor, pictures)


def describe_picture(image: Image, describe: Describe) -> Template | None:
    """The template of the largest face of a picture; `None` when there is no face."""
    faces = describe(image)
    if not faces:
        return None
    largest = int(areas(np.array([face.bbox for face in faces], np.float32)).argmax())
    return Template(np.frombuffer(faces[largest].vector, "<f4").astype(np.float32), tuple(faces[largest].reasons))


def _distance(first: Template, second: Template) -> float:
    return float(np.linalg.norm(first.vector.astype(np.float64) - second.vector))
