from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.events import wire
from sightline.exceptions import WireError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
TYPES = [
    "client_identify", "heartbeat", "heartbeat_ack", "subscribe_camera", "unsubscribe_camera", "received", "ack",
    "refresh",
]  # fmt: skip
FIELDS = [
    "client_type", "auth_token", "device", "location", "capabilities", "resume", "camera_id", "max_fps", "frames",
    "offset", "alert_id", "verdict", "client_time",
]  # fmt: skip


def refusal(text: str | bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        wire.decode_client_message(text)
    return caught.value


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_nothing_but_wire_errors_escapes_on_any_input(text: str | bytes) -> None:
    with contextlib.suppress(WireError):
        wire.decode_client_message(text)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES) | JSON,
            "id": st.text(max_size=5) | JSON,
            "data": st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON,
            "more": JSON,
        },
    )
)
def test_every_json_message_is_understood_or_refused_by_name(message: dict[str, Any]) -> None:
    try:
        understood = wire.decode_client_message(json.dumps(message))
    except WireError as problem:
        assert not problem.fatal
        assert problem.path
        wire.encode_message("error", wire.error(problem.code, str(problem), path=problem.path), id=problem.request_id)
    else:
        assert understood.type == message["type"]
        assert understood.id == message.get("id")
        answer = {"client_time": getattr(understood.data, "client_time", None)}
        wire.encode_message("heartbeat_ack", answer, id=understood.id)


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({}, "type"),
        ([], "$"),
        ("heartbeat", "$"),
        ({"type": 5}, "type"),
        ({"type": "sing"}, "type"),
        ({"type": "heartbeat", "id": 5}, "id"),
        ({"type": "heartbeat", "id": "x" * 201}, "id"),
        ({"type": "heartbeat", "data": None}, "data"),
        ({"type": "heartbeat", "data": []}, "data"),
        ({"type": "ack"}, "data.alert_id"),
        ({"type": "ack", "data": {"alert_id": ""}}, "data.alert_id"),
        ({"type": "ack", "data": {"alert_id": "a", "verdict": "perhaps"}}, "data.verdict"),
        ({"type": "received", "data": {"offset": -1}}, "data.offset"),
        ({"type": "received", "data": {"offset": 1.5}}, "data.offset"),
        ({"type": "received", "data": {"offset": True}}, "data.offset"),
        ({"type": "subscribe_camera", "data": {"camera_id": "c", "max_fps": 0}}, "data.max_fps"),
        ({"type": "client_identify", "data": {}}, "data.client_type"),
        ({"type": "client_identify", "data": {"client_type": "x" * 300}}, "data.client_type"),
        ({"type": "client_identify", "data": {"client_type": "f", "capabilities": ["a", 1]}}, "data.capabilities[1]"),
        (
            {"type": "client_identify", "data": {"client_type": "f", "resume": {"epoch": "e"}}},
            "data.resume.offset",
        ),
        (
            {"type": "client_identify", "data": {"client_type": "f", "location": {"latitude": 91, "longitude": 0}}},
            "data.location.latitude",
        ),
    ],
)
def test_refusal_names_the_field(message: Any, path: str) -> None:
    problem = refusal(json.dumps(message))
    assert (problem.path, problem.fatal) == (path, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"type": "heartbeat"} more',
        '{"type": "heartbeat", "data": {"client_time": NaN}}',
        '{"type": "heartbeat", "data": ' + "[" * 100_000,
        '{"type": "heartbeat", "x": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"type": 5, "x": ' + "[" * 5_000,
        '{"type": "heartbeat", "id": "\\ud800"}',
        b"\xff\xfe",
        "\ud800",
    ],
)
def test_what_is_no_json_is_fatal(text: str | bytes) -> None:
    assert refusal(text).fatal


@pytest.mark.parametrize(
    "message",
    [
        {"id": "7"},
        {"id": "7", "type": 5},
        {"id": "7", "type": "sing"},
        {"id": "7", "type": "ack", "data": {}},
        {"id": "7", "type": "ack", "data": 5},
    ],
)
def test_refusal_carries_the_id_of_the_message(message: dict[str, Any]) -> None:
    assert refusal(json.dumps(message)).request_id == "7"


def test_whole_numbers_of_any_size_are_read_and_written() -> None:
    message = wire.decode_client_message(f'{{"type": "heartbeat", "data": {{"client_time": {10**40}}}}}')
    assert isinstance(message.data, wire.Heartbeat)
    assert str(10**40) in wire.encode_message("heartbeat_ack", {"client_time": message.data.client_time})


def test_identify_in_full() -> None:
    data = {
        "client_type": "mobile_app",
        "auth_token": "t",
        "device": "d",
        "location": {"latitude": 52.5, "longitude": 13.4, "accuracy_m": 5},
        "capabilities": {"push": True},
        "resume": {"epoch": "e", "offset": 5},
        "unknown_field": 1,
    }
    message = wire.decode_client_message(json.dumps({"type": "client_identify", "id": "1", "data": data}))
    assert message.data == wire.Identify(
        client_type="mobile_app",
        auth_token="t",
        device="d",
        location=wire.Location(latitude=52.5, longitude=13.4, accuracy_m=5.0),
        capabilities={"push": True},
        resume=wire.Resume(epoch="e", offset=5),
    )


def test_messages_are_wrapped_once() -> None:
    text = wire.encode_message("alert_triggered", {"name": "Zoë"}, id="1")
    assert json.loads(text) == {"type": "alert_triggered", "id": "1", "data": {"name": "Zoë"}}
    assert json.loads(wire.encode_message("position", {})) == {"type": "position", "data": {}}
    assert json.loads(wire.encode_flat({"type": "ping"})) == {"type": "ping"}


def test_error_data() -> None:
    assert wire.error("C", "m") == {"code": "C", "message": "m"}
    full = {"code": "C", "message": "m", "details": {"path": "data.x"}, "request_id": "1"}
    assert wire.error("C", "m", path="data.x", request_id="1") == full


@given(st.integers(-5, 2**70), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_received_in_the_usual_form_is_what_the_decoder_makes_of_it(offset: int, separators: tuple[str, str]) -> None:
    text = json.dumps({"type": "received", "data": {"offset": offset}}, separators=separators)
    quick = wire.received_offset(text.encode())
    if quick is not None:
        assert wire.decode_client_message(text) == wire.ClientMessage("received", None, wire.Received(quick))
    assert (quick is not None) is (0 <= offset < 10**16)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"received","data":{"offset":01}}', '{"type":"received","data":{"offset":1}} ', '{"type":"received"}',
        '{"type":"received","id":"a","data":{"offset":1}}', '{"type":"received","data":{"offset":1.0}}',
        '{"type":"received","data":{"offset":1,"offset":2}}', '{"type":"received","data":{"offset":٣}}', "",
    ],
)  # fmt: skip
def test_another_form_is_left_to_the_decoder(text: str) -> None:
    assert wire.received_offset(text.encode()) is None
