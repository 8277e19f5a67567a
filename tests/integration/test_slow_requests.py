"""Slow loris: requests that come a byte at a time, on a real server's HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from sightline.service import http_protocol
from sightline.service.http_protocol import PatientProtocol

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
PATIENCE_S = 20.0


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    body = await Request(scope, receive).body()
    await asyncio.sleep(float(scope["query_string"] or 0))
    await PlainTextResponse(body)(scope, receive, send)


@pytest_asyncio.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Of a server that waits a third of a second for a head and for the next piece of a body."""
    for name, value in (("HEAD_S", 0.3), ("BODY_S", 0.3), ("CHECK_S", 0.05)):
        monkeypatch.setattr(http_protocol, name, value)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, http=PatientProtocol, log_config=None, lifespan="off")
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # there is no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def answer(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """What comes back until the server closes, for a request in these pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("pieces", [[], [b"GET"], [b"GET / HTTP/1.1\r\nHost: x\r\n"], [HEAD[:-1]]])
async def test_a_head_that_does_not_end_closes(port: int, pieces: list[bytes]) -> None:
    assert await answer(port, *pieces) == b""


async def test_a_byte_at_a_time_does_not_help(port: int) -> None:
    started_s = time.monotonic()
    assert await answer(port, *(bytes([byte]) for byte in HEAD * 3), pause_s=0.05) == b""
    assert time.monotonic() - started_s < 0.05 * len(HEAD * 3) + PATIENCE_S


async def test_a_body_that_does_not_go_on_closes(port: int) -> None:
    assert await answer(port, HEAD + b"\r\n12") == b""


async def test_the_second_request_of_a_connection_is_no_different(port: int) -> None:
    said = await answer(port, HEAD + b"\r\n12345", HEAD[:10], pause_s=0.1)
    assert said.startswith(b"HTTP/1.1 200")
    assert said.endswith(b"12345")


async def test_a_body_that_goes_on_may_take_its_time(port: int) -> None:
    closing = HEAD + b"Connection: close\r\n\r\n"
    said = await answer(port, closing, b"1", b"2", b"3", b"4", b"5", pause_s=0.15)
    assert said.endswith(b"12345")


async def test_an_answer_may_take_its_time(port: int) -> None:
    said = await answer(port, b"GET /?0.8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200")
