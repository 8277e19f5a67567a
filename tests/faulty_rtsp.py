"""A small RTSP server over TCP for tests, with the faults of real cameras, one a path; the module is also its program.

It speaks as much of RFC 2326 as a client needs to play a stream interleaved in its connection, and packs H.264 by RFC
6184 and H.265 by RFC 7798. `Fault` says what can be wrong.
"""

from __future__ import annotations

import base64
import contextlib
import enum
import itertools
import random
import re
import socketserver
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FPS = 15
HASTE = 3
"""Times faster than its clock says: tests need not wait."""
CLOCK_HZ = 90_000
PAYLOAD_BYTES = 1_200
START_CODE = re.compile(b"\x00\x00\x00?\x01")


class Fault(enum.StrEnum):
    """What is wrong with the camera at the path of this name."""

    NONE = "none"
    SILENT = "silent"
    """It accepts the connection and says nothing."""
    BABBLES = "babbles"
    """It answers in no language that anybody speaks."""
    MUTE = "mute"
    """It agrees to play, and plays nothing."""
    GARBAGE = "garbage"
    """It plays, and what it plays is noise."""
    FROZEN_CLOCK = "frozen-clock"
    """Every picture has the same time."""
    WILD_CLOCK = "wild-clock"
    """The times of pictures jump forth and back."""
    IRREGULAR = "irregular"
    """Pictures come in bursts, at no rate."""
    LOSSY = "lossy"
    """One packet in ten is lost."""


def main() -> None:
    video, codec = sys.argv[1:]
    stream = _Stream(Path(video).read_bytes(), codec)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                _serve(self, stream)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever()


@contextlib.contextmanager
def faulty_rtsp(video: Path, codec: str = "H264") -> Iterator[int]:
    """Serves an elementary stream (`codec` is `H264` or `H265`) over and over until left; yields the port."""
    process = subprocess.Popen([sys.executable, __file__, str(video), codec], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


class _Stream:
    """An elementary stream cut into pictures, each a list of NAL units without start codes."""

    def __init__(self, data: bytes, codec: str) -> None:
        self.codec = codec
        units = [unit for unit in START_CODE.split(data) if unit]
        self.parameters = [unit for unit in units if self._is_parameter(unit)]
        self.pictures: list[list[bytes]] = [[]]
        for unit in units:
            self.pictures[-1].append(unit)
            if not self._is_parameter(unit) and self._is_picture(unit):
                self.pictures.append([])
        self.pictures.pop()

    def _type(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self.codec == "H264" else (unit[0] >> 1) & 0x3F

    def _is_parameter(self, unit: bytes) -> bool:
        return self._type(unit) in ((7, 8) if self.codec == "H264" else (32, 33, 34))

    def _is_picture(self, unit: bytes) -> bool:
        return self._type(unit) in ((1, 5) if self.codec == "H264" else range(22))

    def sdp(self) -> str:
        sets = [base64.b64encode(unit).decode() for unit in self.parameters]
        if self.codec == "H264":
            fmtp = f"packetization-mode=1;sprop-parameter-sets={sets[0]},{sets[1]}"
        else:
            fmtp = f"sprop-vps={sets[0]};sprop-sps={sets[1]};sprop-pps={sets[2]}"
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self.codec}/{CLOCK_HZ}\r\na=fmtp:96 {fmtp}\r\na=control:video\r\n"
        )

    def payloads(self, unit: bytes) -> list[bytes]:
        """One unit as RTP payloads: whole, or in fragments."""
        if len(unit) <= PAYLOAD_BYTES:
            return [unit]
        head_size = 1 if self.codec == "H264" else 2
        body = unit[head_size:]
        parts = [body[at : at + PAYLOAD_BYTES] for at in range(0, len(body), PAYLOAD_BYTES)]
        fragments = []
        for number, part in enumerate(parts):
            flags = (0x80 if number == 0 else 0) | (0x40 if number == len(parts) - 1 else 0)
            if self.codec == "H264":
                head = bytes([unit[0] & 0x60 | 28, flags | unit[0] & 0x1F])
            else:
                head = bytes([unit[0] & 0x81 | 49 << 1, unit[1], flags | self._type(unit)])
            fragments.append(head + part)
        return fragments


def _serve(handler: socketserver.StreamRequestHandler, stream: _Stream) -> None:
    while (request := _request(handler)) is not None:
        method, path, headers = request
        fault = Fault(path.strip("/").split("/")[0])
        if fault is Fault.SILENT:
            time.sleep(60)
            return
        if fault is Fault.BABBLES:
            handler.wfile.write(random.Random(1).randbytes(4_096))
            return
        answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nSession: 1\r\n"
        if method == "DESCRIBE":
            sdp = stream.sdp()
            answer += f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
        elif method == "SETUP":
            answer += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
        else:
            answer += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
        handler.wfile.write(answer.encode())
        if method == "PLAY":
            _play(handler, stream, fault)
            return


def _request(handler: socketserver.StreamRequestHandler) -> tuple[str, str, dict[str, str]] | None:
    line = handler.rfile.readline().decode()
    if not line:
        return None
    method, url, _ = line.split(" ", 2)
    headers = {}
    while header := handler.rfile.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return method, re.sub(r"rtsp://[^/]*", "", url), headers


def _play(handler: socketserver.StreamRequestHandler, stream: _Stream, fault: Fault) -> None:
    chance = random.Random(2)
    sequence = itertools.count()
    for number in itertools.count():
        if fault is Fault.MUTE:
            time.sleep(1)
            continue
        stamp = number * CLOCK_HZ // FPS
        if fault is Fault.FROZEN_CLOCK:
            stamp = 4_711
        elif fault is Fault.WILD_CLOCK:
            stamp = chance.randrange(2**32)
        units = stream.pictures[number % len(stream.pictures)]
        payloads = [payload for unit in units for payload in stream.payloads(unit)]
        for place, payload in enumerate(payloads):
            if fault is Fault.GARBAGE:
                payload = chance.randbytes(len(payload))
            last = place == len(payloads) - 1
            head = struct.pack("!BBHII", 0x80, 96 | last << 7, next(sequence) & 0xFFFF, stamp & 0xFFFFFFFF, 1)
            if fault is Fault.LOSSY and chance.random() < 0.1:
                continue
            packet = head + payload
            handler.wfile.write(struct.pack("!BBH", 0x24, 0, len(packet)) + packet)
        if fault is not Fault.IRREGULAR:
            time.sleep(1 / FPS / HASTE)
        elif number % 10 == 9:
            time.sleep(chance.choice((0.05, 0.3, 0.6)))


if __name__ == "__main__":
    main()
