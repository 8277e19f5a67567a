"""From what is seen in a scene to an alert: objects, lines crossed, crowds, presentation attacks.

An object raises an alert where a rule of its camera asks for it: for the whole picture or a zone, or when it crosses a
line, in the hours of a schedule. The same camera, label and place raise no other within `object_realert_ms`. A crowd
raises one alert, closed when it is over. An attack raises one where its camera takes a proof of life for a name, and
is only recorded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sightline.decisions.levels import USUAL_LEVELS
from sightline.decisions.trace import gate, trace
from sightline.events.alert import AlertType, Severity
from sightline.events.event import AlertDraft, Decision, DecisionContext
from sightline.events.fact import Attack, CrowdChanged, Fact, LineCrossed, ObjectSeen
from sightline.events.scene import CameraView, CrowdWatch, DetectionRule, Liveness
from sightline.events.schedule import Schedule

__all__ = ["SceneRules", "attack", "attack_draft", "crowd_changed", "line_crossed", "object_seen", "scene_subject"]

_TYPES = {
    "person": AlertType.PERSON_DETECTED,
    "vehicle": AlertType.VEHICLE_DETECTED,
    "package": AlertType.PACKAGE_DETECTED,
    "phone": AlertType.PHONE_DETECTED,
}
_SEVERITY_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class SceneRules:
    """Who is told, how loud, and how soon again. `default_view` is that of cameras without one of their own."""

    audience: tuple[str, ...]
    levels: Mapping[AlertType, Severity] = field(default_factory=lambda: USUAL_LEVELS)
    object_realert_ms: int = 30_000
    late_ms: int = 60_000
    default_view: CameraView = CameraView()


def scene_subject(fact: Fact, what: ObjectSeen | LineCrossed | CrowdChanged | Attack) -> str:
    """What an alert is about, where it is about nobody: the same for the same thing in the same place."""
    match what:
        case ObjectSeen():
            place = what.zone or ""
            return f"{what.label}@{place}@{fact.camera_id}"
        case LineCrossed():
            return f"{what.label}>{what.line}:{what.direction.value}@{fact.camera_id}"
        case CrowdChanged():
            return f"crowd:{what.threshold}@{what.zone or ''}@{fact.camera_id}"
        case Attack():
            return f"attack@{fact.camera_id}"


def object_seen(
    fact: Fact, what: ObjectSeen, context: DecisionContext, rules: SceneRules, received_at_ms: int
) -> Decision:
    """Somebody or something is there."""
    view = context.view or rules.default_view
    asked = [rule for rule in view.rules if rule.line is None and rule.zone == what.zone]
    found = _matching(asked, what.label, fact.timestamp)
    if isinstance(found, str):
        return Decision(found)
    if _alerted_lately(fact, context, rules):
        return Decision("alerted_recently")
    type = _TYPES[what.label]
    why = trace(fact, type.value, received_at_ms, rules.late_ms) | {
        "label": what.label,
        "zone": what.zone,
        "track_id": what.track_id,
        "first_seen": what.first_seen,
        "bbox": list(what.bbox),
        "model": what.model_id,
        "confidence": what.confidence,
        "looks": [
            {"frame_id": look.frame_id, "timestamp": look.timestamp, "confidence": look.confidence}
            for look in what.looks
        ],
        "gates": [
            gate("vote", True, f"{sum(look.confidence > 0 for look in what.looks)} of {len(what.looks)}", "looks"),
            *_gates_of(found, fact, context, rules),
        ],
    }
    return Decision(type.value, AlertDraft(type, _severity(found, type, rules), rules.audience, why))


def line_crossed(
    fact: Fact, what: LineCrossed, context: DecisionContext, rules: SceneRules, received_at_ms: int
) -> Decision:
    """Somebody or something crossed a line."""
    view = context.view or rules.default_view
    asked = [rule for rule in view.rules if rule.line == what.line and rule.direction in (None, what.direction)]
    found = _matching(asked, what.label, fact.timestamp)
    if isinstance(found, str):
        return Decision(found)
    if _alerted_lately(fact, context, rules):
        return Decision("alerted_recently")
    type = AlertType.LINE_CROSSED
    why = trace(fact, type.value, received_at_ms, rules.late_ms) | {
        "label": what.label,
        "line": what.line,
        "direction": what.direction.value,
        "track_id": what.track_id,
        "first_seen": what.first_seen,
        "bbox": list(what.bbox),
        "gates": _gates_of(found, fact, context, rules),
    }
    return Decision(type.value, AlertDraft(type, _severity(found, type, rules), rules.audience, why))


def crowd_changed(
    fact: Fact, what: CrowdChanged, context: DecisionContext, rules: SceneRules, received_at_ms: int
) -> Decision:
    """There is a crowd, or none any more."""
    if not what.crowded:
        return Decision("crowd_over", close=context.open_alert_ids)
    watches = (context.view or rules.default_view).scene.crowds
    watch = next((one for one in watches if (one.threshold, one.zone) == (what.threshold, what.zone)), None)
    if watch is None:
        return Decision("no_rule")
    if not _applies(watch.schedule, fact.timestamp):
        return Decision("outside_schedule")
    if context.open_alert_ids:
        return Decision("crowd_still_there")
    type = AlertType.CROWD_WARNING
    why = trace(fact, type.value, received_at_ms, rules.late_ms) | {
        "zone": what.zone,
        "people": what.people,
        "most": what.most,
        "threshold": what.threshold,
        "since": what.since,
        "crowd_analysis": {
            "face_count": what.crowd.face_count,
            "body_count": what.crowd.body_count,
            "crowd_level": what.crowd.crowd_level,
            "density_score": what.crowd.density_score,
        },
        "zones": dict(what.crowd.zones),
        "gates": [
            gate("people", True, what.people, what.threshold),
            gate("lasting", True, fact.timestamp - what.since, watch.over_ms),
        ],
    }
    return Decision(type.value, AlertDraft(type, _severity(watch, type, rules), rules.audience, why))


def attack(fact: Fact, what: Attack, context: DecisionContext, rules: SceneRules, received_at_ms: int) -> Decision:
    """A face is a picture of one."""
    if (context.view or rules.default_view).scene.liveness is not Liveness.REQUIRE:
        return Decision("attack_reported")
    if _alerted_lately(fact, context, rules):
        return Decision("alerted_recently")
    return Decision("presentation_attack", attack_draft(fact, what, rules, received_at_ms))


def attack_draft(fact: Fact, what: Attack, rules: SceneRules, received_at_ms: int) -> AlertDraft:
    """The alert about an attack; it names nobody."""
    type = AlertType.PRESENTATION_ATTACK
    why = trace(fact, type.value, received_at_ms, rules.late_ms) | {
        "track_id": what.track_id,
        "first_seen": what.first_seen,
        "bbox": list(what.bbox),
        "model": what.model_id,
        "liveness": {"state": "attack", "score": what.score, "scores": list(what.scores)},
        "gates": [gate("liveness", False, what.score, "bona fide")],
    }
    return AlertDraft(type, rules.levels[type], rules.audience, why)


def _matching(asked: Iterable[DetectionRule], label: str, at_ms: int) -> DetectionRule | str:
    """The gravest rule that applies, or the word for there being none."""
    found = [rule for rule in asked if rule.enabled and rule.label == label]
    if not found:
        return "no_rule"
    due = [rule for rule in found if _applies(rule.schedule, at_ms)]
    if not due:
        return "outside_schedule"
    return max(due, key=lambda rule: _SEVERITY_ORDER.index(rule.severity) if rule.severity else -1)


def _applies(schedule: Schedule | None, at_ms: int) -> bool:
    return schedule is None or schedule.covers(at_ms)


def _severity(rule: DetectionRule | CrowdWatch, type: AlertType, rules: SceneRules) -> Severity:
    return rule.severity or rules.levels[type]


def _alerted_lately(fact: Fact, context: DecisionContext, rules: SceneRules) -> bool:
    last_ms = context.last_alert_here_at_ms
    return last_ms is not None and 0 <= fact.timestamp - last_ms <= rules.object_realert_ms


def _gates_of(rule: DetectionRule, fact: Fact, context: DecisionContext, rules: SceneRules) -> list[dict[str, object]]:
    last_ms = context.last_alert_here_at_ms
    return [
        gate("place", True, rule.zone or rule.line or "whole picture"),
        gate("schedule", True, rule.schedule.timezone if rule.schedule else "always"),
        gate("realert", True, None if last_ms is None else fact.timestamp - last_ms, rules.object_realert_ms),
    ]
