"""What waits to be sent to one client, and in which order: control, log, state, observations.

Every queue has a bound and a named overflow policy: control and state close the client as too slow, observations
and pictures keep the newest of each camera, the log stays on disk.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

__all__ = ["Outbox"]

MAX_CONTROL = 256
CROWDED_CONTROL = 64
MAX_STATE = 1024
SENT_FRAMES_REMEMBERED = 16


@dataclass(slots=True)
class _Slot:
    """The newest observation, objects and picture of one camera, and which observations went out lately."""

    observation: tuple[int, str] | None = None
    objects: str | None = None
    picture: tuple[int, str, bytes] | None = None
    sent: deque[int] = field(default_factory=lambda: deque(maxlen=SENT_FRAMES_REMEMBERED))


class Outbox:
    """Queues of one client. `wait` returns when something was put in or the log grew."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        self._control: deque[str] = deque()
        self._state: deque[str] = deque()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self.overflowed = False
        self.replaced = 0

    async def wait(self) -> None:
        """Sleeps until there is something to do."""
        await self._wake.wait()
        self._wake.clear()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def room(self) -> None:
        """Waits until there is room for answers: a client that asks faster than it reads is read more slowly."""
        while len(self._control) >= CROWDED_CONTROL:
            self._answered.clear()
            await self._answered.wait()

    def put_control(self, text: str) -> None:
        """Before everything else."""
        self.overflowed = self.overflowed or len(self._control) >= MAX_CONTROL
        if not self.overflowed:
            self._control.append(text)
        self._wake.set()

    def put_state(self, text: str) -> None:
        """After the log, in order."""
        self.overflowed = self.overflowed or len(self._state) >= MAX_STATE
        if not self.overflowed:
            self._state.append(text)
        self._wake.set()

    def put_observation(self, camera_id: str, frame_id: int, text: str) -> None:
        """Replaces the camera's observation that was not sent yet."""
        slot = self._slots.setdefault(camera_id, _Slot())
        self.replaced += slot.observation is not None
        slot.observation = (frame_id, text)
        self._wake.set()

    def put_objects(self, camera_id: str, text: str) -> None:
        """Replaces the camera's objects that were not sent yet."""
        slot = self._slots.setdefault(camera_id, _Slot())
        self.replaced += slot.objects is not None
        slot.objects = text
        self._wake.set()

    def put_picture(self, camera_id: str, frame_id: int, observation: str, message: bytes) -> None:
        """Replaces the camera's picture that was not sent yet."""
        slot = self._slots.setdefault(camera_id, _Slot())
        self.replaced += slot.picture is not None
        slot.picture = (frame_id, observation, message)
        self._wake.set()

    def drop_camera(self, camera_id: str) -> None:
        """Nobody wants this camera any more."""
        self._slots.pop(camera_id, None)

    def take_control(self) -> list[str]:
        """Everything that goes first."""
        taken = list(self._control)
        self._control.clear()
        self._answered.set()
        return taken

    def take_state(self) -> list[str]:
        """Everything about state."""
        taken = list(self._state)
        self._state.clear()
        return taken

    def take_camera(self) -> list[str | bytes]:
        """What is new of the camera that has waited longest; a picture never goes without the observation of its
        frame."""
        for camera_id, slot in self._slots.items():
            messages: list[str | bytes] = []
            if slot.picture is not None:
                frame_id, observation, message = slot.picture
                if frame_id not in slot.sent:
                    slot.sent.append(frame_id)
                    messages.append(observation)
                messages.append(message)
            if slot.observation is not None and slot.observation[0] not in slot.sent:
                slot.sent.append(slot.observation[0])
                messages.append(slot.observation[1])
            if slot.objects is not None:
                messages.append(slot.objects)
            slot.picture = slot.observation = slot.objects = None
            if messages:
                self._slots.move_to_end(camera_id)
                return messages
        return []
