"""Who watches which camera's video, in which quality, and where that comes from.

    the camera's own packets (`PacketFan`) ──────────────┬──→ fragments for the gateway, WebRTC peers
    its pictures ──→ ScaledVideo, one a quality ─────────┘

Packets are passed on as they are where they fit the quality and browsers play them; else the camera's pictures are
scaled and encoded, once for everybody who watches that quality.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sightline.deliveries.fragments import is_playable
from sightline.engine.cameras.picture_fan import PictureFan
from sightline.engine.video.packet_fan import Listening, PacketFan
from sightline.engine.video.packet_feed import OpenEncoder
from sightline.engine.video.scaled_video import ScaledVideo
from sightline.packets import EncodedPacket

__all__ = ["LiveVideo", "VideoSource", "Watcher"]

MIN_SIDE_PX, MAX_SIDE_PX = 64, 7680
MIN_FPS, MAX_FPS = 0.5, 30.0
JOIN_S = 1.0


class VideoSource(Protocol):
    """The part of a camera's reader that this module uses."""

    @property
    def packets(self) -> PacketFan: ...
    @property
    def pictures(self) -> PictureFan: ...
    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures in pixels; (0, 0) before the first."""


@dataclass(slots=True, eq=False)
class Watcher:
    """One that watches: `take` is called with every packet from a keyframe on, by one thread at a time. It must neither
    block nor call back."""

    camera_id: str
    quality: str
    max_side_px: int
    fps: float
    take: Callable[[EncodedPacket], None]
    listening: Listening | None = None
    fan: PacketFan | None = None
    unplayable: bool = False
    """The camera's own packets are of no use to it."""
    at_keyframe: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def packet(self, fan: PacketFan, packet: EncodedPacket) -> None:
        """A packet of a fan, which may be the one before."""
        with self.lock:
            if fan is not self.fan or (self.at_keyframe and not packet.keyframe):
                return
            if not is_playable(packet, self.max_side_px):
                self.unplayable = self.at_keyframe = True
                return
            self.at_keyframe = False
            self.take(packet)


class LiveVideo:
    """All watchers. Used from the event loop; `take` of a watcher is called from other threads."""

    def __init__(self, source_of: Callable[[str], VideoSource | None], open_encoder: OpenEncoder | None) -> None:
        self._source_of = source_of
        self._open_encoder = open_encoder
        self._watchers: set[Watcher] = set()
        self._scaled: dict[tuple[PictureFan, str], ScaledVideo] = {}
        self._leaving: list[ScaledVideo] = []

    def watch(
        self, camera_id: str, quality: str, *, max_side_px: int, fps: float, take: Callable[[EncodedPacket], None]
    ) -> Watcher:
        """Somebody watches from now on; packets come once the camera delivers."""
        side = min(max(max_side_px, MIN_SIDE_PX), MAX_SIDE_PX)
        watcher = Watcher(camera_id, quality, side, min(max(fps, MIN_FPS), MAX_FPS), take)
        self._watchers.add(watcher)
        self._bring_in_step(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """It watches no more. Nothing happens the second time."""
        self._watchers.discard(watcher)
        self._move(watcher, None)
        self._close_unwatched()

    def tick(self) -> None:
        """Cameras come and go, and change their size: everybody gets what there is now."""
        for watcher in self._watchers:
            self._bring_in_step(watcher)
        self._close_unwatched()

    def close(self) -> None:
        """Ends everything."""
        for watcher in list(self._watchers):
            self.leave(watcher)
        for scaled in self._leaving:
            scaled.join(JOIN_S)

    def _bring_in_step(self, watcher: Watcher) -> None:
        fan = self._fan_for(watcher)
        if fan is not watcher.fan:
            self._move(watcher, fan)

    def _fan_for(self, watcher: Watcher) -> PacketFan | None:
        source = self._source_of(watcher.camera_id)
        if source is None or source.size == (0, 0):
            return None
        if not watcher.unplayable and max(source.size) <= watcher.max_side_px:
            return source.packets
        if self._open_encoder is None:
            return None
        scaled = self._scaled.get((source.pictures, watcher.quality))
        if scaled is None:
            scaled = self._scaled[source.pictures, watcher.quality] = ScaledVideo(
                watcher.camera_id,
                source.pictures,
                self._open_encoder,
                max_side_px=watcher.max_side_px,
                fps=watcher.fps,
            )
        return scaled.fan

    def _move(self, watcher: Watcher, fan: PacketFan | None) -> None:
        if watcher.listening is not None:
            watcher.listening.close()
            watcher.listening = None
        with watcher.lock:
            watcher.fan, watcher.at_keyframe = fan, True
        if fan is not None:
            watcher.listening = fan.listen(lambda packet: watcher.packet(fan, packet), fps=watcher.fps)

    def _close_unwatched(self) -> None:
        for place, scaled in list(self._scaled.items()):
            if not scaled.fan.is_wanted:
                scaled.close()
                self._leaving = [one for one in self._leaving if one.is_alive] + [scaled]
                del self._scaled[place]
