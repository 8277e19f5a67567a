"""From a fact to an alert, or to none, with the rule that said so.

The alert rule for subjects: unseen for more than `unseen_ms` (on any camera, or on this one by `per_camera`), and
last alerted more than `realert_ms` ago. A camera that went offline raises one alert, closed when it is back.

What would be raised is held back in a snooze or maintenance window and counted together in a flood (`restraint.py`).
What is seen in a scene has rules of its own (`scene_rules.py`). An alert of a routed type or severity is told to
responders one after the other instead of to all of them at once, where somebody keeps a duty roster, and unless it
comes too late for anybody to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sightline.accounts import Role
from sightline.decisions import scene_rules
from sightline.decisions.levels import USUAL_LEVELS
from sightline.decisions.restraint import restrain
from sightline.decisions.scene_rules import SceneRules
from sightline.decisions.trace import gate, sample_gate, samples_of, trace
from sightline.events.alert import AlertType, Severity
from sightline.events.event import AlertDraft, Decision, DecisionContext
from sightline.events.fact import (
    Attack,
    CrowdChanged,
    Fact,
    Identified,
    LineCrossed,
    ObjectSeen,
    Reported,
    SourceState,
    Unknown,
)
from sightline.events.scene import CameraView
from sightline.identities.sighting import StrangerRef

__all__ = ["LATE_MS", "Rules", "decide", "routed", "subject_of"]

LATE_MS = 60_000
"""A fact older than this on arrival is told, but marked late: whoever answers it must know that time has passed."""

THRESHOLD_SIMILARITY = 0.5
"""Every model's similarities are mapped so that this is its threshold."""

_SEVERITY_ORDER = list(Severity)
_RESPONDERS = f"role:{Role.RESPONDER.value}"


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the alert rule, who is told (`audience` tags), and which alerts go to the nearest responder."""

    unseen_ms: int
    realert_ms: int
    per_camera: bool
    audience: tuple[str, ...]
    late_ms: int = LATE_MS
    routed_types: frozenset[AlertType] = frozenset({AlertType.WATCHLIST_MATCH})
    routed_severities: frozenset[Severity] = frozenset()
    flood_alerts: int = 20
    flood_ms: int = 60_000
    levels: Mapping[AlertType, Severity] = field(default_factory=lambda: USUAL_LEVELS)
    object_realert_ms: int = 30_000
    default_view: CameraView = CameraView()

    @property
    def scenes(self) -> SceneRules:
        """Those for what is seen in a scene."""
        return SceneRules(
            audience=self.audience,
            levels=self.levels,
            object_realert_ms=self.object_realert_ms,
            late_ms=self.late_ms,
            default_view=self.default_view,
        )


def subject_of(fact: Fact) -> tuple[str, str | None]:
    """The subject a fact is about and, if it is somebody of the gallery, the person's id."""
    match fact.what:
        case Identified(person_id=person_id):
            return person_id, person_id
        case Unknown(subject_id=subject_id):
            return subject_id, None
        case SourceState():
            return fact.camera_id, None
        case Reported(engine_id=engine_id, said_type=said_type, person_id=person_id):
            return person_id or f"{engine_id}/{said_type}", person_id
        case ObjectSeen() | LineCrossed() | CrowdChanged() | Attack():
            return scene_rules.scene_subject(fact, fact.what), None


def decide(
    fact: Fact, context: DecisionContext, rules: Rules, *, last_seen_ms: int | None, received_at_ms: int,
    stranger: StrangerRef | None = None,
) -> Decision:  # fmt: skip
    """What follows from `fact`.

    `last_seen_ms` is when the subject was last seen on another track; without it (after a start) the subject's latest
    recorded event stands in. `stranger` is whom an unknown person's face was seen as before.
    """
    decision = restrain(
        _decide(fact, context, rules, last_seen_ms, received_at_ms, stranger),
        context,
        camera_id=fact.camera_id,
        captured_at_ms=fact.timestamp,
        flood_alerts=rules.flood_alerts,
        flood_ms=rules.flood_ms,
    )
    late = received_at_ms - fact.timestamp > rules.late_ms
    if decision.alert is None or late or not context.duty_in_use or not _is_routed(decision.alert, rules):
        return decision
    return replace(decision, alert=routed(decision.alert))


