from __future__ import annotations

import asyncio
import logging

import pytest

from sightline.client.link import MAX_WAITING, Closed, Failed, Link, LinkEvent, Opened, socket_address
from sightline.exceptions import ConfigurationError
from tests.scripted_server import Peer, scripted_server


class Told:
    """Remembers what it was told of a link."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[LinkEvent] = asyncio.Queue()

    def __call__(self, link: Link, event: LinkEvent) -> None:
        self._events.put_nowait(event)

    async def next(self) -> LinkEvent:
        return await self._events.get()

    def nothing_more(self) -> bool:
        return self._events.empty()


async def stay(peer: Peer) -> None:
    await peer.stay()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/v1"),
        ("https://host/", "wss://host/ws/v1"),
        ("https://host/behind/a/proxy/", "wss://host/behind/a/proxy/ws/v1"),
        ("wss://host/ws/v1", "wss://host/ws/v1"),
        ("ws://[::1]:8000", "ws://[::1]:8000/ws/v1"),
    ],
)
def test_address_of_a_server(url: str, address: str) -> None:
    assert socket_address(url) == address


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/", "http://", "", "host"])
def test_no_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="has to look like"):
        socket_address(url)


async def test_what_was_said_last_is_said_before_the_good_bye() -> None:
    heard: list[object] = []

    async def script(peer: Peer) -> None:
        async for message in peer.socket:
            heard.append(message)
        heard.append((peer.socket.close_code, peer.socket.close_reason))

    async with scripted_server(script) as url:
        told = Told()
        link = Link(socket_address(url), None, told)
        task = link.start()
        assert await told.next() == Opened()
        for number in range(3):
            link.send("received", {"offset": number}, None)
        link.leave(1000, "goodbye")
        link.leave(1000, "a second time")
        await asyncio.gather(task, return_exceptions=True)
    assert heard == [f'{{"type":"received","data":{{"offset":{number}}}}}' for number in range(3)] + [(1000, "goodbye")]
    assert told.nothing_more()


async def test_peer_that_does_not_read_is_left_when_too_much_waits() -> None:
    async with scripted_server(stay) as url:
        told = Told()
        link = Link(socket_address(url), None, told)
        task = link.start()
        assert await told.next() == Opened()
        for number in range(MAX_WAITING + 1):
            link.send("received", {"offset": number}, None)
        assert await told.next() == Closed(1006, "")
        await task


async def test_upgrade_that_is_refused() -> None:
    async with scripted_server(
        stay, (503, {"Retry-After": "7"}), (403, {"Retry-After": "Fri, 20 Nov 2026 22:00 GMT"})
    ) as url:
        for status, retry_ms in ((503, 7_000), (403, None)):
            told = Told()
            await Link(socket_address(url), None, told).start()
            reason = f"the server refused the connection: {status} No"
            assert await told.next() == Failed(reason, answered=True, retry_ms=retry_ms)


async def test_nobody_listens(free_port: int) -> None:
    told = Told()
    await Link(f"ws://127.0.0.1:{free_port}/ws/v1", None, told).start()
    failed = await told.next()
    assert isinstance(failed, Failed)
    assert not failed.answered
    assert "cannot be reached" in failed.reason


async def test_left_before_it_is_open() -> None:
    async with scripted_server(stay) as url:
        told = Told()
        link = Link(socket_address(url), None, told)
        task = link.start()
        link.leave(1000, "changed my mind")
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert told.nothing_more()


async def test_server_that_speaks_something_else(free_port: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", free_port):
        told = Told()
        await Link(f"ws://127.0.0.1:{free_port}/ws/v1", None, told).start()
        failed = await told.next()
        assert isinstance(failed, Failed)
        assert failed.answered
        assert "no Sightline server" in failed.reason


async def test_line_that_breaks_at_once_is_no_answer(free_port: int) -> None:
    """A proxy takes the connection, and the server behind it is down: nobody refuses."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", free_port):
        told = Told()
        await Link(f"ws://127.0.0.1:{free_port}/ws/v1", None, told).start()
        failed = await told.next()
        assert isinstance(failed, Failed)
        assert not failed.answered
        assert "cannot be reached" in failed.reason


async def test_no_frame_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with scripted_server(stay) as url:
        told = Told()
        link = Link(socket_address(url), None, told)
        task = link.start()
        assert await told.next() == Opened()
        link.send("client_identify", {"auth_token": "the-secret"}, None)
        link.leave(1000, "goodbye")
        await asyncio.gather(task, return_exceptions=True)
    said_by_the_client = [record.getMessage() for record in caplog.records if record.name.startswith("sightline")]
    assert not any("the-secret" in message for message in said_by_the_client)
    assert not any(record.name == "websockets.client" for record in caplog.records)
