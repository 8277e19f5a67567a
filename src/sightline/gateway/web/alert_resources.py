"""What REST takes and gives about alerts. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from sightline.events.alert import AlertState, Verdict
from sightline.gateway.web.resources import Body

__all__ = ["AckRequest", "AlertPage", "ClipOut", "Recorded"]


class AlertPage(BaseModel):
    """Alerts, newest first, as in `alert_triggered`."""

    alerts: list[dict[str, Any]]


class ClipOut(BaseModel):
    """What there is to see of an alert: some seconds before and after it.

    `recording` until the engine has put the file, which is seconds after its end; `missing` when it has not come for
    long (it may still); `none` for an alert that has none, or none any more.
    """

    alert_id: str
    state: Literal["recording", "ready", "missing", "none"]
    clip_url: str | None = None
    clip_starts_at: int | None = Field(default=None, description="Capture time of the clip's first picture.")
    event_offset_ms: int | None = Field(default=None, description="Where in the clip the event's picture is.")
    duration_ms: int | None = None
    media_type: str | None = None
    size_bytes: int | None = None


class AckRequest(Body):
    """A person takes an alert, and may say what they think of it. With `remember`, a rejected identification is
    remembered: that face is not called by that name again."""

    verdict: Verdict | None = None
    remember: bool = False


class Recorded(BaseModel):
    """Who has the alert now; `first` is false when somebody had taken it before. `negative_id` is what was remembered,
    by which that can be undone."""

    alert_id: str
    state: AlertState
    by: str | None
    at: int | None
    verdict: Verdict | None
    first: bool
    negative_id: str | None = None
