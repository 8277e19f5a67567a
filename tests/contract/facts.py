"""Facts, decisions and records in short form, for tests of stores."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sightline.cameras import Camera
from sightline.events.alert import Alert, AlertType, Severity
from sightline.events.event import AlertDraft, Decide, Decision, DecisionContext, Event
from sightline.identities.subject import NewReference, Person
from sightline.stores import SqlStore

NOON_MS = 1_767_265_205_000
"""2026-01-01 12:00:05 in Berlin."""
MODEL = "embedder-1"
OPERATORS = frozenset({"role:operator"})


def event(key: str, **changed: Any) -> Event:
    values: dict[str, Any] = {
        "id": "", "key": key, "kind": "identified", "camera_id": "camera-1", "subject_id": "stranger-1",
        "person_id": None, "captured_at_ms": NOON_MS, "received_at_ms": NOON_MS + 50, "data": {},
    }  # fmt: skip
    return Event(**(values | changed))


def draft(**changed: Any) -> AlertDraft:
    values: dict[str, Any] = {
        "type": AlertType.WATCHLIST_MATCH, "severity": Severity.CRITICAL,
        "audience": ("role:operator", "role:admin"), "why": {"rule": "watch_list"},
    }  # fmt: skip
    return AlertDraft(**(values | changed))


def alerting(close: Collection[str] = (), **changed: Any) -> Decide:
    return lambda event, context: Decision("watch_list", draft(**changed), tuple(close))


def silent(event: Event, context: DecisionContext) -> Decision:
    return Decision("seen_recently")


async def raise_alert(store: SqlStore, key: str, *, now_ms: int = NOON_MS + 60, **changed: Any) -> Alert:
    """An alert raised by an event with `changed` fields."""
    accepted = await store.alerts.accept(event(key, **changed), alerting(), blobs={}, now_ms=now_ms)
    assert accepted.alert is not None
    return accepted.alert


async def context_of(store: SqlStore, key: str, **changed: Any) -> DecisionContext:
    """What a decision about an event with `changed` fields is shown; the event is recorded."""
    shown: list[DecisionContext] = []

    def decide(event: Event, context: DecisionContext) -> Decision:
        shown.append(context)
        return Decision("looked")

    await store.alerts.accept(event(key, **changed), decide, blobs={}, now_ms=NOON_MS)
    return shown[0]


async def enrol(store: SqlStore, first_name: str = "Ada", last_name: str = "Lovelace") -> Person:
    return await store.people.create(
        first_name=first_name, last_name=last_name, age=36, description="mathematician", now_ms=NOON_MS
    )


async def add_camera(store: SqlStore, **changed: Any) -> Camera:
    values: dict[str, Any] = {
        "name": "Front door", "source": "rtsp://viewer:pr1vate@10.0.0.9/stream", "latitude": 52.5, "longitude": 13.4,
        "analysis_fps": 5.0, "enabled": True, "alert_unknown": False, "now_ms": NOON_MS,
    }  # fmt: skip
    return await store.cameras.create(**(values | changed))


def sample(number: int, **changed: Any) -> NewReference:
    values: dict[str, Any] = {
        "model_id": MODEL, "quality": 0.9, "file_name": f"photo-{number}.jpg", "sha256": f"{number:064x}",
        "sample": b"JPEG of sample %d" % number, "vector": b"template %d" % number,
    }  # fmt: skip
    return NewReference(**(values | changed))
