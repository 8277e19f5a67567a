from __future__ import annotations

import errno
import os

import av.error
import pytest

from sightline.ingest.faults import explain, host_and_port

SHOWN = "rtsp://***@10.0.0.9/stream?token=***"
URL = "rtsp://admin:secret@10.0.0.9/stream?token=hidden"


def said(error: Exception, *, begun: bool = False) -> str:
    return explain(error, shown=SHOWN, timeout_s=5.0, begun=begun).reason


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNREFUSED, "nothing listens at 10.0.0.9:554"),
        (errno.EHOSTUNREACH, "10.0.0.9:554 cannot be reached: no route to it"),
        (errno.ENETUNREACH, "10.0.0.9:554 cannot be reached: no network leads there"),
        (errno.ECONNRESET, "the camera closed the connection"),
        (errno.ETIMEDOUT, "10.0.0.9:554 sent nothing for 5 s"),
        (errno.EIO, "what 10.0.0.9:554 sends is not a video"),
    ],
)
def test_system_errors_in_plain_words(number: int, words: str) -> None:
    with pytest.raises(av.error.FFmpegError) as caught:
        av.error.err_check(-number, URL)
    assert said(caught.value) == words


@pytest.mark.parametrize("kind", sorted(set(av.error.classes.values()), key=str))
def test_no_error_of_libav_shows_a_credential(kind: type[av.error.FFmpegError]) -> None:
    reason = said(kind(1, f"cannot open {URL}", URL))
    assert "secret" not in reason
    assert "hidden" not in reason
    assert reason


def test_a_stream_that_breaks_off_has_ended() -> None:
    broken = av.error.InvalidDataError(1, "invalid data", URL)
    assert said(broken) == "what 10.0.0.9:554 sends is not a video"
    assert said(broken, begun=True) == "the stream ended"


def test_a_name_that_is_not_known_is_named() -> None:
    fault = OSError(errno.EIO, os.strerror(errno.EIO))
    reason = explain(fault, shown="rtsp://***@camera.invalid/x", timeout_s=5.0, begun=False).reason
    assert reason == "the name camera.invalid is not known"


def test_host_and_port() -> None:
    assert host_and_port("rtsp://***@10.0.0.9/x") == "10.0.0.9:554"
    assert host_and_port("http://cam.example:8080/x") == "cam.example:8080"
    assert host_and_port("https://[fe80::1]/x") == "[fe80::1]:443"
    assert host_and_port("/videos/hall.mp4") == "/videos/hall.mp4"
