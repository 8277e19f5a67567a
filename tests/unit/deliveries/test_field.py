"""What field clients say and are told, without a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.cameras import Camera
from sightline.deliveries.field import (
    as_nearest,
    context_of,
    decode_registration,
    encode_alert,
    encode_echo,
    encode_error,
    nearest,
)
from sightline.deliveries.geodesy import distance_m
from sightline.exceptions import WireError
from sightline.identities.subject import Person

GOOD = {"latitude": 40.9983, "longitude": 71.67257, "state": "apk"}
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@dataclass
class Place:
    latitude: float
    longitude: float


def test_a_registration_as_the_first_clients_sent_it() -> None:
    registration = decode_registration(json.dumps(GOOD | {"version": 3}))
    assert (registration.latitude, registration.longitude, registration.state) == (40.9983, 71.67257, "apk")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"latitude": None}, "latitude"),
        ({"latitude": 91}, "latitude"),
        ({"longitude": "71"}, "longitude"),
        ({"longitude": -181}, "longitude"),
        ({"state": "toaster"}, "state"),
        ({"auth_token": ""}, "auth_token"),
    ],
)
def test_a_wrong_registration_names_its_field(change: dict[str, Any], path: str) -> None:
    with pytest.raises(WireError) as refused:
        decode_registration(json.dumps(GOOD | change))
    assert (refused.value.path, refused.value.fatal) == (path, True)
    assert json.loads(encode_error(refused.value))["context"]["details"] == {"path": path}


@pytest.mark.parametrize("name", list(GOOD))
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(WireError) as refused:
        decode_registration(json.dumps({key: value for key, value in GOOD.items() if key != name}))
    assert refused.value.path == name


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_whatever_comes_first_only_the_documented_error_escapes(message: bytes | str) -> None:
    try:
        decode_registration(message)
    except WireError as problem:
        assert problem.fatal


@given(json_values)
def test_an_echo_is_what_was_said_encoded_once(value: Any) -> None:
    assert json.loads(encode_echo(json.dumps(value))) == {"echo": value}


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_an_echo_is_json_or_refused(message: bytes | str) -> None:
    try:
        echo = encode_echo(message)
    except WireError as problem:
        assert problem.fatal
    else:
        assert json.loads(echo)["echo"] == json.loads(message)


@pytest.mark.parametrize("message", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000])
def test_what_is_nested_too_deeply_is_refused(message: str) -> None:
    with pytest.raises(WireError):
        encode_echo(message)


def test_an_alert_says_who_where_and_no_password() -> None:
    camera = Camera("c1", "Gate", "rtsp://viewer:pr1vate@10.0.0.9/stream?token=abc", 52.5, 13.4, 5.0, True, False, 0)
    context = context_of("p1", _person(), camera)
    assert context == {
        "id": "p1", "first_name": "ada_lovelace", "last_name": "", "age": 36, "description": "mathematician",
        "url": "rtsp://10.0.0.9/stream?token=***",
        "camera": {"id": "c1", "name": "Gate", "latitude": 52.5, "longitude": 13.4},
    }  # fmt: skip
    text = encode_alert(context)
    assert json.loads(text) == {"event": "all_clients", "context": context}
    assert json.loads(as_nearest(text)) == {"event": "nearest_client", "context": context}


def test_somebody_unknown_is_told_of_as_unknown() -> None:
    context = context_of("stranger-7", None, None)
    assert (context["id"], context["first_name"], context["camera"]) == ("stranger-7", "Unknown", None)


@given(
    st.floats(-90, 90), st.floats(-180, 180), st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=8)
)
def test_nobody_is_nearer_than_the_nearest(
    latitude: float, longitude: float, places: list[tuple[float, float]]
) -> None:
    candidates = [Place(*place) for place in places]
    found = nearest(latitude, longitude, candidates)
    assert (found is None) == (not candidates)
    if found is not None:
        reached = [distance_m(latitude, longitude, one.latitude, one.longitude) for one in candidates]
        assert candidates.index(found) == reached.index(min(reached))


def test_near_is_measured_along_the_ellipsoid_across_the_date_line() -> None:
    west, east = Place(0, -179.9), Place(0, 170)
    assert nearest(0, 179.9, [east, west]) is west


def _person() -> Person:
    return Person("p1", "ada_lovelace", "", 36, "mathematician", 0)
