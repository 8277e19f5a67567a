from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from sightline.engine.link.link_loss import nobody_listens, why


def test_the_first_reason_in_a_group_is_told() -> None:
    assert why(ExceptionGroup("", [ExceptionGroup("", [EOFError("gone")]), OSError()])) == "EOFError: gone"
    assert why(TimeoutError()) == "TimeoutError"


@pytest.mark.parametrize(("status", "word"), [(401, "refuses this engine's token (401)"), (502, "answered 502")])
def test_a_refused_handshake_is_told_in_words(status: int, word: str) -> None:
    assert word in why(InvalidStatus(Response(status, "", Headers())))


def test_the_gateways_own_words_are_told() -> None:
    closed = ConnectionClosedError(Close(4503, "the token of this engine was replaced"), None)
    assert why(closed) == "the gateway closed the link (4503): the token of this engine was replaced"


def test_a_certificate_that_is_not_trusted_is_told_with_the_remedy() -> None:
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_message = "self-signed certificate"
    assert "--ca-file" in why(error)


async def test_a_port_without_a_listener_shows_that_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError) as refused:
            await asyncio.open_connection("127.0.0.1", taken.getsockname()[1])
    assert nobody_listens(ExceptionGroup("", [refused.value]))


@pytest.mark.parametrize(
    ("text", "nobody"),
    [
        ("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] Connect call failed", True),
        ("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 113] No route to host", False),
        ("no numbers at all", False),
    ],
)
def test_every_address_of_a_name_must_refuse(text: str, nobody: bool) -> None:
    assert nobody_listens(OSError(text)) is nobody


@pytest.mark.parametrize("error", [TimeoutError(), OSError(errno.EHOSTUNREACH, "no route"), EOFError()])
def test_silence_shows_nothing(error: Exception) -> None:
    assert not nobody_listens(error)
