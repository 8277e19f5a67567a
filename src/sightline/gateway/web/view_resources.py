"""What REST takes and gives about a camera's view: zones, masks, lines, crowds, rules, and the past by the hour.

Points are `[x, y]` in shares of the picture, 0 to 1 from its top left corner.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sightline.decisions.history import HourRow, Metric
from sightline.decisions.zones import is_simple
from sightline.events.alert import Severity
from sightline.events.scene import CameraView, Direction, Liveness
from sightline.gateway.web.duty_resources import ShiftModel, Zone

__all__ = [
    "CameraViewIn",
    "CameraViewOut",
    "CrowdModel",
    "HistoryOut",
    "HistoryRow",
    "LineModel",
    "RuleModel",
    "ScheduleModel",
    "ZoneModel",
]

MAX_CORNERS = 32
MIN_LINE = 0.02

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = tuple[Share, Share]
PlaceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Label = Literal["person", "vehicle", "package", "phone"]
Patience = Annotated[int, Field(ge=0, le=3_600_000)]


def _simple(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    if not is_simple(polygon):
        raise ValueError("a polygon has an area and edges that meet at its corners only; these cross or touch")
    return polygon


PolygonModel = Annotated[tuple[Point, ...], Field(min_length=3, max_length=MAX_CORNERS), AfterValidator(_simple)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ScheduleModel(_In):
    """Weekly hours; without `timezone` the server's applies."""

    timezone: Zone | None = None
    shifts: Annotated[list[ShiftModel], Field(min_length=1, max_length=100)]


class ZoneModel(_In):
    """A part of the picture; whoever stands in it is in it."""

    name: PlaceName
    polygon: PolygonModel


class LineModel(_In):
    """A line whose crossings are counted; `in` is from its left to its right, looking from start to end."""

    name: PlaceName
    start: Point
    end: Point

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if abs(self.start[0] - self.end[0]) + abs(self.start[1] - self.end[1]) < MIN_LINE:
            raise ValueError("a line has a length")
        return self


class CrowdModel(_In):
    """More than `threshold` people for `over_ms` are a crowd, until there were no more than that for `under_ms`."""

    threshold: Annotated[int, Field(ge=0, le=100_000)]
    zone: PlaceName | None = None
    over_ms: Patience = 3_000
    under_ms: Patience = 10_000
    severity: Severity | None = None
    schedule: ScheduleModel | None = None


class RuleModel(_In):
    """An alert whenever something of this label is seen: anywhere, in a zone, or crossing a line."""

    label: Label
    zone: PlaceName | None = None
    line: PlaceName | None = None
    direction: Direction | None = None
    schedule: ScheduleModel | None = None
    severity: Severity | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.zone is not None and self.line is not None:
            raise ValueError("a rule is about a zone or about a line, not both")
        if self.direction is not None and self.line is None:
            raise ValueError("a direction needs a line")
        return self


class CameraViewIn(_In):
    """A camera's view, whole. `masks` are blacked out before anybody sees the picture; `objects_fps` is how often a
    second persons and things are looked for, at most (`null`: as the settings say, 0: never)."""

    masks: Annotated[list[PolygonModel], Field(max_length=32)] = []
    zones: Annotated[list[ZoneModel], Field(max_length=16)] = []
    lines: Annotated[list[LineModel], Field(max_length=16)] = []
    crowds: Annotated[list[CrowdModel], Field(max_length=16)] = []
    rules: Annotated[list[RuleModel], Field(max_length=64)] = []
    liveness: Liveness = Liveness.REPORT
    objects_fps: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)] | None = None
    record: bool = False

    @model_validator(mode="after")
    def _places_are_there(self) -> Self:
        zones, lines = [zone.name for zone in self.zones], [line.name for line in self.lines]
        for what, names in (("zone", zones), ("line", lines)):
            if len({name.casefold() for name in names}) < len(names):
                raise ValueError(f"two {what}s of a camera cannot have one name")
        for zone in (*(crowd.zone for crowd in self.crowds), *(rule.zone for rule in self.rules)):
            if zone is not None and zone not in zones:
                raise ValueError(f"there is no zone {zone!r}")
        for rule in self.rules:
            if rule.line is not None and rule.line not in lines:
                raise ValueError(f"there is no line {rule.line!r}")
        if len({(crowd.threshold, crowd.zone) for crowd in self.crowds}) < len(self.crowds):
            raise ValueError("two crowd limits of one zone cannot be the same number")
        return self

    def view(self, default_zone: str) -> CameraView:
        """The view; schedules without a time zone of their own are in `default_zone`."""
        given = self.model_dump()
        for one in (*given["crowds"], *given["rules"]):
            if one["schedule"] is not None and one["schedule"]["timezone"] is None:
                one["schedule"]["timezone"] = default_zone
        rules = given.pop("rules")
        return msgspec.convert({"scene": given, "rules": rules}, CameraView)


class CameraViewOut(BaseModel):
    """A camera's view; `own` is false where it is that of the settings."""

    camera_id: str
    own: bool
    masks: list[list[Point]]
    zones: list[ZoneModel]
    lines: list[LineModel]
    crowds: list[CrowdModel]
    rules: list[RuleModel]
    liveness: Liveness
    objects_fps: float | None
    record: bool

    @classmethod
    def of(cls, camera_id: str, view: CameraView, *, own: bool) -> CameraViewOut:
        scene: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(view.scene))
        del scene["pictured"], scene["told_again"]
        return cls(camera_id=camera_id, own=own, rules=msgspec.to_builtins(view.rules), **scene)


class HistoryRow(BaseModel):
    """One figure of one camera in the hour that begins at `hour`: how many values, their mean, sum and largest."""

    camera_id: str
    hour: int
    metric: Metric
    detail: str
    count: int
    mean: float
    total: float
    most: float

    @classmethod
    def of(cls, row: HourRow) -> HistoryRow:
        return cls(
            camera_id=row.camera_id,
            hour=row.hour_ms,
            metric=row.metric,
            detail=row.detail,
            count=row.count,
            mean=round(row.total / row.count, 3),
            total=round(row.total, 3),
            most=row.most,
        )


class HistoryOut(BaseModel):
    """Figures by the hour, oldest first; `truncated` when there are more than are shown."""

    rows: list[HistoryRow]
    truncated: bool

    @classmethod
    def of(cls, rows: Iterable[HourRow], *, truncated: bool) -> HistoryOut:
        return cls(rows=[HistoryRow.of(row) for row in rows], truncated=truncated)
