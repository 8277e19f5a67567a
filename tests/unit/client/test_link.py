from __future__ import annotations

import asyncio

import pytest

from sightline.client.link import MAX_WAITING, Link, socket_address
from sightline.exceptions import ConfigurationError
from tests.scripted_server import Peer, scripted_server


class Listener:
    """Remembers what it was told of a link."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()

    def link_opened(self, link: Link) -> None:
        self.told.put_nowait(("opened",))

    def link_failed(self, link: Link, reason: str, *, answered: bool, retry_ms: int | None) -> None:
        self.told.put_nowait(("failed", answered, retry_ms))

    def link_heard(self, link: Link, message: str | bytes) -> None:
        self.told.put_nowait(("heard", message))

    def link_closed(self, link: Link, code: int, reason: str) -> None:
        self.told.put_nowait(("closed", code, reason))


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
        listener = Listener()
        link = Link(socket_address(url), None, listener)
        task = link.start()
        assert await listener.told.get() == ("opened",)
        for number in range(3):
            link.send("received", {"offset": number}, None)
        link.leave(1000, "goodbye")
        link.leave(1000, "a second time")
        await asyncio.gather(task, return_exceptions=True)
    assert heard == [f'{{"type":"received","data":{{"offset":{number}}}}}' for number in range(3)] + [(1000, "goodbye")]
    assert listener.told.empty()


async def test_peer_that_does_not_read_is_left_when_too_much_waits() -> None:
    async with scripted_server(stay) as url:
        listener = Listener()
        link = Link(socket_address(url), None, listener)
        task = link.start()
        assert await listener.told.get() == ("opened",)
        for number in range(MAX_WAITING + 1):
            link.send("received", {"offset": number}, None)
        assert await listener.told.get() == ("closed", 1006, "")
        await task


async def test_upgrade_that_is_refused() -> None:
    async with scripted_server(
        stay, (503, {"Retry-After": "7"}), (403, {"Retry-After": "Fri, 20 Nov 2026 22:00 GMT"})
    ) as url:
        for expected in (("failed", True, 7_000), ("failed", True, None)):
            listener = Listener()
            await Link(socket_address(url), None, listener).start()
            assert await listener.told.get() == expected


async def test_nobody_listens(free_port: int) -> None:
    listener = Listener()
    await Link(f"ws://127.0.0.1:{free_port}/ws/v1", None, listener).start()
    assert await listener.told.get() == ("failed", False, None)


async def test_left_before_it_is_open() -> None:
    async with scripted_server(stay) as url:
        listener = Listener()
        link = Link(socket_address(url), None, listener)
        task = link.start()
        link.leave(1000, "changed my mind")
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert listener.told.empty()


async def test_server_that_speaks_something_else(free_port: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", free_port):
        listener = Listener()
        await Link(f"ws://127.0.0.1:{free_port}/ws/v1", None, listener).start()
        assert await listener.told.get() == ("failed", True, None)
