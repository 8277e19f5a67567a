"""Facts for tests."""

from __future__ import annotations

from sightline.events.fact import Fact, Identified, Sighting, SourceState, Unknown

KINDS = ("identified", "unknown", "source_state")


def make_sighting(number: int, *, sample: bytes = b"JPEG") -> Sighting:
    return Sighting(
        key=f"key-{number}", track_id=f"t{number}", camera_id="c1", first_seen=1_000, last_seen=2_000,
        identity="unknown", quality=0.9, width_px=60.0, samples=5, model_id="m", threshold=0.5, steepness=15.0,
        vector=bytes(16), sample=sample,
    )  # fmt: skip


def make_fact(number: int, kind: str = "identified", *, blobs: dict[str, str] | None = None) -> Fact:
    what: Identified | Unknown | SourceState
    if kind == "identified":
        what = Identified(
            track_id=f"t{number}",
            person_id="p1",
            reference_id="r1",
            similarity=0.9,
            margin=0.5,
            first_seen=1,
            bbox=(0, 0, 10, 10),
            model_id="m",
            samples=[],
        )
    elif kind == "unknown":
        what = Unknown(
            track_id=f"t{number}",
            subject_id="stranger-1",
            nearest_similarity=None,
            first_seen=1,
            bbox=(0, 0, 10, 10),
            model_id="m",
            samples=[],
        )
    else:
        what = SourceState(state="offline", reason="nothing listens at 10.0.0.9:554")
    return Fact(
        key=f"key-{number}",
        camera_id="c1",
        timestamp=1_000 + number,
        width=640,
        height=480,
        what=what,
        blobs=blobs or {},
    )