def routed(draft: AlertDraft) -> AlertDraft:
    """The alert, to be told to responders one after the other: as a role they are not told at once."""
    audience = tuple(tag for tag in draft.audience if tag != _RESPONDERS)
    return replace(draft, audience=audience, routed=True)


def _is_routed(draft: AlertDraft, rules: Rules) -> bool:
    return draft.type in rules.routed_types or draft.severity in rules.routed_severities


def _decide(
    fact: Fact, context: DecisionContext, rules: Rules, last_seen_ms: int | None, received_at_ms: int,
    stranger: StrangerRef | None,
) -> Decision:  # fmt: skip
    if not context.camera_known:
        return Decision("camera_removed")
    match fact.what:
        case Identified():
            return _identified(fact, fact.what, context, rules, last_seen_ms, received_at_ms)
        case Unknown():
            return _unknown(fact, fact.what, context, rules, last_seen_ms, received_at_ms, stranger)
        case SourceState():
            return _source_state(fact.what, context, rules)
        case Reported():
            return _reported(fact, fact.what, rules, received_at_ms)
        case ObjectSeen():
            return scene_rules.object_seen(fact, fact.what, context, rules.scenes, received_at_ms)
        case LineCrossed():
            return scene_rules.line_crossed(fact, fact.what, context, rules.scenes, received_at_ms)
        case CrowdChanged():
            return scene_rules.crowd_changed(fact, fact.what, context, rules.scenes, received_at_ms)
        case Attack():
            return scene_rules.attack(fact, fact.what, context, rules.scenes, received_at_ms)


def _identified(
    fact: Fact, what: Identified, context: DecisionContext, rules: Rules, last_seen_ms: int | None, received_at_ms: int
) -> Decision:
    if not context.person_known:
        return Decision("person_removed")
    if not context.watch_lists:
        return Decision("not_on_a_watch_list")
    lists = _lists_that_count(what, context)
    if not lists:
        return _unproven(fact, what, context, rules, received_at_ms)
    # A track that is told of again was seen before by its very first fact.
    quiet = (
        _alerted_lately(fact, context, rules)
        if what.again
        else _still_quiet(fact, what.first_seen, context, rules, last_seen_ms)
    )
    if quiet:
        return Decision(quiet)
    list_id, list_name, severity = max(lists, key=lambda entry: _SEVERITY_ORDER.index(entry[2]))
    why = _trace(fact, what, "watch_list", received_at_ms, rules) | {
        "watch_list": list_name,
        "similarity": what.similarity,
        "margin": what.margin,
    }
    return Decision(
        "watch_list",
        AlertDraft(
            AlertType.WATCHLIST_MATCH,
            severity,
            rules.audience,
            why,
            similarity=what.similarity,
            reference_id=what.reference_id,
            watch_list_id=list_id,
        ),
    )


def _lists_that_count(what: Identified, context: DecisionContext) -> tuple[tuple[str, str, Severity], ...]:
    """The person's lists, but for those that take a proof of life which is not there; where the engine tells of a track
    again because its liveness was decided, those alone. Where nobody judges liveness, no list waits for it.
    """
    strict = tuple(entry for entry in context.watch_lists if entry[0] in context.live_lists)
    lax = tuple(entry for entry in context.watch_lists if entry[0] not in context.live_lists)
    proven = what.presentation in ("", "bona_fide")
    return (() if what.again else lax) + (strict if proven else ())


def _unproven(fact: Fact, what: Identified, context: DecisionContext, rules: Rules, received_at_ms: int) -> Decision:
    """Somebody on lists of which none counts."""
    if not context.live_lists:
        return Decision("told_before")
    if what.presentation != "attack":
        return Decision("liveness_undecided")
    quiet = _alerted_lately(fact, context, rules)
    if quiet:
        return Decision(quiet)
    shown = Attack(
        track_id=what.track_id,
        score=what.live or 0.0,
        scores=[],
        first_seen=what.first_seen,
        bbox=what.bbox,
        model_id="",
    )
    return Decision("presentation_attack", scene_rules.attack_draft(fact, shown, rules.scenes, received_at_ms))


