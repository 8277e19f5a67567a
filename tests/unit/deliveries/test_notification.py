"""What is said outside: names only where the administrator wants them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent, PushSubscription, wants
from sightline.deliveries.notification import Notification, notification, trial
from sightline.events.alert import Severity

NOW_MS = 1_767_265_205_000


def alert(**changed: Any) -> dict[str, Any]:
    return {
        "alert_id": "a1", "type": "watchlist_match", "severity": "critical", "timestamp": NOW_MS, "state": "open",
        "camera": {"id": "c1", "name": "Front door"}, "person": {"first_name": "Ada", "last_name": "Lovelace"},
    } | changed  # fmt: skip


def said(event: NoticeEvent, *, with_names: bool = False, **changed: Any) -> Notification:
    return notification("d1", event, alert(**changed), with_names=with_names, public_url="https://alerts.example.org/")


@pytest.mark.parametrize(
    ("event", "title", "named"),
    [
        (NoticeEvent.ALERT_TRIGGERED, "Alert at Front door", "Ada Lovelace at Front door"),
        (NoticeEvent.ALERT_UPDATED, "Alert acknowledged at Front door", "Ada Lovelace, acknowledged at Front door"),
        (
            NoticeEvent.ALERT_UNANSWERED,
            "Nobody has taken the alert at Front door",
            "Nobody has taken the alert about Ada Lovelace at Front door",
        ),
    ],
)
def test_titles(event: NoticeEvent, title: str, named: str) -> None:
    state = "acknowledged" if event is NoticeEvent.ALERT_UPDATED else "open"
    assert said(event, state=state).title == title
    assert said(event, state=state, with_names=True).title == named
    assert said(event, state=state, with_names=True, person=None).title == title


def test_a_stranger_who_was_here_before_is_told_by_number() -> None:
    about = {"type": "unknown_person", "severity": "warning", "person": None}
    known = said(NoticeEvent.ALERT_TRIGGERED, **about, why={"stranger": {"id": "x", "number": 12, "seen": 3}})
    assert known.body == "Unknown person (stranger 12, seen 3 times), warning"
    assert said(NoticeEvent.ALERT_TRIGGERED, **about, why={}).body == "Unknown person, warning"


@pytest.mark.parametrize("event", [event for event in NoticeEvent if event is not NoticeEvent.TEST])
def test_no_name_is_in_what_a_locked_screen_shows(event: NoticeEvent) -> None:
    words = said(event)
    shown = json.dumps([words.title, words.body, words.path, words.url])
    assert "Ada" not in shown
    assert "Lovelace" not in shown


def test_line_and_links() -> None:
    words = said(NoticeEvent.ALERT_TRIGGERED)
    assert (words.body, words.path) == ("Watchlist match, critical", "/alerts/a1")
    assert words.url == "https://alerts.example.org/alerts/a1"
    assert notification("d", NoticeEvent.ALERT_TRIGGERED, alert(), with_names=False, public_url=None).url is None


def test_an_alert_of_no_camera() -> None:
    assert said(NoticeEvent.ALERT_TRIGGERED, camera={"id": "", "name": ""}).title == "Alert at a camera"


def test_a_trial_says_that_it_is_one() -> None:
    words = trial("d1", now_ms=NOW_MS, public_url=None)
    assert (words.event, words.alert_id, words.data) == (NoticeEvent.TEST, None, {})
    assert "No alert was raised" in words.body


@pytest.mark.parametrize(
    ("severity", "least", "enabled", "events", "wanted"),
    [
        (Severity.ERROR, "warning", True, ["alert_triggered"], True),
        (Severity.WARNING, "warning", True, ["alert_triggered"], True),
        (Severity.INFO, "warning", True, ["alert_triggered"], False),
        (Severity.CRITICAL, "info", False, ["alert_triggered"], False),
        (Severity.CRITICAL, "info", True, ["alert_updated"], False),
    ],
)
def test_what_a_channel_wants(
    severity: Severity, least: str, enabled: bool, events: list[str], wanted: bool
) -> None:
    assert wants(events, least, enabled, NoticeEvent.ALERT_TRIGGERED, severity) is wanted


def test_no_secret_is_in_what_a_log_might_say() -> None:
    channel = Channel("c", "n", ChannelKind.WEBHOOK, "https://s3cret", "s3cret", (), Severity.INFO, True, 0)
    subscription = PushSubscription("s", "u", "d", "https://s3cret", "s3cret", "s3cret")
    assert "s3cret" not in f"{channel!r} {subscription!r}"
