"""What clients that push frames say and hear."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.pushed import (
    FRAME_MESSAGES,
    Authenticate,
    FrameSettings,
    ProcessFrame,
    decode_frame_message,
    decode_process_frame,
    encode_event,
    frame_error,
    frame_result,
    image_of,
    parse_levels,
)
from sightline.events.alert import Severity
from sightline.events.still import AnalysedFace, Analysis, FoundObject
from sightline.exceptions import ImageError, WireError

IMAGE = bytes(range(256)) * 3
BASE64 = base64.b64encode(IMAGE).decode()
LEVEL = Severity.WARNING


def face(*bbox: float) -> AnalysedFace:
    return AnalysedFace(
        bbox=bbox, confidence=0.95, landmarks=[], quality=0.0, reasons=[], vector=b"", probe=b""  # type: ignore[arg-type]
    )


def body(*bbox: float, label: str = "person") -> FoundObject:
    return FoundObject(label=label, bbox=bbox, confidence=0.87)  # type: ignore[arg-type]


def analysis(faces: int = 0, bodies: int = 0, **fields: Any) -> Analysis:
    return Analysis(
        request_id="r",
        width=640,
        height=480,
        faces=[face(20 * n, 0, 20 * n + 10, 10) for n in range(faces)],
        objects=[body(20 * n, 0, 20 * n + 15, 40) for n in range(bodies)] + [body(0, 0, 5, 5, label="phone")],
        processing_ms=45.0,
        **fields,
    )


def test_the_example_of_the_seed_is_understood() -> None:
    message = {
        "event": "process_frame",
        "data": {
            "frame": BASE64,
            "timestamp": 1640995200000,
            "settings": {"confidence_threshold": 0.5, "crowd_threshold": 10},
        },
    }
    assert decode_frame_message(json.dumps(message)) == ProcessFrame(
        frame=BASE64,
        timestamp=1640995200000,
        settings=FrameSettings(confidence_threshold=0.5, crowd_threshold=10),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"event": "x", "data": ' + "[" * 100_000, "not JSON"),
        ("[]", "Expected `object`"),
        ('{"data": {}}', "event"),
        ('{"event": "process_frame"}', "frame"),
        ('{"event": "process_frame", "data": {"frame": 7}}', "$.frame"),
        ('{"event": "process_frame", "data": {"frame": "", "settings": {"confidence_threshold": 1.5}}}', "<= 1.0"),
        ('{"event": "process_frame", "data": {"frame": "", "settings": {"crowd_threshold": -1}}}', ">= 0.0"),
        ('{"event": "detect", "data": {}}', "known: authenticate, process_frame"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(WireError) as refused:
        decode_frame_message(text)
    assert words in str(refused.value)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(json.dumps) | st.binary())
def test_only_a_wire_error_escapes(text: str | bytes) -> None:
    with contextlib.suppress(WireError):
        decode_frame_message(text)


def test_who_this_is_may_be_said_by_token_or_ticket() -> None:
    said = '{"event": "authenticate", "data": {"ticket": "slt_1"}}'
    assert decode_frame_message(said) == Authenticate(ticket="slt_1")


def test_a_frame_that_was_decoded_already_is_checked_too() -> None:
    assert decode_process_frame({"frame": "x", "settings": {}}) == ProcessFrame(frame="x")
    for wrong in (None, [], {"frame": b"bytes"}, {"frame": "x", "settings": {"confidence_threshold": "high"}}):
        with pytest.raises(WireError):
            decode_process_frame(wrong)


@pytest.mark.parametrize(
    "frame",
    [
        BASE64,
        f"data:image/jpeg;base64,{BASE64}",
        f"data:image/png;charset=utf-8;base64,{BASE64}",
        f"data:;base64,{BASE64}",
        "\r\n".join(BASE64[at : at + 76] for at in range(0, len(BASE64), 76)),
    ],
    ids=["plain", "jpeg", "png", "untyped", "lines"],
)
def test_the_picture_may_have_a_prefix_or_lines(frame: str) -> None:
    assert image_of(frame, max_bytes=len(IMAGE)) == IMAGE


@pytest.mark.parametrize("frame", ["", "data:image/jpeg;base64,", "!", "abc", "data:image/jpeg,abc", "ä" * 8, "\ud800"])
def test_what_is_no_picture_in_base64_is_refused(frame: str) -> None:
    with pytest.raises(ImageError) as refused:
        image_of(frame, max_bytes=1000)
    assert refused.value.code == "INVALID_IMAGE"


def test_what_is_too_large_is_refused_before_it_is_decoded() -> None:
    assert image_of(BASE64, max_bytes=len(IMAGE)) == IMAGE
    for frame in (BASE64, "!" * 2000):
        with pytest.raises(ImageError) as refused:
            image_of(frame, max_bytes=len(IMAGE) - 1)
        assert refused.value.code == "FRAME_TOO_LARGE"


@given(st.text(max_size=200))
def test_only_an_image_error_escapes(text: str) -> None:
    with contextlib.suppress(ImageError):
        assert isinstance(image_of(text, max_bytes=100), bytes)


def result(seen: Analysis, crowd_threshold: float = 10) -> dict[str, Any]:
    data = frame_result(
        seen, crowd_threshold=crowd_threshold, crowd_level=LEVEL, frame_timestamp=17, now_ms=1640995200100
    )
    msgspec.json.decode(encode_event("detection_result", data), type=FRAME_MESSAGES["detection_result"])
    return data


def test_result_is_as_the_seed_shows_it() -> None:
    data = result(analysis(faces=3, bodies=4))
    assert data["faces"][1] == {"bbox": (20, 0, 30, 10), "confidence": 0.95}
    assert len(data["bodies"]) == 4, "a phone is no body"
    crowd = data["crowd_analysis"]
    assert (crowd["face_count"], crowd["body_count"], crowd["crowd_level"]) == (3, 4, "medium")
    assert 0 < crowd["density_score"] < 1
    assert (data["processing_time"], data["timestamp"], data["alerts"]) == (0.045, 1640995200100, [])
    assert (data["frame_timestamp"], data["width"], data["height"]) == (17, 640, 480)
    assert "missing" not in data


@pytest.mark.parametrize(("faces", "bodies", "warned"), [(3, 0, False), (4, 0, True), (0, 4, True), (2, 2, False)])
def test_a_count_above_the_threshold_warns(faces: int, bodies: int, warned: bool) -> None:
    alerts = result(analysis(faces, bodies), crowd_threshold=3)["alerts"]
    assert [(alert["type"], alert["level"]) for alert in alerts] == [("crowd_warning", "warning")] * warned


def test_what_could_not_be_looked_for_is_said() -> None:
    data = result(analysis(faces=1, missing={"objects": "no model", "liveness": "none either"}))
    assert data["missing"] == {"bodies": "no model", "liveness": "none either"}


def test_errors_carry_their_alert() -> None:
    data = frame_error("PROCESSING_ERROR", "no", "why", alert="processing_error", level=Severity.CRITICAL)
    assert data["alerts"] == [{"type": "processing_error", "message": "no", "level": "critical"}]
    msgspec.json.decode(encode_event("error", data), type=FRAME_MESSAGES["error"])


@pytest.mark.parametrize("entry", ["", "crowd_warning", "crowd_warning=loud", "noise=info", "=info"])
def test_a_level_that_makes_no_sense_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="write it like crowd_warning=warning"):
        parse_levels([entry])


def test_levels_that_are_not_given_are_the_usual() -> None:
    levels = parse_levels(["connection_limit=info"])
    assert {kind: level.value for kind, level in levels.items()} == {
        "crowd_warning": "warning",
        "processing_error": "error",
        "connection_limit": "info",
    }
