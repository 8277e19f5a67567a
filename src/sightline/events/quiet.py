"""Times in which a camera's alerts are not raised: a snooze, or maintenance that was planned. Events are kept."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sightline.events.alert import AlertType

__all__ = ["QuietKind", "QuietPeriod"]


class QuietKind(enum.StrEnum):
    """Why it is quiet; also the rule that an event in such a time is recorded with."""

    SNOOZE = "snooze"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """No alerts of `camera_id` (`None`: of any camera) and `alert_type` (`None`: of any type) about what was captured
    from `from_ms` until (excluding) `until_ms`. `by` is the user who said so."""

    id: str
    kind: QuietKind
    camera_id: str | None
    alert_type: AlertType | None
    from_ms: int
    until_ms: int
    reason: str
    by: str
    created_at_ms: int

    def covers(self, camera_id: str, alert_type: AlertType, at_ms: int) -> bool:
        """Whether an alert of this camera and type about this moment is not wanted."""
        return (
            self.camera_id in (None, camera_id)
            and self.alert_type in (None, alert_type)
            and self.from_ms <= at_ms < self.until_ms
        )
