"""A subject of the gallery (in the console: a person) and their references."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ErasureReceipt", "NewReference", "Person", "Reference"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled. `age` is in years as entered, `references` counts the enrolled samples."""

    id: str
    first_name: str
    last_name: str
    age: int | None
    description: str
    created_at_ms: int
    references: int = 0
    watch_lists: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """First and last name as one string."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Reference:
    """One enrolled sample of a person, without its picture and template, which are sealed at rest."""

    id: str
    person_id: str
    model_id: str
    quality: float
    file_name: str
    sha256: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class NewReference:
    """A sample to enrol: `sample` is the JPEG of the face with margin, `vector` the template (float32 little-endian).

    `sha256` is of the picture as it was given, so that the same photograph is not enrolled twice.
    """

    model_id: str
    quality: float
    file_name: str
    sha256: str
    sample: bytes
    vector: bytes


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was erased of a person, to be kept or handed over. Holds no name."""

    person_id: str
    erased_at_ms: int
    references: int
    alerts: int
    events: int
    pictures: int
    sightings: int = 0
    negatives: int = 0
