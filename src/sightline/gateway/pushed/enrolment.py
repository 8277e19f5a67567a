"""From a photograph to a reference: which face of it, and whether it is good enough.

The choice is pure; finding and embedding the faces is the analyst's work.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.events.still import AnalysedFace
from sightline.identities.quality_reason import ADVICE, QualityReason

__all__ = ["Choice", "Refusal", "choose_face"]

MAIN_FACE_RATIO = 3.0
"""The one face meant is this many times larger than every other; else nobody can know who is meant."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a photograph is refused: codes for programs, sentences for people."""

    codes: list[str]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The face to enrol."""

    face: AnalysedFace


def choose_face(faces: list[AnalysedFace]) -> Choice | Refusal:
    """The face of a photograph that shows one person, good enough to be recognised by."""
    if not faces:
        return Refusal(["no_face"], ["No face was found: use a photograph that shows the whole face from the front."])
    ordered = sorted(faces, key=_area, reverse=True)
    if len(ordered) > 1 and _area(ordered[0]) < MAIN_FACE_RATIO * _area(ordered[1]):
        return Refusal(
            ["several_faces"],
            [f"There are {len(faces)} faces of similar size: cut the picture so that only this person is left."],
        )
    face = ordered[0]
    if face.reasons:
        return Refusal(list(face.reasons), [ADVICE[QualityReason(reason)] for reason in face.reasons])
    return Choice(face)


def _area(face: AnalysedFace) -> float:
    x1, y1, x2, y2 = face.bbox
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)
