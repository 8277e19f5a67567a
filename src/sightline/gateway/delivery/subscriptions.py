"""Which cameras one client looks at, and how often it wants each."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.deliveries.session import Watch
from sightline.gateway.delivery.pace import Pace

__all__ = ["Subscriptions"]

DEFAULT_PICTURE_FPS = 10.0


class Subscriptions:
    """A subscription to one camera goes before the one to all (`*`)."""

    def __init__(self) -> None:
        self._watching: dict[str, Watch] = {}
        self._paces: dict[str, Pace] = {}
        self.everything = False
        """Whether each observation of every camera is wanted, and no picture."""

    def add(self, watch: Watch) -> None:
        """From now on; replaces an earlier one to the same."""
        self._watching[watch.camera_id] = watch
        self._changed()

    def remove(self, camera_id: str) -> None:
        """No longer."""
        self._watching.pop(camera_id, None)
        self._changed()

    def of(self, camera_id: str) -> Watch | None:
        """What is wanted of a camera."""
        return self._watching.get(camera_id) or self._watching.get("*")

    def shows(self, camera_id: str, frame_id: int, now_s: float, *, slot: str | None = None) -> bool:
        """Whether this frame is wanted, at the rate that was asked for; each `slot` of a camera has a rate of its
        own."""
        watch = self.of(camera_id)
        if watch is None or watch.max_fps is None:
            return watch is not None
        pace = self._paces.setdefault(slot or camera_id, Pace(watch.max_fps))
        return pace.shows(frame_id, now_s)

    def wished_pictures(self) -> Mapping[str, float]:
        """Cameras whose pictures are wanted, with frames a second."""
        return {id: watch.max_fps or DEFAULT_PICTURE_FPS for id, watch in self._watching.items() if watch.frames}

    def _changed(self) -> None:
        self._paces.clear()
        watches = self._watching.values()
        self.everything = "*" in self._watching and all(one.max_fps is None and not one.frames for one in watches)
