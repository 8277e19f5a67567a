"""What a camera is to watch for, and what of its picture nobody is to see.

Coordinates are shares of the picture's width and height, 0 to 1 from its top left corner, so that they hold whatever
size the picture has. Zones and lines are known by their names, which are unique in a camera. The engine is given the
`Scene`; the gateway keeps the `CameraView` and applies its rules.
"""

from __future__ import annotations

import enum

import msgspec

from sightline.events.alert import Severity
from sightline.events.schedule import Schedule

__all__ = [
    "CameraView",
    "CrowdWatch",
    "DetectionRule",
    "Direction",
    "Line",
    "Liveness",
    "Point",
    "Polygon",
    "Scene",
    "Zone",
]

Point = tuple[float, float]
Polygon = tuple[Point, ...]


class Liveness(enum.StrEnum):
    """What becomes of signs that a face is a picture of one: nobody looks, they are reported, or a name needs proof
    that there are none.
    """

    OFF = "off"
    REPORT = "report"
    REQUIRE = "require"


class Direction(enum.StrEnum):
    """Which way a line is crossed: `in` is from its left to its right, looking from its start to its end."""

    IN = "in"
    OUT = "out"


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Zone(_Value, frozen=True):
    """A part of the picture; somebody is in it when the foot of their box is."""

    name: str
    polygon: Polygon


class Line(_Value, frozen=True):
    """A line whose crossings are counted, in both directions."""

    name: str
    start: Point
    end: Point


class CrowdWatch(_Value, frozen=True):
    """More than `threshold` people, in the whole picture or in a zone, for `over_ms` are a crowd, until there were no
    more than that for `under_ms`. `schedule` and `severity` are the alert's, for the gateway.
    """

    threshold: int
    zone: str | None = None
    over_ms: int = 3_000
    under_ms: int = 10_000
    severity: Severity | None = None
    schedule: Schedule | None = None


class Scene(_Value, frozen=True):
    """What an engine is to do with a camera's pictures. `masks` are blacked out before anything else happens.

    `objects_fps` is how often a second persons and things are looked for; `None` leaves it to the engine, 0 means
    never. `pictured` are the labels of objects whose facts bring pictures along. `told_again` asks for a second word on
    a named track once its liveness is decided. `record` keeps everything that the camera shows on the engine's disk.
    """

    masks: tuple[Polygon, ...] = ()
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    crowds: tuple[CrowdWatch, ...] = ()
    liveness: Liveness = Liveness.REPORT
    objects_fps: float | None = None
    pictured: tuple[str, ...] = ()
    told_again: bool = False
    record: bool = False


class DetectionRule(_Value, frozen=True):
    """An alert whenever something of this `label` is seen; only in `zone`, or only when it crosses `line` (in
    `direction`, or either way), only in the hours of `schedule`.
    """

    label: str
    zone: str | None = None
    line: str | None = None
    direction: Direction | None = None
    schedule: Schedule | None = None
    severity: Severity | None = None
    enabled: bool = True


class CameraView(_Value, frozen=True):
    """A camera's scene and the rules for what is seen in it."""

    scene: Scene = Scene()
    rules: tuple[DetectionRule, ...] = ()

    def told_scene(self, *, told_again: bool = False) -> Scene:
        """The scene as an engine is told it: pictures only of what a rule may raise an alert about."""
        labels = tuple(sorted({rule.label for rule in self.rules if rule.enabled}))
        return msgspec.structs.replace(self.scene, pictured=labels, told_again=told_again)
