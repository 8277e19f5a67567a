"""An event: an accepted fact, immutable. A decision says what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.events.alert import AlertType, Severity
from sightline.events.fact import ClipRef
from sightline.events.quiet import QuietPeriod
from sightline.events.scene import CameraView

__all__ = ["AlertDraft", "Decide", "Decision", "DecisionContext", "Event", "RecentAlert"]


@dataclass(frozen=True, slots=True)
class Event:
    """An accepted fact. `key` is the producer's idempotency key; `kind` the fact's (`identified`, `unknown`, …).

    `template` is the model's id and the template that an identification was made with, kept sealed with its alert;
    `clip` will hold its frame.
    """

    id: str
    key: str
    kind: str
    camera_id: str
    subject_id: str
    person_id: str | None
    captured_at_ms: int
    received_at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)
    template: tuple[str, bytes] | None = None
    clip: ClipRef | None = None


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert that a decision asks for; the store gives it id and offset. One that is `routed` is told to responders
    one after the other, beginning with the nearest, besides its `audience`."""

    type: AlertType
    severity: Severity
    audience: tuple[str, ...]
    why: Mapping[str, Any]
    similarity: float | None = None
    reference_id: str | None = None
    watch_list_id: str | None = None
    routed: bool = False


@dataclass(frozen=True, slots=True)
class RecentAlert:
    """An earlier alert of the same camera. `count` is how many events it stands for, `last_at_ms` the capture time of
    the latest of them; `unfinished` is false once it was closed or has expired."""

    id: str
    type: AlertType
    unfinished: bool
    count: int
    last_at_ms: int


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """What the store knows when a fact arrives, read in the same transaction that records it.

    `watch_lists` are `(id, name, severity)` of the enabled lists that the person is on; `last_event_at_ms` and
    `last_alert_at_ms` are capture times of the subject's latest earlier event and alert, over all cameras;
    the `…_here` fields the same on this camera. `open_alert_ids` are this camera's open alerts for the same subject.
    `camera_known` is false when the camera was removed meanwhile. `quiet` are the snoozes and maintenance windows of
    the event's time and camera, `recent_alerts` the camera's latest alerts, newest first; `duty_in_use` is true where
    anybody has a duty roster or said whether they are on duty. `view` is the camera's, if it has one of its own.
    `live_lists` are the ids of those `watch_lists` that take a proof of life.
    """

    camera_known: bool
    camera_alerts_unknown: bool
    person_known: bool
    watch_lists: tuple[tuple[str, str, Severity], ...]
    last_event_at_ms: int | None
    last_alert_at_ms: int | None
    last_alert_here_at_ms: int | None
    open_alert_ids: tuple[str, ...]
    duty_in_use: bool = False
    quiet: tuple[QuietPeriod, ...] = ()
    recent_alerts: tuple[RecentAlert, ...] = ()
    view: CameraView | None = None
    live_lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a fact: an alert or none, with the rule that said so; alerts whose cause is gone; or the alert
    that this event is counted onto."""

    rule: str
    alert: AlertDraft | None = None
    close: tuple[str, ...] = ()
    group_into: str | None = None


Decide = Callable[[Event, DecisionContext], Decision]
