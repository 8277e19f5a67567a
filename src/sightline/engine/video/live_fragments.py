"""Video for the gateway: fragments of MP4, a stream a camera and quality, while it asks for them."""

from __future__ import annotations

from collections.abc import Callable

from sightline.deliveries.fragments import Fragment, FragmentWriter, Opening
from sightline.engine.video.live_video import LiveVideo, Watcher
from sightline.events.live_video import ShowVideo
from sightline.packets import EncodedPacket

__all__ = ["LiveFragments"]

PutPart = Callable[[str, str, Opening | Fragment], None]


class _Stream:
    """One camera in one quality, from a keyframe on."""

    def __init__(self, wish: ShowVideo, put: PutPart, call_soon: Callable[[Callable[[], None]], None]) -> None:
        self.wish = wish
        self.watcher: Watcher | None = None
        self._writer = FragmentWriter()
        self._put = put
        self._call_soon = call_soon
        self._ended = False

    def take(self, packet: EncodedPacket) -> None:
        """Called from the thread that reads or encodes."""
        parts = self._writer.write(packet)
        if parts:
            self._call_soon(lambda: self._hand_over(parts))

    def end(self) -> None:
        self._ended = True

    def _hand_over(self, parts: list[Opening | Fragment]) -> None:
        if not self._ended:  # else another stream of this place has begun meanwhile
            for part in parts:
                self._put(self.wish.camera_id, self.wish.quality, part)


class LiveFragments:
    """What the gateway is shown. Used from the event loop, on which `put` is called as well."""

    def __init__(self, video: LiveVideo, put: PutPart, call_soon: Callable[[Callable[[], None]], None]) -> None:
        """`call_soon` hands something over to the event loop, from any thread."""
        self._video = video
        self._put = put
        self._call_soon = call_soon
        self._streams: dict[tuple[str, str], _Stream] = {}

    def show(self, wish: ShowVideo) -> None:
        """From a keyframe on; replaces an earlier wish for the same camera and quality."""
        before = self._streams.get((wish.camera_id, wish.quality))
        if before is not None:
            before.end()
        stream = self._streams[wish.camera_id, wish.quality] = _Stream(wish, self._put, self._call_soon)
        stream.watcher = self._video.watch(
            wish.camera_id, wish.quality, max_side_px=wish.max_side, fps=wish.fps, take=stream.take
        )
        self._leave(before)  # not earlier: what nobody watches is forgotten, and this one begins with it

    def hide(self, camera_id: str, quality: str) -> None:
        """No more of it. Nothing happens where there was none."""
        stream = self._streams.pop((camera_id, quality), None)
        if stream is not None:
            stream.end()
            self._leave(stream)

    def forget(self) -> None:
        """The gateway is gone, and with it everybody who looked."""
        for camera_id, quality in list(self._streams):
            self.hide(camera_id, quality)

    def begin_again(self) -> None:
        """What was put may be lost: everything begins anew, with its opening."""
        for stream in list(self._streams.values()):
            self.show(stream.wish)

    def _leave(self, stream: _Stream | None) -> None:
        if stream is not None and stream.watcher is not None:
            self._video.leave(stream.watcher)
