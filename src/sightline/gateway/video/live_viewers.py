"""Players of cameras' video, as fragmented MP4 over WebSocket.

    engine ── opening, fragment, fragment … ──→ LiveViewers ──→ the queue of each viewer ──→ its player

Video flows from the engine only while there is a viewer (`wished`), and is forwarded as it came: the hundredth viewer
costs its writes. A slow player skips to a keyframe; it holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sightline.deliveries.fragment_queue import FragmentQueue, OpenGroup
from sightline.deliveries.fragments import Fragment, Opening
from sightline.deliveries.rendition import Quality, Rendition
from sightline.deliveries.session import CloseCode
from sightline.exceptions import Unavailable

__all__ = ["LiveViewer", "LiveViewers"]


@dataclass(frozen=True, slots=True)
class _End:
    code: int
    reason: str


class LiveViewer:
    """One player of one camera in one quality. `until_ms` is when it has to show who it is again."""

    def __init__(self, camera_id: str, quality: Quality, user_id: str, until_ms: int | None) -> None:
        self.camera_id = camera_id
        self.quality = quality
        self.user_id = user_id
        self.until_ms = until_ms
        self.queue = FragmentQueue()
        self.ended: _End | None = None
        self._changed = asyncio.Event()

    async def next(self) -> Opening | Fragment | None:
        """The next part of the video; waits for it. `None` once it has ended."""
        while self.ended is None:
            part = self.queue.take()
            if part is not None:
                return part
            self._changed.clear()
            await self._changed.wait()
        return None

    def put(self, part: Opening | Fragment) -> None:
        """The next part."""
        self.queue.put(part)
        self._changed.set()

    def begin(self, group: OpenGroup) -> None:
        """What has come since the last keyframe."""
        self.queue.catch_up(group)
        self._changed.set()

    def end(self, code: int, reason: str) -> None:
        """Nothing more comes."""
        self.ended = self.ended or _End(code, reason)
        self._changed.set()


@dataclass(slots=True)
class _Channel:
    group: OpenGroup = field(default_factory=OpenGroup)
    viewers: set[LiveViewer] = field(default_factory=set)


class LiveViewers:
    """Everybody who plays video now; at most `limit`. `on_change` is told when what is wished for may be other."""

    def __init__(self, renditions: Mapping[Quality, Rendition], *, limit: int) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._renditions = renditions
        self._limit = limit
        self._channels: dict[tuple[str, str], _Channel] = {}

    def __len__(self) -> int:
        return sum(len(channel.viewers) for channel in self._channels.values())

    def add(self, camera_id: str, quality: Quality, user_id: str, *, until_ms: int | None = None) -> LiveViewer:
        """A new player. Raises `Unavailable` when there are too many."""
        if len(self) >= self._limit:
            raise Unavailable("as many videos are played as may be; try again later")
        viewer = LiveViewer(camera_id, quality, user_id, until_ms)
        channel = self._channels.setdefault((camera_id, quality), _Channel())
        viewer.begin(channel.group)
        channel.viewers.add(viewer)
        self.on_change()
        return viewer

    def remove(self, viewer: LiveViewer) -> None:
        """It plays no longer. The video goes on until the engine is told, and whoever comes before that needs what came
        of it."""
        channel = self._channels.get((viewer.camera_id, viewer.quality))
        if channel is None or viewer not in channel.viewers:
            return
        channel.viewers.discard(viewer)
        if not channel.viewers and channel.group.opening is None:
            del self._channels[viewer.camera_id, viewer.quality]
        self.on_change()

    def wished(self, camera_ids: Iterable[str]) -> dict[tuple[str, Quality], Rendition]:
        """What is played of these cameras, as their engine is told now; the rest of them begins anew when it is."""
        known = set(camera_ids)
        for place in [place for place, channel in self._channels.items() if place[0] in known and not channel.viewers]:
            del self._channels[place]
        qualities = [(camera_id, Quality(quality)) for camera_id, quality in self._channels if camera_id in known]
        return {(camera_id, quality): self._renditions[quality] for camera_id, quality in qualities}

    def part(self, camera_id: str, quality: str, part: Opening | Fragment) -> None:
        """The next part of a camera's video in one quality, to all who play that."""
        channel = self._channels.get((camera_id, quality))
        if channel is None or (channel.group.opening is None and isinstance(part, Fragment)):
            return  # nobody plays it, or this is the end of a video that somebody before them played
        channel.group.add(part)
        for viewer in channel.viewers:
            viewer.put(part)

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        self._end(
            lambda one: one.until_ms is not None and now_ms >= one.until_ms,
            CloseCode.TOKEN_EXPIRED,
            "the token has expired",
        )

    def end_all(self, reason: str) -> None:
        """The server stops."""
        self._end(lambda one: True, CloseCode.SHUTTING_DOWN, reason)

    def end_of_user(self, user_id: str) -> None:
        """What this account may see has changed: its players have to ask again."""
        self._end(lambda one: one.user_id == user_id, CloseCode.REVOKED, "the account was changed: sign in again")

    def end_of_camera(self, camera_id: str) -> None:
        """The camera was removed."""
        self._end(lambda one: one.camera_id == camera_id, CloseCode.REVOKED, "the camera was removed")

    def _end(self, whose: Callable[[LiveViewer], bool], code: int, reason: str) -> None:
        for channel in self._channels.values():
            for viewer in channel.viewers:
                if whose(viewer):
                    viewer.end(code, reason)
