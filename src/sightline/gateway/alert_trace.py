"""Why there is an alert, whole: what was seen, which gates it passed, who was told when, and what became of it."""

from __future__ import annotations

from typing import Any

from sightline.deliveries.records import Step
from sightline.events.alert import Alert
from sightline.gateway.delivery.views import AlertViews
from sightline.gateway.directory import Directory
from sightline.gateway.ports import Store

__all__ = ["alert_trace"]


async def alert_trace(alert: Alert, store: Store, directory: Directory, views: AlertViews) -> dict[str, Any]:
    """`{alert, rule, gates, samples, looks, liveness, place, timeline}`; the timeline is in order of time."""
    why = alert.why
    steps = await store.escalations.steps(alert.id)
    timeline = [
        {"at": why.get("first_seen"), "what": "first_seen"},
        {"at": alert.captured_at_ms, "what": "captured", "frame_id": why.get("frame_id")},
        {"at": (why.get("timings") or {}).get("received"), "what": "received_by_gateway"},
        {"at": alert.created_at_ms, "what": "raised"},
        *[entry for step in steps for entry in await _told(step, directory)],
    ]
    if alert.at_ms is not None:
        by = await directory.users.find(alert.by)
        timeline.append({"at": alert.at_ms, "what": alert.state.value, "by": by.name if by else None})
    return {
        "alert": await views.alert(alert),
        "rule": why.get("rule"),
        "gates": why.get("gates", []),
        "samples": why.get("samples", []),
        "looks": why.get("looks", []),
        "liveness": why.get("liveness"),
        "place": {name: why.get(name) for name in ("zone", "line", "direction")},
        "timeline": sorted((entry for entry in timeline if entry["at"] is not None), key=lambda entry: entry["at"]),
    }


async def _told(step: Step, directory: Directory) -> list[dict[str, Any]]:
    user = await directory.users.find(step.user_id)
    who = {"user": user.name if user else None, "level": step.level}
    told = {"at": step.told_at_ms, "what": "told", "reason": step.reason, "distance_m": step.distance_m, **who}
    if step.ended_at_ms is None:
        return [told]
    return [told, {"at": step.ended_at_ms, "what": "ended", "outcome": step.outcome, **who}]
