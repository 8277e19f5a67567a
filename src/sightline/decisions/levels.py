"""How loud each kind of alert is, where neither a watch list nor a camera's rule says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sightline.events.alert import AlertType, Severity

__all__ = ["USUAL_LEVELS", "parse_alert_levels"]

USUAL_LEVELS: Mapping[AlertType, Severity] = {
    AlertType.UNKNOWN_PERSON: Severity.WARNING,
    AlertType.PERSON_DETECTED: Severity.WARNING,
    AlertType.VEHICLE_DETECTED: Severity.INFO,
    AlertType.PACKAGE_DETECTED: Severity.INFO,
    AlertType.PHONE_DETECTED: Severity.WARNING,
    AlertType.LINE_CROSSED: Severity.WARNING,
    AlertType.CROWD_WARNING: Severity.WARNING,
    AlertType.PRESENTATION_ATTACK: Severity.ERROR,
    AlertType.CAMERA_OFFLINE: Severity.WARNING,
}
"""The levels as they come; alerts of watch lists have their list's."""


def parse_alert_levels(lines: Iterable[str]) -> dict[AlertType, Severity]:
    """`crowd_warning=error` and the like over the usual levels. Raises `ValueError` that names the line."""
    levels = dict(USUAL_LEVELS)
    for line in lines:
        name, equals, level = (part.strip() for part in line.partition("="))
        if not equals or name not in {type.value for type in USUAL_LEVELS}:
            known = ", ".join(type.value for type in USUAL_LEVELS)
            raise ValueError(f"{line!r} sets no level; write it like crowd_warning=error, for one of {known}")
        if level not in set(Severity):
            raise ValueError(f"{level!r} is no level: info, warning, error or critical")
        levels[AlertType(name)] = Severity(level)
    return levels
