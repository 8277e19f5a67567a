"""Logs: nothing secret gets out, from whichever logger, and both looks work."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from sightline import telemetry
from sightline.exceptions import ConfigurationError

SECRET = "hunter2-S3cr3t"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def records(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    telemetry.configure("info", "json", stream=stream)
    return stream


def test_own_and_library_loggers_come_out_alike(stream: io.StringIO) -> None:
    structlog.get_logger("sightline.own").info("camera opened", camera="door")
    logging.getLogger("library").warning("something %s", "odd", extra={"camera": "door"})
    own, library = records(stream)
    assert list(own)[:4] == ["timestamp", "level", "logger", "event"]
    assert own.pop("timestamp") and library.pop("timestamp")
    assert own == {"event": "camera opened", "camera": "door", "level": "info", "logger": "sightline.own"}
    assert library == {"event": "something odd", "camera": "door", "level": "warning", "logger": "library"}


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    structlog.get_logger("sightline.own").debug("fine detail")
    logging.getLogger("httpx").info("HTTP Request: GET /")
    assert stream.getvalue() == ""


def test_uvicorn_loggers_use_the_same_way_out(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").warning('%s - "%s"', "127.0.0.1", f"GET /ws/alerts/7?token={SECRET} HTTP/1.1")
    logging.getLogger("uvicorn.error").info("Started server process", extra={"color_message": "in colour"})
    logging.getLogger("uvicorn.error").error("It broke", extra={"color_message": "in colour"})
    record, broke = records(stream)
    assert "color_message" not in broke
    assert str(record["event"]).startswith('127.0.0.1 - "GET /ws/alerts/7?token=***')
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize(
    "value",
    [
        f"rtsp://admin:{SECRET}@10.0.0.9/stream",
        f"http://10.0.0.9/video?user=admin&password={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"password={SECRET}",
        f"{{'auth_token': '{SECRET}'}}",
        {"Authorization": SECRET},
        {"deep": [{"password": SECRET}]},
        ValueError(f"cannot open rtsp://admin:{SECRET}@cam/"),
    ],
)
def test_secrets_never_get_out(format: str, value: object) -> None:
    stream = io.StringIO()
    telemetry.configure("info", format, stream=stream)  # type: ignore[arg-type]
    structlog.get_logger("own").info("seen", value=value)
    structlog.get_logger("own").info(str(value) if isinstance(value, str) else "seen")
    logging.getLogger("library").warning("seen: %s", value if isinstance(value, str) else "", extra={"value": value})
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("seen") >= 2


def test_a_traceback_is_told_without_its_secrets(stream: io.StringIO) -> None:
    try:
        raise OSError(f"refused: rtsp://admin:{SECRET}@10.0.0.9/1")
    except OSError:
        structlog.get_logger("own").exception("camera failed")
    (record,) = records(stream)
    assert "OSError: refused: rtsp://***@10.0.0.9/1" in str(record["exception"])
    assert SECRET not in stream.getvalue()


@given(
    name=st.sampled_from(["password", "auth_token", "access_token", "client_secret", "Authorization", "master_key"]),
    value=st.one_of(st.text(min_size=1), st.integers(), st.binary(min_size=1), st.lists(st.text())),
)
def test_a_name_that_promises_a_secret_hides_any_value(name: str, value: object) -> None:
    assert telemetry.redact_event(None, "info", {name: value, "nested": {name: value}}) == {
        name: "***",
        "nested": {name: "***"},
    }


@given(st.text(alphabet="abc =:/@?&.", max_size=40), st.text(alphabet="abc =:/@?&.", max_size=40))
def test_a_jwt_is_hidden_wherever_it_stands(before: str, after: str) -> None:
    assert JWT not in telemetry.redact_text(f"{before} {JWT} {after}")


def test_plain_words_stay() -> None:
    text = "camera door (10.0.0.9:554) is online at 25 fps; see https://example.org/a?b=c"
    assert telemetry.redact_text(text) == text


def test_a_file_gets_every_line_as_json_beside_the_stream(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "logs" / "app.log"
    telemetry.configure("info", "console", stream=stream, file=file)
    structlog.get_logger("own").info("camera opened", source=f"rtsp://admin:{SECRET}@10.0.0.9/1")
    logging.getLogger("library").warning("odd")
    assert "camera opened" in stream.getvalue() and "odd" in stream.getvalue()
    own, library = (json.loads(line) for line in file.read_text().splitlines())
    assert own["source"] == "rtsp://***@10.0.0.9/1" and own["timestamp"].endswith("Z")
    assert library["event"] == "odd"


def test_a_full_file_is_put_aside_and_other_processes_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "FILE_BYTES", 2_000)
    file = tmp_path / "app.log"
    telemetry.configure("info", "json", stream=io.StringIO(), file=file, rotates=False)
    (other,) = logging.getLogger().handlers[1:]
    telemetry.configure("info", "json", stream=io.StringIO(), file=file)
    for number in range(100):
        structlog.get_logger("own").info("line", number=number)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 1 + telemetry.FILES_KEPT
    assert all(one.stat().st_size <= 2_000 for one in kept)
    assert json.loads(file.read_text().splitlines()[-1])["number"] == 99
    other.emit(logging.LogRecord("child", logging.INFO, "", 0, "the same file", None, None))
    other.close()
    assert json.loads(file.read_text().splitlines()[-1])["event"] == "the same file"


def test_a_file_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(ConfigurationError, match="log_file"):
        telemetry.configure("info", "json", file=tmp_path / "logs" / "app.log")
