from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.client.events import (
    Alert,
    AlertUpdated,
    CameraChanged,
    Crowd,
    DetectionResult,
    FaceResult,
    Picture,
    Problem,
    Recorded,
)
from sightline.client.messages import (
    IdentificationSuccess,
    OpenAlerts,
    Position,
    decode_picture,
    decode_server_message,
)
from sightline.exceptions import WireError

ALERT = {
    "alert_id": "a1", "offset": 42, "type": "watchlist_match", "severity": "critical",
    "camera": {"id": "c", "name": "Entrance hall", "latitude": 52.5186, "longitude": 13.3762},
    "person": {"id": "p", "first_name": "Eileen", "last_name": "Collins", "age": 42, "description": "…"},
    "similarity": 0.94, "snapshot_url": "/api/alerts/a1/snapshot", "probe_url": None, "reference_url": None,
    "watch_list": {"id": "w", "name": "Watch list"}, "why": {"rule": "watch_list", "samples": []},
    "timestamp": 1795212835985, "created_at": 1795212836034, "state": "open", "verdict": None,
    "escalation_level": 0, "by": None, "at": None,
}  # fmt: skip

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
kinds = st.sampled_from(
    [
        "connection_established", "identification_success", "heartbeat", "heartbeat_ack", "alert_triggered",
        "alert_updated", "alert_snapshot", "position", "caught_up", "recorded", "refreshed", "bulk_status_update",
        "stream_status_update", "camera_online", "camera_offline", "ai_engine_status", "face_detection_result", "error",
    ]
)  # fmt: skip


def decoded(type: str, data: Any, **envelope: Any) -> Any:
    message = decode_server_message(json.dumps({"type": type, "data": data, **envelope}))
    assert message is not None
    return message.data


def test_an_alert_is_read_whole() -> None:
    alert = decoded("alert_triggered", ALERT)
    assert isinstance(alert, Alert)
    assert (alert.alert_id, alert.offset, alert.severity, alert.similarity) == ("a1", 42, "critical", 0.94)
    assert alert.person is not None and alert.watch_list is not None
    assert (alert.person.first_name, alert.camera.latitude, alert.watch_list.name) == ("Eileen", 52.5186, "Watch list")
    assert alert.why == {"rule": "watch_list", "samples": []}


def test_fields_of_the_future_are_ignored_and_missing_ones_have_defaults() -> None:
    assert decoded("alert_triggered", {"alert_id": "a", "mood": 1}) == Alert(alert_id="a")
    assert decode_server_message('{"type": "of_next_year", "data": {"anything": 1}}') is None


def test_the_answers_id_is_kept() -> None:
    message = decode_server_message('{"type": "recorded", "id": "7", "data": {"alert_id": "a", "state": "open"}}')
    assert message is not None
    assert (message.id, message.data) == ("7", Recorded(alert_id="a", state="open"))


@pytest.mark.parametrize(("kind", "status"), [("camera_online", "online"), ("camera_offline", "offline")])
def test_some_types_say_the_status_by_their_name(kind: str, status: str) -> None:
    assert decoded(kind, {"camera_id": "c"}) == CameraChanged(camera_id="c", status=status)
    assert decoded(kind, {"camera_id": "c", "status": "stalled"}) == CameraChanged(camera_id="c", status="stalled")


def test_other_messages_are_read() -> None:
    assert decoded("position", {"from": 3, "to": 9}) == Position(start=3, to=9)
    assert decoded("alert_snapshot", {"alerts": [ALERT], "offset": 5}).alerts[0].alert_id == "a1"
    assert isinstance(decoded("alert_snapshot", {"alerts": [], "offset": 5}), OpenAlerts)
    assert isinstance(
        decoded("identification_success", {"epoch": "e", "offset": 1, "mode": "live"}), IdentificationSuccess
    )
    assert isinstance(decoded("alert_updated", {"alert_id": "a", "state": "closed"}), AlertUpdated)
    face = {"bbox": [1, 2, 3, 4], "confidence": 0.9, "landmarks": [[1, 2]] * 5, "live": 0.9, "body": "b"}
    result = decoded("face_detection_result", {"camera_id": "c", "frame_id": 1, "faces": [face]})
    assert isinstance(result, FaceResult) and result.faces[0].bbox == (1, 2, 3, 4)
    objects = {
        "camera_id": "c", "frame_id": 1,
        "detections": [{"label": "person", "confidence": 0.8, "bbox": [1, 2, 3, 4], "track_id": "t"}],
        "crowd_analysis": {
            "face_count": 1, "body_count": 2, "crowd_level": "low", "density_score": 0.1, "zones": {"A": 2},
        },
    }  # fmt: skip
    found = decoded("ai_detection_result", objects)
    assert isinstance(found, DetectionResult) and found.detections[0].label == "person"
    assert found.crowd_analysis == Crowd(
        face_count=1, body_count=2, crowd_level="low", density_score=0.1, zones={"A": 2}
    )
    problem = decoded("error", {"code": "FORBIDDEN", "message": "no", "details": {"path": "data"}})
    assert problem == Problem(code="FORBIDDEN", message="no", details={"path": "data"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"type": 1}',
        '{"type": "position"}',
        '{"type": "position", "data": {"from": 1}}',
        '{"type": "position", "data": {"from": 1e400, "to": 2}}',
        "[" * 100_000,
        '{"type": "error", "data": ' + "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_a_wire_error(text: str) -> None:
    with pytest.raises(WireError, match="cannot be read"):
        decode_server_message(text)


@given(st.text() | kinds.flatmap(lambda kind: documents.map(lambda data: json.dumps({"type": kind, "data": data}))))
def test_only_wire_errors_escape(text: str) -> None:
    try:
        decode_server_message(text)
    except WireError as problem:
        assert str(problem)


def test_a_picture_is_read() -> None:
    header = json.dumps({"camera_id": "c", "frame_id": 7, "timestamp": 8, "width": 9, "height": 10, "new": 1}).encode()
    message = len(header).to_bytes(4, "big") + header + b"\xff\xd8jpeg"
    assert decode_picture(message) == Picture("c", 7, 8, 9, 10, b"\xff\xd8jpeg")


@given(st.binary() | st.binary().map(lambda raw: len(raw).to_bytes(4, "big") + raw))
def test_no_other_bytes_are_a_picture(message: bytes) -> None:
    with pytest.raises(WireError):
        decode_picture(message)


def test_a_header_longer_than_any_real_one_is_refused() -> None:
    header = json.dumps({"camera_id": "c" * 70_000, "frame_id": 7}).encode()
    with pytest.raises(WireError, match="no header"):
        decode_picture(len(header).to_bytes(4, "big") + header)
