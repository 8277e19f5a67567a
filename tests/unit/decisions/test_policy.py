from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sightline.decisions.policy import LATE_MS, Rules, decide, subject_of
from sightline.events.alert import AlertType, Severity
from sightline.events.event import Decision, DecisionContext
from sightline.events.fact import Fact, Identified, SourceState, TrackSample, Unknown

NOW = 1_000_000
RULES = Rules(unseen_ms=5_000, realert_ms=3_000, per_camera=False, audience=("role:operator",))
HERE = Rules(unseen_ms=5_000, realert_ms=3_000, per_camera=True, audience=("role:operator",))
WANTED = ("l1", "Wanted", Severity.CRITICAL)

IDENTIFIED = Identified(
    track_id="t", person_id="ada", reference_id="r", similarity=0.8, margin=0.2, first_seen=NOW - 400,
    bbox=(1, 2, 3, 4), model_id="m",
    samples=[TrackSample(frame_id=1, timestamp=NOW, quality=0.5, person_id="ada", similarity=0.8)],
)  # fmt: skip
STRANGER = Unknown(
    track_id="t", subject_id="stranger-1", nearest_similarity=0.3, first_seen=NOW - 400, bbox=(1, 2, 3, 4),
    model_id="m", samples=[],
)  # fmt: skip


def fact(what: Any = IDENTIFIED, **changed: Any) -> Fact:
    values: dict[str, Any] = {"key": "k", "camera_id": "c1", "timestamp": NOW, "width": 640, "height": 480}
    return Fact(what=what, **(values | changed))


def context(**changed: Any) -> DecisionContext:
    values: dict[str, Any] = {
        "camera_known": True, "camera_alerts_unknown": True, "person_known": True, "watch_lists": (WANTED,),
        "last_event_at_ms": None, "last_alert_at_ms": None, "last_alert_here_at_ms": None, "open_alert_ids": (),
    }  # fmt: skip
    return DecisionContext(**(values | changed))


def decided(
    what: Any = IDENTIFIED,
    *,
    rules: Rules = RULES,
    last_seen_ms: int | None = None,
    received_at_ms: int = NOW,
    **known: Any,
) -> Decision:
    return decide(fact(what), context(**known), rules, last_seen_ms=last_seen_ms, received_at_ms=received_at_ms)


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({}, "watch_list"),
        ({"camera_known": False}, "camera_removed"),
        ({"person_known": False}, "person_removed"),
        ({"watch_lists": ()}, "not_on_a_watch_list"),
        ({"last_alert_at_ms": NOW - 3_000}, "alerted_recently"),
        ({"last_alert_at_ms": NOW}, "alerted_recently"),
        ({"last_alert_at_ms": NOW - 3_001}, "watch_list"),
        ({"last_alert_at_ms": NOW + 1}, "watch_list"),
        ({"last_event_at_ms": NOW - 5_400}, "seen_recently"),
        ({"last_event_at_ms": NOW - 5_401}, "watch_list"),
        ({"last_alert_here_at_ms": NOW}, "watch_list"),
        ({"camera_alerts_unknown": False}, "watch_list"),
    ],
)
def test_rule_for_people(known: dict[str, Any], rule: str) -> None:
    decision = decided(**known)
    assert decision.rule == rule
    assert (decision.alert is not None) is (rule == "watch_list")


@pytest.mark.parametrize(
    ("last_seen_ms", "rule"),
    [(NOW - 5_401, "watch_list"), (NOW - 5_400, "seen_recently"), (NOW - 400, "seen_recently"), (NOW, "seen_recently")],
)
def test_unseen_counts_from_the_last_sighting_to_the_first_of_this_track(last_seen_ms: int, rule: str) -> None:
    assert decided(last_seen_ms=last_seen_ms).rule == rule


def test_sighting_in_memory_is_worth_more_than_the_recorded_event() -> None:
    assert decided(last_seen_ms=NOW - 9_000, last_event_at_ms=NOW).rule == "watch_list"


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"last_event_at_ms": NOW}, "watch_list"),
        ({"last_alert_at_ms": NOW}, "watch_list"),
        ({"last_alert_here_at_ms": NOW - 3_000}, "alerted_recently"),
        ({"last_alert_here_at_ms": NOW - 3_001}, "watch_list"),
    ],
)
def test_each_camera_by_itself(known: dict[str, Any], rule: str) -> None:
    assert decided(rules=HERE, **known).rule == rule


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({}, "unknown_person"),
        ({"camera_alerts_unknown": False}, "unknown_not_asked_for"),
        ({"camera_known": False}, "camera_removed"),
        ({"last_alert_at_ms": NOW - 3_000}, "alerted_recently"),
        ({"last_event_at_ms": NOW - 5_400}, "seen_recently"),
        ({"watch_lists": (), "person_known": False}, "unknown_person"),
    ],
)
def test_rule_for_strangers(known: dict[str, Any], rule: str) -> None:
    decision = decided(STRANGER, **known)
    assert decision.rule == rule
    if decision.alert is not None:
        assert (decision.alert.type, decision.alert.severity) == (AlertType.UNKNOWN_PERSON, Severity.WARNING)
        assert decision.alert.why["similarity"] == 0.3


