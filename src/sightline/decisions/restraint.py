"""What keeps a decided alert from being raised as one of its own: a snooze, maintenance, a flood of its kind."""

from __future__ import annotations

from sightline.events.event import Decision, DecisionContext, RecentAlert

__all__ = ["restrain"]


def restrain(
    decision: Decision, context: DecisionContext, *, camera_id: str, captured_at_ms: int, flood_alerts: int,
    flood_ms: int,
) -> Decision:  # fmt: skip
    """The decision, unless its alert is not wanted now or is one too many.

    After `flood_alerts` alerts of one camera and type within `flood_ms`, what follows is counted onto the newest of
    them that is unfinished, until it has been quiet for `flood_ms`. Times are capture times, so that a spool that is
    delivered late is judged like what it was.
    """
    draft = decision.alert
    if draft is None:
        return decision
    for period in context.quiet:
        if period.covers(camera_id, draft.type, captured_at_ms):
            return Decision(period.kind.value)
    alike = [
        recent
        for recent in context.recent_alerts
        if recent.type is draft.type and abs(captured_at_ms - recent.last_at_ms) < flood_ms
    ]
    head = _head(alike, flood_alerts)
    return decision if head is None else Decision("grouped", group_into=head.id)


def _head(alike: list[RecentAlert], flood_alerts: int) -> RecentAlert | None:
    """The alert that stands for the flood, if there is one; `alike` is newest first."""
    unfinished = [recent for recent in alike if recent.unfinished]
    running = next((recent for recent in unfinished if recent.count > 1), None)
    if running is not None:
        return running
    return unfinished[0] if unfinished and len(alike) >= flood_alerts else None
