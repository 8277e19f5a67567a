"""The ports and addresses of WebRTC."""

from __future__ import annotations

import asyncio

import pytest

from sightline.ingest.webrtc_network import MediaLoop, announced

SDP = "\r\n".join(
    [
        "v=0",
        "m=video 40000 UDP/TLS/RTP/SAVPF 97",
        "a=candidate:abc 1 udp 2130706431 172.17.0.2 40000 typ host",
        "a=candidate:def 1 udp 2130706431 fd00::2 40001 typ host",
        "a=candidate:ghi 1 udp 1694498815 203.0.113.7 50000 typ srflx raddr 172.17.0.2 rport 40000",
        "a=end-of-candidates",
        "",
    ]
)


def test_other_addresses_are_announced() -> None:
    lines = announced(SDP, ["192.0.2.1", "2001:db8::1"]).split("\r\n")
    assert [line for line in lines if line.endswith("typ host")] == [
        "a=candidate:abc0 1 udp 2130706431 192.0.2.1 40000 typ host",
        "a=candidate:abc1 1 udp 2130706431 2001:db8::1 40000 typ host",
        "a=candidate:def0 1 udp 2130706431 192.0.2.1 40001 typ host",
        "a=candidate:def1 1 udp 2130706431 2001:db8::1 40001 typ host",
    ]
    assert "172.17.0.2 40000 typ host" not in "\n".join(lines)
    assert any("203.0.113.7" in line for line in lines)


def test_own_addresses_stay_without_others() -> None:
    assert announced(SDP, []) == SDP


def test_sockets_take_the_ports_they_may() -> None:
    async def opened(loop: MediaLoop) -> tuple[asyncio.DatagramTransport, int]:
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
        return transport, int(transport.get_extra_info("sockname")[1])

    free = MediaLoop(range(0))
    probe, first = free.run_until_complete(opened(free))
    probe.close()
    free.run_until_complete(asyncio.sleep(0))
    free.close()
    loop = MediaLoop(range(first, first + 1))
    one, port = loop.run_until_complete(opened(loop))
    assert port == first
    with pytest.raises(OSError):
        loop.run_until_complete(opened(loop))
    one.close()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
