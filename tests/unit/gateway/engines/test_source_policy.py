from __future__ import annotations

import asyncio
import socket

import pytest

from sightline.exceptions import Forbidden, SourceError
from sightline.gateway.engines.source_policy import check_source


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://10.0.0.9/stream", "RTSP://u:p@10.0.0.9:554/s", "http://[2001:db8::1]:80/x", "/dev/video0", "device:0",
        "demo:", "file:/srv/video.mp4", "video.mp4", "rtsp://name-that-does-not-exist.invalid/stream",
    ],
)  # fmt: skip
async def test_sources_that_may_be_read(source: str) -> None:
    await check_source(source, allow_loopback=False)


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://127.0.0.1/s", "rtsp://localhost/s", "rtsp://LOCALHOST/s", "rtsp://2130706433/s", "rtsp://0x7f000001/s",
        "rtsp://127.1/s", "http://[::1]/", "http://[::ffff:7f00:1]/", "https://u:p@localhost:99/", "rtsp+udp://127.0.0.1",
    ],
)  # fmt: skip
async def test_loopback_in_every_spelling(source: str) -> None:
    with pytest.raises(Forbidden, match="allow_loopback_sources"):
        await check_source(source, allow_loopback=False)
    await check_source(source, allow_loopback=True)


@pytest.mark.parametrize("source", ["rtsp:///s", "http://", "rtsp://10.0.0.9:port/", "rtsp://[::1/", "rtsp://:554/"])
async def test_addresses_that_are_none(source: str) -> None:
    with pytest.raises(SourceError):
        await check_source(source, allow_loopback=True)


async def test_every_address_behind_a_name_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may have a good address and a bad one; which the engine takes is not known."""

    async def two_addresses(host: str, port: int | None, **_: object) -> list[tuple[object, ...]]:
        assert (host, port) == ("cam.example", 554)
        return [(socket.AF_INET, 1, 6, "", (address, 554)) for address in ("10.0.0.9", "169.254.169.254")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two_addresses)
    with pytest.raises(Forbidden, match=r"169\.254\.169\.254"):
        await check_source("rtsp://cam.example:554/s", allow_loopback=True)
