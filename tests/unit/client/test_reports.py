"""What a program that is an engine says, and when it says it again."""

from __future__ import annotations

import pytest

from sightline.client.effects import AlertRefused, Answer, Deliver, Persist, Send
from sightline.client.events import AlertAccepted, StreamWanted
from sightline.client.outbox import ANSWER_WAIT_MS, MAX_PENDING, PendingAlert
from sightline.client.reports import Reports, StreamTask
from sightline.exceptions import Unavailable


def alert(number: int = 1) -> PendingAlert:
    return PendingAlert(f"id-{number}", f"alert-{number}", {"alert_id": f"alert-{number}"})


def test_an_alert_is_sent_until_it_is_accepted_over_connections_and_restarts() -> None:
    reports = Reports()
    assert reports.alert(alert(), 0) == [Persist()], "nobody is there to hear it"
    said = Send("alert_triggered", alert().data, "id-1")
    assert reports.begin(0) == [said]
    assert reports.tick(ANSWER_WAIT_MS - 1) == []
    assert reports.next_tick_at_ms() == ANSWER_WAIT_MS
    assert reports.tick(ANSWER_WAIT_MS) == [said]
    reports.end()
    assert reports.next_tick_at_ms() is None
    restarted = Reports(reports.pending)
    assert restarted.begin(0) == [said]
    accepted = AlertAccepted(alert_id="alert-1", raised="x")
    assert restarted.accepted(accepted, None) == [Answer("id-1", accepted), Persist()]
    assert restarted.accepted(accepted, None) == []
    assert len(restarted) == 0


def test_one_that_the_server_refuses_is_not_sent_again() -> None:
    reports = Reports([alert(1), alert(2)])
    reports.begin(0)
    answer, persist = reports.refused("INVALID_MESSAGE", "no camera", "id-2")
    assert isinstance(answer, Answer) and isinstance(answer.outcome, AlertRefused) and persist == Persist()
    assert (answer.outcome.alert_id, answer.outcome.code) == ("alert-2", "INVALID_MESSAGE")
    assert reports.refused("INVALID_MESSAGE", "no camera", "id-9") == []
    assert [one.id for one in reports.pending] == ["id-1"]


def test_nothing_is_dropped_where_too_much_waits() -> None:
    reports = Reports(alert(number) for number in range(MAX_PENDING))
    with pytest.raises(Unavailable):
        reports.alert(alert(MAX_PENDING), 0)


def test_without_a_connection_the_newest_result_of_a_camera_waits() -> None:
    reports = Reports()
    for number in range(3):
        assert reports.result("ai_detection_result", {"camera_id": "c", "frame_id": number}) == []
    reports.result("face_detection_result", {"camera_id": "c"})
    assert reports.begin(0) == [
        Send("ai_detection_result", {"camera_id": "c", "frame_id": 2}),
        Send("face_detection_result", {"camera_id": "c"}),
    ]
    live = {"camera_id": "c", "frame_id": 3}
    assert reports.result("ai_detection_result", live) == [Send("ai_detection_result", live)]


def test_a_task_says_everything_that_holds_and_ends_with_the_connection() -> None:
    reports = Reports()
    reports.begin(0)
    started = StreamTask(camera_id="c", rtsp_url="rtsp://h", quality="sd")
    assert reports.task("start_stream_processing", started) == [Deliver(StreamWanted("c", "rtsp://h", "sd"))]
    changed = StreamTask(camera_id="c", new_quality="hd")
    assert reports.task("change_stream_quality", changed) == [Deliver(StreamWanted("c", "rtsp://h", "hd"))]
    reports.end()
    assert reports.begin(0) == [Deliver(StreamWanted("c", None, None))], "the server says anew what is to be done"
    reports.task("start_stream_processing", started)
    stopped = StreamTask(camera_id="c")
    assert reports.task("stop_stream_processing", stopped) == [Deliver(StreamWanted("c", None, None))]
    assert reports.begin(0) == []
