"""Where alerts go besides connected clients: a device's push subscription, a webhook, a mailbox or messenger.

A push subscription belongs to one user's device and gets what that user is told. A channel is the administrator's; it
chooses for itself what it is told, by event and severity.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, field

from sightline.events.alert import Severity

__all__ = ["Channel", "ChannelKind", "NoticeEvent", "PushSubscription", "is_at_least", "wants"]

_SEVERITY_ORDER = list(Severity)


class ChannelKind(enum.StrEnum):
    """By what means somebody is told."""

    WEB_PUSH = "web_push"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class NoticeEvent(enum.StrEnum):
    """What somebody is told of: a new alert, a new state of one, or that nobody has taken it in time."""

    ALERT_TRIGGERED = "alert_triggered"
    ALERT_UPDATED = "alert_updated"
    ALERT_UNANSWERED = "alert_unanswered"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """What a browser gave (RFC 8030, RFC 8291): where to send, and the keys to encrypt for, both in base64url.

    `endpoint` is a capability, so neither it nor a key is ever shown.
    """

    id: str
    user_id: str
    device: str
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A webhook (`address` is its URL, `secret` signs) or an Apprise address, which holds its credentials itself."""

    id: str
    name: str
    kind: ChannelKind
    address: str = field(repr=False)
    secret: str | None = field(repr=False)
    events: tuple[NoticeEvent, ...]
    min_severity: Severity
    enabled: bool
    created_at_ms: int


def is_at_least(severity: Severity, least: Severity) -> bool:
    """Whether `severity` is as loud as `least` or louder.

    >>> is_at_least(Severity.ERROR, Severity.WARNING), is_at_least(Severity.INFO, Severity.WARNING)
    (True, False)
    """
    return _SEVERITY_ORDER.index(severity) >= _SEVERITY_ORDER.index(least)


def wants(events: Collection[str], least: str, enabled: bool, event: NoticeEvent, severity: Severity) -> bool:
    """Whether a channel with these settings is told of `event` of an alert this loud."""
    return enabled and event.value in events and is_at_least(severity, Severity(least))
