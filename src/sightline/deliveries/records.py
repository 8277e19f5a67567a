"""What a store answers with: outcomes of writes, and what is read in one piece."""

from __future__ import annotations

from dataclasses import dataclass, field

from sightline.deliveries.entry import LogBounds
from sightline.events.alert import Alert
from sightline.events.gallery_feed import GalleryTemplate, NegativeTemplate

__all__ = [
    "Accepted",
    "Acknowledged",
    "AlertClip",
    "AuditRecord",
    "Decline",
    "Forgotten",
    "GalleryChanges",
    "Snapshot",
    "Step",
]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The outcome of a fact: recorded now, or long ago (`duplicate`); the alert it raised, if any."""

    event_id: str
    duplicate: bool
    rule: str
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class AlertClip:
    """What there is to see of an alert: the file begins at `starts_at_ms` (capture time), the event's picture lies
    `offset_ms` behind its beginning. Until the engine has put the file (`is_there`), the rest is unknown.
    """

    alert_id: str
    starts_at_ms: int
    offset_ms: int
    is_there: bool
    media_type: str | None = None
    size_bytes: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The alert after an acknowledgement; `first` is false when somebody had taken it before."""

    alert: Alert
    first: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted because it was too old."""

    alerts: int = 0
    events: int = 0
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Open alerts and the top offset, read in one transaction."""

    alerts: list[Alert]
    bounds: LogBounds


@dataclass(frozen=True, slots=True)
class GalleryChanges:
    """Changes of the gallery up to `version`; `reset` when the asker must forget what it has."""

    version: int
    templates: list[GalleryTemplate]
    tombstones: list[str]
    more: bool
    reset: bool
    negatives: list[NegativeTemplate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who did what to what, when. `actor` is a user's or machine's name; `detail` holds no secret."""

    at_ms: int
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation: `user_id` (`None`: everybody) was told at `told_at_ms`, because of `reason`.

    `distance_m` is from the camera, along the ellipsoid. `outcome` is how the step ended, at `ended_at_ms`.
    """

    alert_id: str
    level: int
    user_id: str | None
    reason: str
    outside: bool
    distance_m: float | None
    told_at_ms: int
    outcome: str | None = None
    ended_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Decline:
    """A user who said that they cannot take an alert, whether it was theirs or not; `reason` in their own words."""

    alert_id: str
    user_id: str
    at_ms: int
    reason: str
