"""Streams that clients have started: each has an address for a player, which can send no header.

The address holds a secret that is good for this stream only: a player may open it for a short time, and plays until the
stream is stopped, its camera or its user is gone, or the client that started it has been away for that same time.
A client has one stream a camera; starting it again renews the address, and keeps whoever plays.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sightline.clock import Clock
from sightline.deliveries.rendition import Quality
from sightline.exceptions import Forbidden, NotFound
from sightline.gateway.video.held_sessions import HeldSessions
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.viewers import Viewer, Viewers

__all__ = ["Stream", "Streams"]

SECRET_BYTES = 24


@dataclass(slots=True, eq=False)
class Stream:
    """One stream of one client. `left_at_ms` is when that client was lost."""

    client_id: str
    user_id: str
    camera_id: str
    quality: Quality
    secret: str
    opens_until_ms: int
    left_at_ms: int | None = None
    viewers: set[Viewer] = field(default_factory=set)

    @property
    def path(self) -> str:
        """Where a player finds it."""
        return f"/api/cameras/{self.camera_id}/stream.mjpeg?quality={self.quality.value}&token={self.secret}"


class Streams:
    """All of them, and everybody who plays: `viewers` pictures, `live` video, `sessions` WebRTC. `on_change` is told
    when what is `wanted` may be other."""

    def __init__(
        self,
        viewers: Viewers,
        live: LiveViewers,
        sessions: HeldSessions,
        clock: Clock,
        *,
        open_ms: int,
        mark: str = "",
    ) -> None:
        """`mark`: what the secret of every address begins with."""
        self.viewers = viewers
        self.live = live
        self.sessions = sessions
        self.on_change: Callable[[], None] = lambda: None
        self._clock = clock
        self._open_ms = open_ms
        self._mark = mark
        self._streams: dict[tuple[str, str], Stream] = {}
        self._by_secret: dict[str, Stream] = {}

    def start(self, client_id: str, user_id: str, camera_id: str, quality: Quality) -> Stream:
        """A stream, or this client's stream of the camera with a new address and this quality."""
        stream = self._streams.get((client_id, camera_id))
        if stream is None:
            stream = Stream(client_id, user_id, camera_id, quality, "", 0)
            self._streams[client_id, camera_id] = stream
        self._by_secret.pop(stream.secret, None)
        stream.secret = self._mark + secrets.token_urlsafe(SECRET_BYTES)
        stream.opens_until_ms = self._clock.now_ms() + self._open_ms
        self._by_secret[stream.secret] = stream
        self._set_quality(stream, quality)
        self.on_change()
        return stream

    def change(self, client_id: str, camera_id: str, quality: Quality) -> Stream:
        """Another quality, also for whoever plays it now. Raises `NotFound` where the client has no such stream."""
        stream = self._streams.get((client_id, camera_id))
        if stream is None:
            raise NotFound("stream of camera", camera_id)
        return self.start(client_id, stream.user_id, camera_id, quality)

    def stop(self, client_id: str, camera_id: str, quality: Quality | None = None) -> bool:
        """Ends the client's stream, or only if it has this quality; whether there was one."""
        stream = self._streams.get((client_id, camera_id))
        if stream is None or quality not in (None, stream.quality):
            return False
        self._end(stream)
        return True

    def open(self, camera_id: str, secret: str) -> Viewer:
        """A player begins. Raises `Forbidden` when the address is not good (any more), `Unavailable`."""
        stream = self._by_secret.get(secret)
        if stream is None or stream.camera_id != camera_id or self._clock.now_ms() >= stream.opens_until_ms:
            raise Forbidden("this address of a stream is not good any more: start the stream again")
        viewer = self.viewers.add(camera_id, stream.quality, stream.user_id)
        stream.viewers.add(viewer)
        return viewer

    def close(self, viewer: Viewer) -> None:
        """A player has ended."""
        for stream in self._streams.values():
            stream.viewers.discard(viewer)
        self.viewers.remove(viewer)

    def wanted(self) -> dict[str, Quality]:
        """Cameras of which somebody has started a stream, with the best quality that is wanted."""
        order = list(Quality)
        best: dict[str, Quality] = {}
        for stream in self._streams.values():
            known = best.get(stream.camera_id, stream.quality)
            best[stream.camera_id] = max(known, stream.quality, key=order.index)
        return best

    def client_left(self, client_id: str) -> None:
        """The client that started them is gone: it may be back soon, and whoever plays goes on until then."""
        for stream in self._of(lambda one: one.client_id == client_id):
            stream.left_at_ms = self._clock.now_ms()

    def user_changed(self, user_id: str) -> None:
        """What this account may see has changed."""
        for stream in self._of(lambda one: one.user_id == user_id):
            self._end(stream)
        self.viewers.end_of_user(user_id)
        self.live.end_of_user(user_id)
        self.sessions.end_of(user_id, "the account was changed")

    def camera_removed(self, camera_id: str) -> None:
        """There is nothing to see of it any more."""
        for stream in self._of(lambda one: one.camera_id == camera_id):
            self._end(stream)
        self.viewers.end_of_camera(camera_id)
        self.live.end_of_camera(camera_id)

    def tick(self, now_ms: int) -> None:
        """Time has passed: streams whose client did not come back end."""
        for stream in self._of(lambda one: one.left_at_ms is not None and now_ms - one.left_at_ms >= self._open_ms):
            self._end(stream)
        self.viewers.tick(now_ms)
        self.live.tick(now_ms)
        self.sessions.tick(now_ms)

    def end_all(self) -> None:
        """The server stops."""
        self.viewers.end_all()
        self.live.end_all("the server is shutting down; retry_after_s=1")

    def _of(self, wanted: Callable[[Stream], bool]) -> list[Stream]:
        return [stream for stream in self._streams.values() if wanted(stream)]

    def _set_quality(self, stream: Stream, quality: Quality) -> None:
        stream.quality = quality
        for viewer in stream.viewers:
            self.viewers.show(viewer, quality)

    def _end(self, stream: Stream) -> None:
        del self._streams[stream.client_id, stream.camera_id]
        self._by_secret.pop(stream.secret, None)
        for viewer in stream.viewers:
            viewer.end()
        self.on_change()
