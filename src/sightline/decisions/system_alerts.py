"""Alerts that the system raises of itself: nobody is on duty, frames that cannot be served, and the test of the way to
people."""

from __future__ import annotations

from sightline.decisions.policy import routed
from sightline.events.alert import AlertType, Severity
from sightline.events.event import AlertDraft, Decision, DecisionContext

__all__ = ["DUTY", "TEST", "nobody_on_duty", "of_frames", "somebody_on_duty", "still_offline", "test_alert"]

DUTY = "duty"
"""The subject of alerts about the duty roster."""
TEST = "test"
"""The subject of test alerts."""


def nobody_on_duty(context: DecisionContext, audience: tuple[str, ...], reason: str) -> Decision:
    """One alert for as long as it lasts: whoever is told again and again stops to listen."""
    if context.open_alert_ids:
        return Decision("still_nobody_on_duty")
    why = {"rule": "nobody_on_duty", "reason": reason}
    return Decision("nobody_on_duty", AlertDraft(AlertType.NOBODY_ON_DUTY, Severity.WARNING, audience, why))


def somebody_on_duty(context: DecisionContext) -> Decision:
    """The cause is gone."""
    return Decision("somebody_on_duty", close=context.open_alert_ids)


def of_frames(
    context: DecisionContext, audience: tuple[str, ...], type: AlertType, severity: Severity, reason: str
) -> Decision:
    """Something about frames that clients push; one alert until somebody has taken it."""
    if context.open_alert_ids:
        return Decision(f"{type.value}_known")
    return Decision(type.value, AlertDraft(type, severity, audience, {"rule": type.value, "reason": reason}))


def still_offline(
    context: DecisionContext, audience: tuple[str, ...], severity: Severity = Severity.WARNING
) -> Decision:
    """A camera went offline in a time without alerts, which is over, and has not come back."""
    if context.open_alert_ids:
        return Decision("camera_still_offline")
    why = {"rule": "camera_offline", "reason": "it went offline in a time without alerts, and has not come back"}
    return Decision("camera_offline", AlertDraft(AlertType.CAMERA_OFFLINE, severity, audience, why))


def test_alert(
    context: DecisionContext, audience: tuple[str, ...], severity: Severity, *, by: str, to_responders: bool
) -> Decision:
    """An alert that goes the way of a real one and says that it is none. `by` is the name of who asked for it."""
    draft = AlertDraft(AlertType.TEST, severity, audience, {"rule": "test", "test": True, "by": by})
    return Decision("test", routed(draft) if to_responders and context.duty_in_use else draft)


test_alert.__test__ = False  # type: ignore[attr-defined]  # pytest collects functions of this name
