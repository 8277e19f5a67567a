"""What REST takes and gives about alerts. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from sightline.events.alert import AlertState, Verdict
from sightline.gateway.resources import Body

__all__ = ["AckRequest", "AlertPage", "Recorded"]


class AlertPage(BaseModel):
    """Alerts, newest first, as in `alert_triggered`."""

    alerts: list[dict[str, Any]]


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
