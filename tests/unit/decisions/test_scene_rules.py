"""What of a scene becomes an alert."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sightline.decisions.levels import USUAL_LEVELS, parse_alert_levels
from sightline.decisions.policy import Rules, decide, subject_of
from sightline.events.alert import AlertType, Severity
from sightline.events.event import Decision, DecisionContext
from sightline.events.fact import Attack, CrowdChanged, Fact, LineCrossed, ObjectLook, ObjectSeen, What
from sightline.events.observation import CrowdSeen
from sightline.events.quiet import QuietKind, QuietPeriod
from sightline.events.scene import CameraView, CrowdWatch, DetectionRule, Direction, Liveness, Scene
from sightline.events.schedule import Schedule, Shift

NOW = 1_767_265_205_000
"""A Thursday, 2026-01-01 11:00:05 UTC."""
BOX = (1.0, 2.0, 3.0, 4.0)
RULES = Rules(
    unseen_ms=5_000, realert_ms=3_000, per_camera=False, audience=("role:operator",), object_realert_ms=30_000
)
THURSDAYS = Schedule("UTC", (Shift(3, 0, 1440),))
FRIDAYS = Schedule("UTC", (Shift(4, 0, 1440),))
PERSON = ObjectSeen(
    track_id="t", label="person", confidence=0.7, first_seen=NOW - 900, bbox=BOX, model_id="m",
    looks=[
        ObjectLook(frame_id=1, timestamp=NOW - 900, confidence=0.7),
        ObjectLook(frame_id=2, timestamp=NOW, confidence=0),
    ],
)  # fmt: skip
IN_HALL = ObjectSeen(
    track_id="t", label="person", confidence=0.7, first_seen=NOW, bbox=BOX, model_id="m", looks=[], zone="hall"
)
CROSSED = LineCrossed(track_id="t", label="person", line="door", direction=Direction.IN, first_seen=NOW, bbox=BOX)
ATTACK = Attack(track_id="t", score=0.1, scores=[0.2, 0.1], first_seen=NOW, bbox=BOX, model_id="pad")
FIGURES = CrowdSeen(face_count=0, body_count=12, crowd_level="very_high", density_score=0.4)


def crowd(*, crowded: bool = True, threshold: int = 10, zone: str | None = None) -> CrowdChanged:
    return CrowdChanged(
        crowded=crowded, people=12, most=13, threshold=threshold, since=NOW - 3_000, crowd=FIGURES, zone=zone
    )


def view(*rules: DetectionRule, **scene: Any) -> CameraView:
    return CameraView(scene=Scene(**scene), rules=rules)


def decided(what: What, seen_by: CameraView | None, *, rules: Rules = RULES, **known: Any) -> Decision:
    values: dict[str, Any] = {
        "camera_known": True, "camera_alerts_unknown": False, "person_known": False, "watch_lists": (),
        "last_event_at_ms": None, "last_alert_at_ms": None, "last_alert_here_at_ms": None, "open_alert_ids": (),
        "view": seen_by,
    }  # fmt: skip
    fact = Fact(key="k", camera_id="c1", timestamp=NOW, width=640, height=480, what=what, frame_id=2)
    return decide(fact, DecisionContext(**(values | known)), rules, last_seen_ms=None, received_at_ms=NOW + 50)


def rule(label: str = "person", **changed: Any) -> DetectionRule:
    return DetectionRule(label=label, **changed)


@pytest.mark.parametrize(
    ("what", "seen_by", "word"),
    [
        (PERSON, view(rule()), "person_detected"),
        (PERSON, view(), "no_rule"),
        (PERSON, None, "no_rule"),
        (PERSON, view(rule(enabled=False)), "no_rule"),
        (PERSON, view(rule("vehicle")), "no_rule"),
        (PERSON, view(rule(zone="hall")), "no_rule"),
        (PERSON, view(rule(line="door")), "no_rule"),
        (PERSON, view(rule(schedule=THURSDAYS)), "person_detected"),
        (PERSON, view(rule(schedule=FRIDAYS)), "outside_schedule"),
        (PERSON, view(rule(schedule=FRIDAYS), rule(schedule=THURSDAYS)), "person_detected"),
        (IN_HALL, view(rule(zone="hall")), "person_detected"),
        (IN_HALL, view(rule(zone="yard")), "no_rule"),
        (IN_HALL, view(rule()), "no_rule"),
        (CROSSED, view(rule(line="door")), "line_crossed"),
        (CROSSED, view(rule(line="door", direction=Direction.IN)), "line_crossed"),
        (CROSSED, view(rule(line="door", direction=Direction.OUT)), "no_rule"),
        (CROSSED, view(rule()), "no_rule"),
        (CROSSED, view(rule(line="door", schedule=FRIDAYS)), "outside_schedule"),
        (ATTACK, view(liveness=Liveness.REQUIRE), "presentation_attack"),
        (ATTACK, view(liveness=Liveness.REPORT), "attack_reported"),
        (ATTACK, None, "attack_reported"),
        (crowd(), view(crowds=(CrowdWatch(threshold=10),)), "crowd_warning"),
        (crowd(), view(crowds=(CrowdWatch(threshold=10, zone="hall"),)), "no_rule"),
        (crowd(threshold=5), view(crowds=(CrowdWatch(threshold=10),)), "no_rule"),
        (crowd(zone="hall"), view(crowds=(CrowdWatch(threshold=10, zone="hall"),)), "crowd_warning"),
        (crowd(), view(crowds=(CrowdWatch(threshold=10, schedule=FRIDAYS),)), "outside_schedule"),
        (crowd(crowded=False), view(), "crowd_over"),
    ],
)
def test_which_rule_applies(what: What, seen_by: CameraView | None, word: str) -> None:
    decision = decided(what, seen_by)
    assert decision.rule == word
    raising = {"person_detected", "line_crossed", "presentation_attack", "crowd_warning"}
    assert (decision.alert is not None) is (word in raising)
    if decision.alert is not None:
        assert decision.alert.type == word
        assert decision.alert.severity is USUAL_LEVELS[AlertType(word)]
        assert decision.alert.audience == ("role:operator",)
        assert decision.alert.why["rule"] == word


@pytest.mark.parametrize("what", [PERSON, IN_HALL, CROSSED, ATTACK])
@pytest.mark.parametrize(("ago_ms", "quiet"), [(0, True), (30_000, True), (30_001, False), (-1, False)])
def test_the_same_place_raises_no_other_for_a_while(what: What, ago_ms: int, quiet: bool) -> None:
    seen_by = view(rule(), rule(zone="hall"), rule(line="door"), liveness=Liveness.REQUIRE)
    assert (decided(what, seen_by, last_alert_here_at_ms=NOW - ago_ms).rule == "alerted_recently") is quiet


def test_the_gravest_rule_decides() -> None:
    seen_by = view(rule(severity=Severity.INFO), rule(severity=Severity.CRITICAL), rule())
    alert = decided(PERSON, seen_by).alert
    assert alert is not None
    assert alert.severity is Severity.CRITICAL


@pytest.mark.parametrize("label", ["person", "vehicle", "package", "phone"])
def test_each_label_has_an_alert_of_its_own(label: str) -> None:
    what = ObjectSeen(track_id="t", label=label, confidence=0.7, first_seen=1, bbox=BOX, model_id="m", looks=[])
    alert = decided(what, view(rule(label))).alert
    assert alert is not None
    assert alert.type == f"{label}_detected"


def test_levels_are_set_by_type() -> None:
    rules = replace(RULES, levels=parse_alert_levels(["person_detected=critical", " crowd_warning = info "]))
    alert = decided(PERSON, view(rule()), rules=rules).alert
    assert alert is not None
    assert alert.severity is Severity.CRITICAL
    assert rules.levels[AlertType.CROWD_WARNING] is Severity.INFO
    assert rules.levels[AlertType.CAMERA_OFFLINE] is Severity.WARNING


@pytest.mark.parametrize("line", ["", "crowd_warning", "crowd_warning=loud", "watchlist_match=info", "dog=info"])
def test_levels_that_cannot_be(line: str) -> None:
    with pytest.raises(ValueError, match="level"):
        parse_alert_levels([line])


def test_a_crowd_that_was_told_already_is_not_told_again_and_closes_at_its_end() -> None:
    seen_by = view(crowds=(CrowdWatch(threshold=10, severity=Severity.ERROR),))
    assert decided(crowd(), seen_by, open_alert_ids=("a",)).rule == "crowd_still_there"
    assert decided(crowd(crowded=False), seen_by, open_alert_ids=("a", "b")).close == ("a", "b")
    alert = decided(crowd(), seen_by).alert
    assert alert is not None
    assert alert.severity is Severity.ERROR
    assert (alert.why["people"], alert.why["threshold"]) == (12, 10)
    assert alert.why["crowd_analysis"]["crowd_level"] == "very_high"


def test_a_trace_says_what_was_seen_and_which_gates_it_passed() -> None:
    alert = decided(PERSON, view(rule(schedule=THURSDAYS)), last_alert_here_at_ms=NOW - 60_000).alert
    assert alert is not None
    why = alert.why
    assert (why["label"], why["track_id"], why["model"], why["bbox"]) == ("person", "t", "m", list(BOX))
    assert [look["confidence"] for look in why["looks"]] == [0.7, 0]
    assert why["timings"] == {"captured": NOW, "received": NOW + 50, "inference_ms": 0.0}
    gates = {one["gate"]: (one["passed"], one["value"], one["limit"]) for one in why["gates"]}
    assert gates == {
        "vote": (True, "1 of 2", "looks"),
        "place": (True, "whole picture", None),
        "schedule": (True, "UTC", None),
        "realert": (True, 60_000, 30_000),
    }


def test_an_attack_names_nobody() -> None:
    alert = decided(ATTACK, view(liveness=Liveness.REQUIRE)).alert
    assert alert is not None
    assert alert.why["liveness"] == {"state": "attack", "score": 0.1, "scores": [0.2, 0.1]}
    assert (alert.reference_id, alert.similarity) == (None, None)


def test_a_snooze_covers_scenes_too() -> None:
    snooze = QuietPeriod("q", QuietKind.SNOOZE, "c1", AlertType.PERSON_DETECTED, NOW - 1, NOW + 1, "", "u", NOW)
    assert decided(PERSON, view(rule()), quiet=(snooze,)).rule == "snooze"


def test_a_camera_that_is_gone_raises_nothing() -> None:
    assert decided(PERSON, view(rule()), camera_known=False).rule == "camera_removed"


def test_subjects_are_the_same_for_the_same_thing_in_the_same_place() -> None:
    def subject(what: What, camera: str = "c1") -> str:
        subject_id, person_id = subject_of(Fact(key="k", camera_id=camera, timestamp=1, width=1, height=1, what=what))
        assert person_id is None
        return subject_id

    whats: list[What] = [PERSON, IN_HALL, CROSSED, ATTACK, crowd(), crowd(zone="hall"), crowd(threshold=5)]
    subjects = [subject(what) for what in whats]
    assert len(set(subjects)) == len(subjects)
    assert subject(crowd(crowded=False)) == subject(crowd())
    assert subject(PERSON, "c2") != subject(PERSON)
