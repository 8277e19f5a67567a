"""Players of cameras' live pictures: each has room for one picture, the newest.

    engine ── picture of (camera, quality) ──→ Viewers ──→ the slot of each viewer ──→ its player, as fast as that reads

Pictures flow from the engine only while there is a viewer (`wished`). A slow player skips pictures, it is never behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from sightline.deliveries.rendition import Quality, Rendition
from sightline.exceptions import Unavailable
from sightline.gateway.delivery.pace import Pace

__all__ = ["Viewer", "Viewers"]


class Viewer:
    """One player. `quality` may change while it plays. `until_ms` is when it has to show who it is again."""

    def __init__(self, camera_id: str, rendition: Rendition, user_id: str, until_ms: int | None) -> None:
        self.camera_id = camera_id
        self.user_id = user_id
        self.until_ms = until_ms
        self.quality = rendition.quality
        self.replaced = 0
        self._pace = Pace(rendition.fps)
        self._newest: bytes | None = None
        self._changed = asyncio.Event()
        self._ended = False

    async def next(self) -> bytes | None:
        """The newest JPEG that was not taken yet; waits for it. `None` once the stream has ended."""
        while self._newest is None and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        if self._ended:
            return None
        jpeg, self._newest = self._newest, None
        return jpeg

    def put(self, frame_id: int, jpeg: bytes, now_s: float) -> None:
        """A new picture, if one is due; replaces one that was not taken."""
        if self._pace.shows(frame_id, now_s):
            self.replaced += self._newest is not None
            self._newest = jpeg
            self._changed.set()

    def show(self, rendition: Rendition) -> None:
        """Another quality from now on."""
        self.quality = rendition.quality
        self._pace = Pace(rendition.fps)

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._changed.set()


class Viewers:
    """Everybody who plays something now; at most `limit`. `on_change` is told when what is wished for may be other."""

    def __init__(self, renditions: Mapping[Quality, Rendition], *, limit: int) -> None:
        self.renditions = renditions
        self.on_change: Callable[[], None] = lambda: None
        self.played_elsewhere: Callable[[], Iterable[tuple[str, str]]] = tuple
        """What is played on other gateways: cameras and qualities."""
        self._limit = limit
        self._viewers: set[Viewer] = set()

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, camera_id: str, quality: Quality, user_id: str, *, until_ms: int | None = None) -> Viewer:
        """A new player. Raises `Unavailable` when there are too many."""
        if len(self._viewers) >= self._limit:
            raise Unavailable("as many streams are played as may be; try again later")
        viewer = Viewer(camera_id, self.renditions[quality], user_id, until_ms)
        self._viewers.add(viewer)
        self.on_change()
        return viewer

    def remove(self, viewer: Viewer) -> None:
        """It plays no longer."""
        viewer.end()
        self._viewers.discard(viewer)
        self.on_change()

    def show(self, viewer: Viewer, quality: Quality) -> None:
        """The player gets another quality from now on."""
        viewer.show(self.renditions[quality])
        self.on_change()

    @property
    def played(self) -> set[tuple[str, Quality]]:
        """What is played here: cameras and qualities."""
        return {(viewer.camera_id, viewer.quality) for viewer in self._viewers}

    def wished(self, camera_ids: Iterable[str]) -> dict[tuple[str, Quality], Rendition]:
        """What is played of these cameras."""
        known = set(camera_ids)
        wished = {place for place in self.played if place[0] in known}
        wished |= {(id, Quality(quality)) for id, quality in self.played_elsewhere() if id in known}
        return {place: self.renditions[place[1]] for place in wished}

    def picture(self, camera_id: str, quality: str, frame_id: int, jpeg: bytes, now_s: float) -> None:
        """A picture of a camera in one quality, to all who play that."""
        for viewer in self._viewers:
            if viewer.camera_id == camera_id and viewer.quality == quality:
                viewer.put(frame_id, jpeg, now_s)

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        for viewer in [one for one in self._viewers if one.until_ms is not None and now_ms >= one.until_ms]:
            viewer.end()

    def end_all(self) -> None:
        """The server stops."""
        for viewer in self._viewers:
            viewer.end()

    def end_of_user(self, user_id: str) -> None:
        """What this account may see has changed: its players have to ask again."""
        for viewer in [one for one in self._viewers if one.user_id == user_id]:
            viewer.end()

    def end_of_camera(self, camera_id: str) -> None:
        """The camera was removed."""
        for viewer in [one for one in self._viewers if one.camera_id == camera_id]:
            viewer.end()
