"""The counting clients of the fan-out benchmark: whatever the network cuts into pieces, they count the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fanout.crowd import CONFIRM_EVERY, PING_HEAD, Client, Group
from sightline.deliveries.framing import text_frame
from sightline.events.wire import encode_message

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def client(dialect: str) -> tuple[Client, Group]:
    group = Group(port=0, path="/", dialect=dialect)
    counting = Client(group, number=1)
    counting.transport = Transport()
    return counting, group


def feed(counting: Client, stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in zip(edges, edges[1:], strict=False):
        if start < end:
            counting.data_received(stream[start:end])


CUTS = st.lists(st.integers(0, 100_000), max_size=12)


@given(st.integers(0, 3 * CONFIRM_EVERY), CUTS)
def test_alerts_are_counted_and_confirmed(alerts: int, cuts: list[int]) -> None:
    stream = HANDSHAKE + text_frame(encode_message("bulk_status_update", {"cameras": [{}]}))
    for offset in range(1, alerts + 1):
        why: dict[str, Any] = {"why": {"nested": {}}, "created_at": 1_767_265_205_000, "offset": offset}
        stream += text_frame(encode_message("alert_triggered", why))
        stream += text_frame(encode_message("position", {"from": offset - 1, "to": offset}))
        if offset % 10 == 0:
            stream += PING_HEAD + b"1234"
    counting, group = client("native")
    feed(counting, stream, cuts)
    assert group.count == alerts
    assert group._ready == 1
    assert counting._confirmed >= alerts - 2 * CONFIRM_EVERY
    pongs = [data for data in counting.transport.written if data[:1] == b"\x8a"]
    assert len(pongs) == alerts // 10


@pytest.mark.parametrize("dialect", ["plain", "socketio"])
@given(st.lists(st.sampled_from([0, 10, 125, 126, 3000]), max_size=20), CUTS)
def test_messages_are_counted(dialect: str, sizes: list[int], cuts: list[int]) -> None:
    prefix = "42" if dialect == "socketio" else ""
    counting, group = client(dialect)
    feed(counting, HANDSHAKE + b"".join(text_frame(prefix + "x" * size) for size in sizes), cuts)
    assert group.count == len(sizes)


def test_refused_handshake_is_said() -> None:
    counting, group = client("plain")
    counting.data_received(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    assert "503" in group._problem
