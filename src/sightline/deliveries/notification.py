"""What is said outside of the console: a title, a line and a link, or the alert whole.

A phone shows it on its locked screen and it passes through somebody else's servers, so no person's name is in title
and line unless the administrator wants it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.deliveries.channel import NoticeEvent
from sightline.events.alert import AlertState, Severity

__all__ = ["Notification", "notification", "trial"]


@dataclass(frozen=True, slots=True)
class Notification:
    """`id` names this delivery and stays the same when it is tried again. `path` is the alert's page in the console,
    `url` the same where the server's public address is known; `data` is the alert as in `alert_triggered`."""

    id: str
    event: NoticeEvent
    alert_id: str | None
    severity: Severity
    title: str
    body: str
    path: str
    url: str | None
    at_ms: int
    data: Mapping[str, Any]


def notification(
    id: str, event: NoticeEvent, alert: Mapping[str, Any], *, with_names: bool, public_url: str | None
) -> Notification:
    """What is said about an alert, whose data are those of `alert_triggered` with its present state."""
    path = f"/alerts/{alert['alert_id']}"
    return Notification(
        id=id,
        event=event,
        alert_id=alert["alert_id"],
        severity=Severity(alert["severity"]),
        title=_title(event, alert, with_names),
        body=f"{_words(alert['type'])}{_seen_before(alert)}, {alert['severity']}",
        path=path,
        url=_url(public_url, path),
        at_ms=alert["timestamp"],
        data=alert,
    )


def trial(id: str, *, now_ms: int, public_url: str | None) -> Notification:
    """What an administrator sends to see whether a channel works."""
    return Notification(
        id=id,
        event=NoticeEvent.TEST,
        alert_id=None,
        severity=Severity.INFO,
        title="Test from Sightline",
        body="This channel works. No alert was raised.",
        path="/",
        url=_url(public_url, "/"),
        at_ms=now_ms,
        data={},
    )


def _title(event: NoticeEvent, alert: Mapping[str, Any], with_names: bool) -> str:
    where = alert["camera"]["name"] or "a camera"
    person = alert["person"]
    name = f"{person['first_name']} {person['last_name']}".strip() if with_names and person else ""
    match event:
        case NoticeEvent.ALERT_UNANSWERED:
            subject = f"Nobody has taken the alert about {name}" if name else "Nobody has taken the alert"
        case NoticeEvent.ALERT_UPDATED:
            subject = f"{name}, {AlertState(alert['state']).value}" if name else f"Alert {alert['state']}"
        case _:
            subject = name or "Alert"
    return f"{subject} at {where}"


def _seen_before(alert: Mapping[str, Any]) -> str:
    """The number of a stranger who was here before."""
    stranger = alert.get("why", {}).get("stranger")
    return f" (stranger {stranger['number']}, seen {stranger['seen']} times)" if stranger else ""


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _url(public_url: str | None, path: str) -> str | None:
    return f"{public_url.rstrip('/')}{path}" if public_url else None
