"""An unknown person who was seen before: named by number, or left alone where somebody said so."""

from __future__ import annotations

from dataclasses import replace

from sightline.decisions.policy import decide
from sightline.events.event import Decision
from sightline.identities.sighting import StrangerRef
from tests.unit.decisions.test_policy import IDENTIFIED, NOW, RULES, STRANGER, context, fact

SEEN = StrangerRef(id="g", number=12, sightings=2, ignored=False)


def about(stranger: StrangerRef | None, what: object = STRANGER, **known: object) -> Decision:
    return decide(fact(what), context(**known), RULES, last_seen_ms=None, received_at_ms=NOW, stranger=stranger)


def test_the_alert_says_who_it_was_and_how_often_they_were_seen() -> None:
    decision = about(SEEN)
    assert decision.rule == "unknown_person"
    assert decision.alert is not None
    assert decision.alert.why["stranger"] == {"id": "g", "number": 12, "seen": 3}


def test_an_ignored_stranger_raises_no_alert() -> None:
    decision = about(replace(SEEN, ignored=True))
    assert (decision.rule, decision.alert) == ("stranger_ignored", None)


def test_who_was_never_seen_before_has_no_number() -> None:
    decision = about(None)
    assert decision.alert is not None and "stranger" not in decision.alert.why


def test_other_rules_come_first() -> None:
    assert about(SEEN, camera_alerts_unknown=False).rule == "unknown_not_asked_for"
    assert about(replace(SEEN, ignored=True), IDENTIFIED).rule == "watch_list"
