"""Sightings in short form, for tests of stores."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline.identities.sighting import NewSighting, Sighting
from sightline.identities.similarity import Similarity
from sightline.stores import SqlStore
from tests.contract.facts import MODEL, NOON_MS

CURVE = Similarity(0.5, 20.0)


def vector(*numbers: float) -> bytes:
    return np.array(numbers, "<f4").tobytes()


def track(number: int, **changed: Any) -> NewSighting:
    values: dict[str, Any] = {
        "track_id": f"track-{number}", "camera_id": "camera-1", "model_id": MODEL,
        "first_seen_ms": NOON_MS + number * 1000, "last_seen_ms": NOON_MS + number * 1000 + 500, "person_id": None,
        "decided": True, "similarity": 0.1, "quality": round(0.5 + number / 100, 2), "live": None, "width_px": 60.0,
        "samples": 6, "curve": CURVE, "vector": vector(number, 0), "sample": b"JPEG of track %d" % number,
    }  # fmt: skip
    return NewSighting(**(values | changed))


async def leave(store: SqlStore, number: int, **changed: Any) -> Sighting:
    """A recorded sighting."""
    assert await store.sightings.accept(track(number, **changed), now_ms=NOON_MS + number * 1000 + 600)
    (found,) = [one for one in await store.sightings.list(limit=500) if one.track_id == f"track-{number}"]
    return found


async def strangers_of(store: SqlStore, *groups: tuple[str, list[int]]) -> None:
    """Sightings by their numbers, put into groups."""
    for group, numbers in groups:
        for number in numbers:
            sighting = await leave(store, number)
            await store.strangers.place([(sighting.key, group, True)], now_ms=NOON_MS)
