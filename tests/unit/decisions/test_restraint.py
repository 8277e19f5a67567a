"""Snoozes, maintenance and floods hold alerts back; nothing else does."""

from __future__ import annotations

from typing import Any

from sightline.decisions.restraint import restrain
from sightline.events.alert import AlertType, Severity
from sightline.events.event import AlertDraft, Decision, DecisionContext, RecentAlert
from sightline.events.quiet import QuietKind, QuietPeriod

NOON_MS = 1_767_265_205_000
MATCH = Decision("watch_list", AlertDraft(AlertType.WATCHLIST_MATCH, Severity.CRITICAL, ("role:operator",), {}))


def context(**changed: Any) -> DecisionContext:
    values: dict[str, Any] = {
        "camera_known": True, "camera_alerts_unknown": True, "person_known": True, "watch_lists": (),
        "last_event_at_ms": None, "last_alert_at_ms": None, "last_alert_here_at_ms": None, "open_alert_ids": (),
    }  # fmt: skip
    return DecisionContext(**(values | changed))


def period(**changed: Any) -> QuietPeriod:
    values: dict[str, Any] = {
        "id": "q", "kind": QuietKind.SNOOZE, "camera_id": "door", "alert_type": None, "from_ms": NOON_MS,
        "until_ms": NOON_MS + 1000, "reason": "", "by": "olga", "created_at_ms": NOON_MS,
    }  # fmt: skip
    return QuietPeriod(**(values | changed))


def recent(number: int, **changed: Any) -> RecentAlert:
    values: dict[str, Any] = {
        "id": f"alert-{number}", "type": AlertType.WATCHLIST_MATCH, "unfinished": True, "count": 1,
        "last_at_ms": NOON_MS - number * 1000,
    }  # fmt: skip
    return RecentAlert(**(values | changed))


def held(decision: Decision = MATCH, at_ms: int = NOON_MS, **known: Any) -> Decision:
    return restrain(decision, context(**known), camera_id="door", captured_at_ms=at_ms, flood_alerts=3, flood_ms=60_000)


def test_an_alert_is_raised_where_nothing_holds_it_back() -> None:
    assert held() == MATCH


def test_what_raises_no_alert_is_left_alone() -> None:
    back = Decision("camera_back", close=("alert-1",))
    assert held(back, quiet=(period(),), recent_alerts=tuple(recent(n) for n in range(5))) == back


def test_a_snoozed_camera_raises_nothing_and_says_so() -> None:
    assert held(quiet=(period(),)) == Decision("snooze")
    assert held(quiet=(period(kind=QuietKind.MAINTENANCE, camera_id=None),)) == Decision("maintenance")


def test_a_snooze_is_for_its_time_its_camera_and_its_type() -> None:
    assert held(at_ms=NOON_MS - 1, quiet=(period(),)) == MATCH
    assert held(at_ms=NOON_MS + 1000, quiet=(period(),)) == MATCH
    assert held(quiet=(period(camera_id="gate"),)) == MATCH
    assert held(quiet=(period(alert_type=AlertType.CAMERA_OFFLINE),)) == MATCH
    assert held(quiet=(period(alert_type=AlertType.WATCHLIST_MATCH),)).rule == "snooze"


def test_a_flood_begins_after_so_many_alerts_and_is_counted_onto_the_newest() -> None:
    assert held(recent_alerts=(recent(1), recent(2))) == MATCH
    assert held(recent_alerts=(recent(1), recent(2), recent(3))) == Decision("grouped", group_into="alert-1")


def test_a_flood_goes_on_while_it_lasts() -> None:
    head = recent(50, count=9, last_at_ms=NOON_MS - 59_999)
    assert held(recent_alerts=(head,)) == Decision("grouped", group_into=head.id)
    assert held(recent_alerts=(recent(50, count=9, last_at_ms=NOON_MS - 60_000),)) == MATCH


def test_a_flood_is_of_one_type() -> None:
    others = tuple(recent(number, type=AlertType.UNKNOWN_PERSON) for number in range(5))
    assert held(recent_alerts=others) == MATCH


def test_nothing_is_counted_onto_an_alert_that_is_over() -> None:
    over = tuple(recent(number, unfinished=False) for number in range(5))
    assert held(recent_alerts=over) == MATCH
    assert held(recent_alerts=(*over, recent(7))) == Decision("grouped", group_into="alert-7")


def test_alerts_spread_over_time_are_no_flood() -> None:
    spread = tuple(recent(number, last_at_ms=NOON_MS - number * 61_000) for number in range(1, 9))
    assert held(recent_alerts=spread) == MATCH