def test_gravest_watch_list_decides() -> None:
    lists = (("l1", "Guests", Severity.INFO), ("l2", "Wanted", Severity.CRITICAL), ("l3", "Odd", Severity.ERROR))
    alert = decided(watch_lists=lists).alert
    assert alert is not None
    assert (alert.watch_list_id, alert.severity, alert.why["watch_list"]) == ("l2", Severity.CRITICAL, "Wanted")


def test_trace_says_why() -> None:
    alert = decided(received_at_ms=NOW + LATE_MS).alert
    assert alert is not None
    assert (alert.audience, alert.reference_id, alert.similarity) == (("role:operator",), "r", 0.8)
    why = dict(alert.why)
    assert (why["rule"], why["unseen_ms"], why["realert_ms"], why["margin"]) == ("watch_list", 5_000, 3_000, 0.2)
    assert (why["bbox"], why["width"], why["late"]) == ([1, 2, 3, 4], 640, False)
    assert why["samples"][0]["person_id"] == "ada"
    assert why["timings"] == {"captured": NOW, "received": NOW + LATE_MS, "inference_ms": 0.0}
    msgspec.json.encode(why)
    late = decided(received_at_ms=NOW + LATE_MS + 1).alert
    assert late is not None
    assert late.why["late"] is True


@pytest.mark.parametrize(
    ("state", "open_alerts", "rule", "closes"),
    [
        ("offline", (), "camera_offline", ()),
        ("offline", ("a1",), "camera_still_offline", ()),
        ("online", ("a1", "a2"), "camera_back", ("a1", "a2")),
        ("online", (), "camera_back", ()),
    ],
)
def test_rule_for_cameras(state: Any, open_alerts: tuple[str, ...], rule: str, closes: tuple[str, ...]) -> None:
    what = SourceState(state=state, reason="no route", offline_ms=12_000)
    decision = decided(what, open_alert_ids=open_alerts, last_alert_at_ms=NOW, last_event_at_ms=NOW)
    assert (decision.rule, decision.close) == (rule, closes)
    assert (decision.alert is not None) is (rule == "camera_offline")
    if decision.alert is not None:
        assert decision.alert.type is AlertType.CAMERA_OFFLINE
        assert decision.alert.why == {"rule": "camera_offline", "reason": "no route", "offline_ms": 12_000}


def test_subjects() -> None:
    assert subject_of(fact()) == ("ada", "ada")
    assert subject_of(fact(STRANGER)) == ("stranger-1", None)
    assert subject_of(fact(SourceState(state="online", reason=""))) == ("c1", None)


STRICT = ("l2", "Keys", Severity.ERROR)
UNDECIDED = msgspec.structs.replace(IDENTIFIED, presentation="undecided", live=0.5)
PROVEN = msgspec.structs.replace(IDENTIFIED, presentation="bona_fide", live=0.97)
SHOWN = msgspec.structs.replace(IDENTIFIED, presentation="attack", live=0.04)


def again(what: Identified) -> Identified:
    return msgspec.structs.replace(what, again=True)


@pytest.mark.parametrize(
    ("what", "lists", "rule"),
    [
        (IDENTIFIED, (STRICT,), "watch_list"),
        (PROVEN, (STRICT,), "watch_list"),
        (UNDECIDED, (STRICT,), "liveness_undecided"),
        (SHOWN, (STRICT,), "presentation_attack"),
        (UNDECIDED, (STRICT, WANTED), "watch_list"),
        (SHOWN, (STRICT, WANTED), "watch_list"),
        (again(PROVEN), (STRICT,), "watch_list"),
        (again(SHOWN), (STRICT,), "presentation_attack"),
        (again(PROVEN), (WANTED,), "told_before"),
        (again(PROVEN), (STRICT, WANTED), "watch_list"),
    ],
)
def test_lists_that_take_a_proof_of_life(what: Identified, lists: tuple[Any, ...], rule: str) -> None:
    strict = frozenset({STRICT[0]}) if STRICT in lists else frozenset()
    decision = decided(what, watch_lists=lists, live_lists=strict)
    assert decision.rule == rule
    if rule == "watch_list":
        assert decision.alert is not None
        named = WANTED if WANTED in lists and not what.again else STRICT
        assert decision.alert.watch_list_id == named[0]


def test_a_proof_that_comes_late_is_not_taken_for_a_second_visit() -> None:
    known: dict[str, Any] = {"watch_lists": (STRICT,), "live_lists": frozenset({STRICT[0]})}
    assert decided(again(PROVEN), last_event_at_ms=NOW - 400, **known).rule == "watch_list"
    assert decided(again(PROVEN), last_alert_at_ms=NOW - 400, **known).rule == "alerted_recently"
    assert decided(again(SHOWN), last_alert_at_ms=NOW - 400, **known).rule == "alerted_recently"


def test_a_trace_says_what_is_known_of_liveness_and_which_gates_were_passed() -> None:
    alert = decided(PROVEN).alert
    assert alert is not None
    assert alert.why["liveness"] == {"state": "bona_fide", "score": 0.97}
    gates = {one["gate"]: (one["passed"], one["value"]) for one in alert.why["gates"]}
    assert gates == {
        "sample_quality": (True, "1 of 1"),
        "similarity": (True, 0.8),
        "margin": (True, 0.2),
        "liveness": (True, "bona_fide"),
    }
    plain = decided(IDENTIFIED).alert
    assert plain is not None
    assert plain.why["liveness"] is None
