"""The last seconds of one camera, encoded: what a clip begins with.

Bounds: `seconds` (and what is needed to begin with a keyframe) and `limit_bytes`. Policy when either is passed: the
oldest group of pictures goes; a group that alone is larger than the bound goes too, and counts as lost.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from sightline.packets import TICKS_PER_S, EncodedPacket

__all__ = ["Ring"]


class Ring:
    """Packets of one stream at a time: with other parameters it begins anew. `add` is for one thread, the rest for
    every one."""

    def __init__(self, *, seconds: float, limit_bytes: int) -> None:
        self._length_ticks = round(seconds * TICKS_PER_S)
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._groups: deque[list[EncodedPacket]] = deque()
        self._sizes: deque[int] = deque()
        self._size_bytes = 0
        self.groups_lost = 0

    @property
    def size_bytes(self) -> int:
        """Bytes of the packets that are held."""
        return self._size_bytes

    def add(self, packet: EncodedPacket) -> None:
        """The next packet."""
        with self._lock:
            if self._groups and self._groups[-1][-1].parameters is not packet.parameters:
                self._clear()
            if packet.keyframe:
                self._groups.append([])
                self._sizes.append(0)
            if not self._groups:
                return  # nothing can be shown before a keyframe
            self._groups[-1].append(packet)
            self._sizes[-1] += len(packet.data)
            self._size_bytes += len(packet.data)
            self._trim(packet.dts - self._length_ticks)

    def since(self, at_ms: int, before_ms: int) -> Sequence[EncodedPacket]:
        """Everything from the last keyframe that lies at least `before_ms` before the picture of `at_ms`, else from the
        oldest that is held. Times before are counted on the camera's own timeline."""
        with self._lock:
            event = self._find(at_ms)
            begin_ticks = (event.pts if event is not None else 0) - before_ms * TICKS_PER_S // 1000
            first = 0
            for number, group in enumerate(self._groups):
                if group[0].pts <= begin_ticks:
                    first = number
            return [packet for group in list(self._groups)[first:] for packet in group]

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._clear()

    def _find(self, at_ms: int) -> EncodedPacket | None:
        """The packet of that time, or the last before it."""
        found = None
        for group in self._groups:
            for packet in group:
                if packet.at_ms <= at_ms and (found is None or packet.at_ms >= found.at_ms):
                    found = packet
        return found

    def _trim(self, oldest_ticks: int) -> None:
        while len(self._groups) > 1 and self._groups[1][0].dts <= oldest_ticks:
            self._drop()
        while self._groups and self._size_bytes > self._limit_bytes:
            self.groups_lost += len(self._groups) == 1
            self._drop()

    def _drop(self) -> None:
        self._groups.popleft()
        self._size_bytes -= self._sizes.popleft()

    def _clear(self) -> None:
        self._groups.clear()
        self._sizes.clear()
        self._size_bytes = 0
