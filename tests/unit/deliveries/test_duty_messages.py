"""What a responder's phone may say: checked, and handed on only by a session that is open."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.deliveries.session import DeclineAlert, Effect, Limits, Locate, Mode, Send, Session, SetDuty
from sightline.events.wire import decode_client_message, encode_message
from sightline.exceptions import WireError

NOW_MS = 1_000_000


def said(type: str, **data: Any) -> Any:
    return decode_client_message(encode_message(type, data, id="7"))


def opened() -> Session:
    session = Session("c", Limits(), NOW_MS)
    session.open()
    session.receive(said("client_identify", client_type="mobile_app", auth_token="t", device="d"), NOW_MS)
    session.identified(
        user_id="ana", token_expires_ms=NOW_MS + 10**6, mode=Mode.LIVE, epoch="e", top=0, start=0, id=None
    )
    return session


MESSAGES = [
    said("location_update", latitude=52.5, longitude=13.4, accuracy_m=8.0),
    said("duty", on=True),
    said("decline", alert_id="a", reason="ill"),
]


def test_an_open_session_hands_each_on() -> None:
    session = opened()
    located, duty, declined = (session.receive(message, NOW_MS) for message in MESSAGES)
    (where,) = located
    assert isinstance(where, Locate)
    assert (where.location.latitude, where.location.longitude, where.location.accuracy_m) == (52.5, 13.4, 8.0)
    assert duty == [SetDuty(True, "7")]
    assert declined == [DeclineAlert("a", "ill", "7")]
    assert session.receive(said("decline", alert_id="a"), NOW_MS) == [DeclineAlert("a", "", "7")]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.type))
def test_a_session_that_is_not_open_hands_nothing_on(message: Any) -> None:
    new = Session("c", Limits(), NOW_MS)
    new.open()
    (answer,) = new.receive(message, NOW_MS)
    assert isinstance(answer, Send) and answer.type == "error" and answer.id == "7"
    closed: list[Effect] = []
    session = opened()
    session.tick(NOW_MS + 10**9)
    closed.extend(session.receive(message, NOW_MS + 10**9))
    assert closed == []


@pytest.mark.parametrize(
    ("type", "data", "path"),
    [
        ("location_update", {"latitude": 90.1, "longitude": 0}, "data.latitude"),
        ("location_update", {"latitude": 0, "longitude": -180.1}, "data.longitude"),
        ("location_update", {"latitude": 0}, "data.longitude"),
        ("location_update", {"latitude": 0, "longitude": 0, "accuracy_m": -1}, "data.accuracy_m"),
        ("duty", {}, "data.on"),
        ("duty", {"on": 1}, "data.on"),
        ("decline", {}, "data.alert_id"),
        ("decline", {"alert_id": ""}, "data.alert_id"),
        ("decline", {"alert_id": "a", "reason": "x" * 1001}, "data.reason"),
    ],
)
def test_a_wrong_value_is_named(type: str, data: dict[str, Any], path: str) -> None:
    with pytest.raises(WireError) as refused:
        said(type, **data)
    assert (refused.value.path, refused.value.fatal, refused.value.request_id) == (path, False, "7")