def _unknown(
    fact: Fact, what: Unknown, context: DecisionContext, rules: Rules, last_seen_ms: int | None, received_at_ms: int,
    stranger: StrangerRef | None,
) -> Decision:  # fmt: skip
    if not context.camera_alerts_unknown:
        return Decision("unknown_not_asked_for")
    if stranger is not None and stranger.ignored:
        return Decision("stranger_ignored")
    quiet = _still_quiet(fact, what.first_seen, context, rules, last_seen_ms)
    if quiet:
        return Decision(quiet)
    why = _trace(fact, what, "unknown_person", received_at_ms, rules) | {"similarity": what.nearest_similarity}
    if stranger is not None:
        why["stranger"] = {"id": stranger.id, "number": stranger.number, "seen": stranger.sightings + 1}
    type = AlertType.UNKNOWN_PERSON
    return Decision("unknown_person", AlertDraft(type, rules.levels[type], rules.audience, why))


def _source_state(what: SourceState, context: DecisionContext, rules: Rules) -> Decision:
    if what.state == "online":
        return Decision("camera_back", close=context.open_alert_ids)
    if context.open_alert_ids:
        return Decision("camera_still_offline")
    why = {"rule": "camera_offline", "reason": what.reason, "offline_ms": what.offline_ms}
    type = AlertType.CAMERA_OFFLINE
    return Decision("camera_offline", AlertDraft(type, rules.levels[type], rules.audience, why))


def _reported(fact: Fact, what: Reported, rules: Rules, received_at_ms: int) -> Decision:
    """That engine has applied rules of its own; ours only hold back floods, and what comes in a time without alerts."""
    why = {
        "rule": "reported",
        "engine": what.engine_id,
        "type": what.said_type,
        "message": what.message,
        "person": what.person,
        "timings": {"captured": fact.timestamp, "received": received_at_ms},
        "late": received_at_ms - fact.timestamp > rules.late_ms,
    }
    draft = AlertDraft(what.alert_type, what.severity, rules.audience, why, similarity=what.similarity)
    return Decision("reported", draft)


def _still_quiet(
    fact: Fact, first_seen: int, context: DecisionContext, rules: Rules, last_seen_ms: int | None
) -> str | None:
    if last_seen_ms is None and not rules.per_camera:
        last_seen_ms = context.last_event_at_ms
    if last_seen_ms is not None and first_seen - last_seen_ms <= rules.unseen_ms:
        return "seen_recently"
    return _alerted_lately(fact, context, rules)


def _alerted_lately(fact: Fact, context: DecisionContext, rules: Rules) -> str | None:
    last_alert_ms = context.last_alert_here_at_ms if rules.per_camera else context.last_alert_at_ms
    if last_alert_ms is not None and 0 <= fact.timestamp - last_alert_ms <= rules.realert_ms:
        return "alerted_recently"
    return None


def _trace(fact: Fact, what: Identified | Unknown, rule: str, received_at_ms: int, rules: Rules) -> dict[str, Any]:
    """Why there is an alert about a face, as the console shows it."""
    similarity = what.similarity if isinstance(what, Identified) else what.nearest_similarity
    gates = [
        sample_gate(what.samples),
        gate("similarity", isinstance(what, Identified), similarity, THRESHOLD_SIMILARITY),
        gate("liveness", what.presentation != "attack", what.presentation or "not judged", "bona fide"),
    ]
    if isinstance(what, Identified):
        gates.insert(2, gate("margin", True, what.margin, 0.0))
    return trace(fact, rule, received_at_ms, rules.late_ms) | {
        "unseen_ms": rules.unseen_ms,
        "realert_ms": rules.realert_ms,
        "track_id": what.track_id,
        "first_seen": what.first_seen,
        "bbox": list(what.bbox),
        "model": what.model_id,
        "samples": samples_of(what.samples),
        "liveness": {"state": what.presentation, "score": what.live} if what.presentation else None,
        "gates": gates,
    }
