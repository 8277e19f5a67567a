"""One camera's encoded packets to however many want them: the ring, recordings, everybody who watches live.

A newcomer begins at the last keyframe, from which the fan keeps every packet while anybody listens. Bounds: `GOP_BYTES`
there, and each `PacketQueue` its own; a listener that is too slow for its queue loses whole groups of pictures, the
oldest first, and goes on at a keyframe.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from sightline.packets import EncodedPacket

__all__ = ["Listening", "PacketFan", "PacketQueue"]

GOP_BYTES = 16 * 2**20
QUEUE_BYTES = 8 * 2**20
QUEUE_PACKETS = 900
"""30 s at 30 frames a second."""

PacketListener = Callable[[EncodedPacket], None]


class Listening:
    """One listener of a fan; `close` ends it, from any thread."""

    def __init__(self, fan: PacketFan, listener: PacketListener, fps: float) -> None:
        self._fan = fan
        self.listener = listener
        self.fps = fps

    def close(self) -> None:
        """Nothing more comes. May be called twice."""
        self._fan.leave(self)


class PacketFan:
    """The listeners of one camera. `publish` and `cut` are for the thread that reads it, the rest for every thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._listeners: tuple[Listening, ...] = ()
        self._group: list[EncodedPacket] = []
        self._group_bytes = 0

    @property
    def is_wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    @property
    def fps(self) -> float:
        """The most pictures a second that anybody wants of a camera whose pictures have to be encoded."""
        return max((listening.fps for listening in self._listeners), default=0.0)

    def listen(self, listener: PacketListener, *, fps: float = 0.0) -> Listening:
        """`listener` gets the packets since the last keyframe now, in the calling thread, and every later one in the
        thread that reads the camera: it must not block, and of the fan it may call `Listening.close` alone. `fps` is
        asked of a camera whose pictures have to be encoded; with 0.0 it is content with those that are analysed.
        """
        listening = Listening(self, listener, fps)
        with self._lock:
            for packet in self._group:
                listener(packet)
            self._listeners = (*self._listeners, listening)
        return listening

    def queue(
        self,
        *,
        fps: float = 0.0,
        notify: Callable[[], None] = lambda: None,
        limit_bytes: int = QUEUE_BYTES,
        limit_packets: int = QUEUE_PACKETS,
    ) -> PacketQueue:
        """A bounded queue that listens, for whoever takes packets in a thread or task of their own."""
        queue = PacketQueue(notify, limit_bytes=limit_bytes, limit_packets=limit_packets)
        queue.listening = self.listen(queue.put, fps=fps)
        return queue

    def leave(self, listening: Listening) -> None:
        """See `Listening.close`."""
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listening)
            if not self._listeners:
                self._forget()

    def publish(self, packet: EncodedPacket) -> None:
        """Hands a packet to everybody."""
        with self._lock:
            if not self._listeners:
                return
            if packet.keyframe:
                self._forget()
            if packet.keyframe or self._group:
                self._group.append(packet)
                self._group_bytes += len(packet.data)
            if self._group_bytes > GOP_BYTES:
                self._forget()  # newcomers wait for the next keyframe
            for listening in self._listeners:
                listening.listener(packet)

    def cut(self) -> None:
        """What was published must not reach newcomers any more."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._group = []
        self._group_bytes = 0


class PacketQueue:
    """Packets for one taker. `notify` is called in the reading thread whenever one was put."""

    def __init__(self, notify: Callable[[], None], *, limit_bytes: int, limit_packets: int) -> None:
        self.listening: Listening | None = None
        self.dropped = 0
        self._notify = notify
        self._limit_bytes = limit_bytes
        self._limit_packets = limit_packets
        self._lock = threading.Lock()
        self._packets: deque[EncodedPacket] = deque()
        self._size_bytes = 0
        self._at_keyframe = True

    def put(self, packet: EncodedPacket) -> None:
        """Adds a packet; what does not fit makes the oldest groups of pictures go."""
        with self._lock:
            if self._at_keyframe and not packet.keyframe:
                self.dropped += 1
                return
            self._at_keyframe = False
            self._packets.append(packet)
            self._size_bytes += len(packet.data)
            while self._size_bytes > self._limit_bytes or len(self._packets) > self._limit_packets:
                self._drop_group()
        self._notify()

    def take(self) -> EncodedPacket | None:
        """The oldest packet, None when there is none."""
        with self._lock:
            if not self._packets:
                return None
            packet = self._packets.popleft()
            self._size_bytes -= len(packet.data)
            return packet

    def close(self) -> None:
        """Listens no more."""
        if self.listening is not None:
            self.listening.close()

    def _drop_group(self) -> None:
        """Up to the next keyframe; without one, everything, and on with the next that comes."""
        while self._packets:
            self._size_bytes -= len(self._packets.popleft().data)
            self.dropped += 1
            if self._packets and self._packets[0].keyframe:
                return
        self._at_keyframe = True
