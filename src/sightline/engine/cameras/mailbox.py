"""Between the readers and the analysis workers: one slot a camera, and the newest frame wins.

Bound: one frame a camera. Policy when full: the newer frame replaces the older, which is counted. A camera is given
to one worker at a time; among the cameras with a frame waiting, the one served the longest ago comes first.
"""

from __future__ import annotations

import threading
import time

from sightline.frames import Frame

__all__ = ["Mailboxes"]


class Mailboxes:
    """The slots of all cameras. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Frame] = {}
        self._busy: set[str] = set()
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._replaced = 0
        self._closed = False

    @property
    def replaced(self) -> int:
        """How many frames were replaced by newer ones before any worker took them."""
        return self._replaced

    def put(self, frame: Frame) -> None:
        """Leaves a frame for the workers."""
        with self._changed:
            if self._closed:
                return
            if frame.camera_id in self._waiting:
                self._replaced += 1
            self._waiting[frame.camera_id] = frame
            if frame.camera_id not in self._busy:
                self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Frame | None:
        """The newest frame of the camera whose turn it is; that camera stays busy until `done`.

        Waits for one; None when closed, or after `timeout_s` without any.
        """
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._closed:
                ready = [camera_id for camera_id in self._waiting if camera_id not in self._busy]
                if ready:
                    return self._hand_over(min(ready, key=lambda camera_id: self._turns.get(camera_id, 0)))
                left_s = None if until_s is None else until_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    break
                self._changed.wait(left_s)
            return None

    def done(self, camera_id: str) -> None:
        """The worker that took a frame of this camera has finished with it."""
        with self._changed:
            self._busy.discard(camera_id)
            if camera_id in self._waiting:
                self._changed.notify()

    def forget(self, camera_id: str) -> None:
        """Drops what waits for a camera that is no longer read."""
        with self._changed:
            self._waiting.pop(camera_id, None)
            self._turns.pop(camera_id, None)

    def close(self) -> None:
        """Wakes every worker with None."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _hand_over(self, camera_id: str) -> Frame:
        self._turn += 1
        self._turns[camera_id] = self._turn
        self._busy.add(camera_id)
        return self._waiting.pop(camera_id)
