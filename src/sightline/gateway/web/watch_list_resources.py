"""What REST takes and gives about watch lists. Times are milliseconds since the epoch."""

from __future__ import annotations

from pydantic import BaseModel

from sightline.decisions.watch_list import WatchList
from sightline.events.alert import Severity
from sightline.gateway.web.resources import Body, Name

__all__ = ["NewWatchList", "WatchListChange", "WatchListOut"]


class WatchListOut(BaseModel):
    """A watch list; `people` counts its members. With `require_live`, a hit raises an alert only once the face has been
    shown to be bona fide, where a model judges that."""

    id: str
    name: str
    severity: Severity
    enabled: bool
    people: int
    created_at: int
    require_live: bool

    @classmethod
    def of(cls, watch_list: WatchList) -> WatchListOut:
        return cls(
            id=watch_list.id,
            name=watch_list.name,
            severity=watch_list.severity,
            enabled=watch_list.enabled,
            people=watch_list.people,
            created_at=watch_list.created_at_ms,
            require_live=watch_list.require_live,
        )


class NewWatchList(Body):
    """A watch list to make."""

    name: Name
    severity: Severity = Severity.CRITICAL
    enabled: bool = True
    require_live: bool = False


class WatchListChange(Body):
    """What of a watch list is changed; fields not given stay."""

    name: Name | None = None
    severity: Severity | None = None
    enabled: bool | None = None
    require_live: bool | None = None
