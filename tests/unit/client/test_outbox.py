from __future__ import annotations

import pytest

from sightline.client.events import Recorded
from sightline.client.outbox import ANSWER_WAIT_MS, MAX_PENDING, Outbox, PendingAck
from sightline.events.alert import Verdict
from sightline.exceptions import Unavailable


def ack(id: str, alert_id: str = "a", verdict: Verdict | None = None) -> PendingAck:
    return PendingAck(id, alert_id, verdict, made_at_ms=0)


def test_sent_once_a_connection_and_again_without_an_answer() -> None:
    outbox = Outbox([ack("1", "a"), ack("2", "b")])
    assert [due.id for due in outbox.take_due(1000)] == ["1", "2"]
    assert outbox.take_due(1000) == []
    assert outbox.next_due_at_ms() == 1000 + ANSWER_WAIT_MS
    assert [due.id for due in outbox.take_due(1000 + ANSWER_WAIT_MS)] == ["1", "2"]
    outbox.connection_lost()
    assert [due.id for due in outbox.take_due(1001 + ANSWER_WAIT_MS)] == ["1", "2"]


def test_an_answer_finishes_the_one_that_it_answers() -> None:
    outbox = Outbox([ack("1", "a"), ack("2", "a")])
    assert outbox.recorded(Recorded(alert_id="a", state="open"), "2") == ack("2", "a")
    assert outbox.recorded(Recorded(alert_id="a", state="open"), "of somebody else") is None
    assert outbox.recorded(Recorded(alert_id="a", state="open"), None) == ack("1", "a")
    assert len(outbox) == 0
    assert outbox.refused("1") is None
    assert outbox.next_due_at_ms() is None


def test_a_later_one_replaces_what_has_not_left_and_nothing_else() -> None:
    outbox = Outbox()
    assert outbox.add(ack("1", "a")) == "1"
    assert outbox.add(ack("2", "b")) == "2"
    assert outbox.add(ack("3", "a", Verdict.REJECTED)) == "1"
    assert outbox.pending == (ack("2", "b"), ack("1", "a", Verdict.REJECTED))
    outbox.take_due(0)
    assert outbox.add(ack("4", "a")) == "4"
    assert len(outbox) == 3


def test_a_full_outbox_refuses_and_loses_nothing() -> None:
    outbox = Outbox(ack(str(number), str(number)) for number in range(MAX_PENDING))
    with pytest.raises(Unavailable, match="connect first"):
        outbox.add(ack("one more", "one more"))
    assert len(outbox) == MAX_PENDING
    assert outbox.add(ack("x", "0", Verdict.CONFIRMED)) == "0"
