"""What a track left when it ended, and the strangers that such sightings are grouped into."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.identities.similarity import Similarity

__all__ = [
    "Appearance",
    "NegativeRecord",
    "NewNegative",
    "NewSighting",
    "Sighting",
    "Stranger",
    "StrangerErasure",
    "StrangerRef",
    "StrangerState",
]


@dataclass(frozen=True, slots=True)
class Appearance:
    """That a camera saw somebody: a sighting of theirs, or an event about them, which is one moment."""

    camera_id: str
    first_seen_ms: int
    last_seen_ms: int


@dataclass(frozen=True, slots=True)
class NewSighting:
    """A sighting as an engine tells of it. `vector` is float32 little-endian, `sample` a JPEG.

    `decided` is false while the consensus was still open when the track ended: such a one may join a group, but does
    not found one. `curve` maps a distance between templates of `model_id` to a similarity.
    """

    track_id: str
    camera_id: str
    model_id: str
    first_seen_ms: int
    last_seen_ms: int
    person_id: str | None
    decided: bool
    similarity: float | None
    quality: float
    live: float | None
    width_px: float
    samples: int
    curve: Similarity
    vector: bytes
    sample: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """A recorded sighting, without its sample and template, which are sealed at rest.

    `stranger_id` is the group after merging, `stranger_number` its number; `key` is what the search knows it by.
    """

    id: str
    key: int
    track_id: str
    camera_id: str
    model_id: str
    first_seen_ms: int
    last_seen_ms: int
    person_id: str | None
    stranger_id: str | None
    stranger_number: int | None
    similarity: float | None
    quality: float
    live: float | None
    width_px: float
    samples: int


class StrangerState(enum.StrEnum):
    """What somebody decided about a stranger."""

    OPEN = "open"
    IGNORED = "ignored"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Stranger:
    """A group of sightings of somebody whom nobody has enrolled, with those of the groups merged into it.

    `best_sighting_id` has the best sample; `merged` are the numbers of the groups merged into this one.
    """

    id: str
    number: int
    state: StrangerState
    created_at_ms: int
    merged_into: int | None
    sightings: int
    first_seen_ms: int | None
    last_seen_ms: int | None
    best_sighting_id: str | None
    merged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StrangerRef:
    """A stranger as an alert names them; `sightings` counts those that ended before."""

    id: str
    number: int
    sightings: int
    ignored: bool


@dataclass(frozen=True, slots=True)
class StrangerErasure:
    """What was erased of a stranger; `pictures` are those of alerts."""

    number: int
    erased_at_ms: int
    sightings: int
    alerts: int
    pictures: int


@dataclass(frozen=True, slots=True)
class NewNegative:
    """"Not this person": said by `by` of an alert or a sighting (`source` and its id)."""

    person_id: str
    source: str
    source_id: str
    by: str


@dataclass(frozen=True, slots=True)
class NegativeRecord:
    """A stored negative, without its template, which is sealed with the person's key."""

    id: str
    person_id: str
    model_id: str
    source: str
    source_id: str
    by: str
    created_at_ms: int
