"""What waits to be sent to one client, and in which order: control, log, state, observations.

Every queue has a bound and a named overflow policy: control and state close the client as too slow, observations
and pictures keep the newest of each camera, the log stays on disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sightline.deliveries.framing import Frame

__all__ = ["AwaitedOutbox", "Outbox"]

MAX_CONTROL = 256
CROWDED_CONTROL = 64
MAX_STATE = 1024
SENT_FRAMES_REMEMBERED = 16


@dataclass(slots=True)
class _Slot:
    """The newest observation, objects and picture of one camera, and which observations went out lately."""

    observation: tuple[int, Frame] | None = None
    picture: tuple[int, Frame, Frame] | None = None
    sent: deque[int] = field(default_factory=lambda: deque(maxlen=SENT_FRAMES_REMEMBERED))

    def take(self) -> list[Frame]:
        messages: list[Frame] = []
        if self.picture is not None:
            frame_id, observation, message = self.picture
            if frame_id not in self.sent:
                self.sent.append(frame_id)
                messages.append(observation)
            messages.append(message)
        if self.observation is not None and self.observation[0] not in self.sent:
            self.sent.append(self.observation[0])
            messages.append(self.observation[1])
        self.picture = self.observation = None
        return messages


class Outbox:
    """Queues of one client. `on_put` is called when something was put in; many at a time wait here, so it is small."""

    __slots__ = ("_answered", "_control", "_due", "_on_put", "_slots", "_state", "overflowed", "replaced")

    def __init__(self, on_put: Callable[[], None]) -> None:
        self._on_put = on_put
        self._answered: asyncio.Event | None = None
        self._control: list[Frame] = []
        self._state: list[Frame] = []
        self._slots: dict[str, _Slot] = {}
        self._due: dict[str, None] = {}
        """Cameras with something to send, in the order in which they began to wait."""
        self.overflowed = False
        self.replaced = 0

    async def room(self, most: int = CROWDED_CONTROL) -> None:
        """Waits until there is room for answers, fewer than `most` waiting: a client that asks faster than it reads is
        read more slowly."""
        while len(self._control) >= most:
            self._answered = self._answered or asyncio.Event()
            self._answered.clear()
            await self._answered.wait()

    @property
    def is_crowded(self) -> bool:
        """Whether so many answers wait that no more should be asked for now."""
        return len(self._control) >= CROWDED_CONTROL

    @property
    def has_control(self) -> bool:
        """Whether something waits that goes before the log."""
        return bool(self._control)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits at all."""
        return not (self._control or self._state or self._due)

    def put_control(self, text: str) -> None:
        """Before everything else."""
        self.overflowed = self.overflowed or len(self._control) >= MAX_CONTROL
        if not self.overflowed:
            self._control.append(Frame(text))
        self._on_put()

    def put_state(self, message: Frame) -> None:
        """After the log, in order."""
        self.overflowed = self.overflowed or len(self._state) >= MAX_STATE
        if not self.overflowed:
            self._state.append(message)
        self._on_put()

    def put_observation(self, slot: str, frame_id: int, message: Frame) -> None:
        """Replaces the slot's observation that was not sent yet. A slot is a camera's id, or `{camera_id}/{what}` for
        what goes beside that."""
        waiting = self._slot(slot)
        self.replaced += waiting.observation is not None
        waiting.observation = (frame_id, message)
        self._on_put()

    def put_picture(self, camera_id: str, frame_id: int, observation: Frame, message: Frame) -> None:
        """Replaces the camera's picture that was not sent yet."""
        slot = self._slot(camera_id)
        self.replaced += slot.picture is not None
        slot.picture = (frame_id, observation, message)
        self._on_put()

    def drop_camera(self, camera_id: str) -> None:
        """Nobody wants this camera any more."""
        for slot in [slot for slot in self._slots if slot == camera_id or slot.startswith(f"{camera_id}/")]:
            del self._slots[slot]
            self._due.pop(slot, None)

    def take_control(self) -> list[Frame]:
        """Everything that goes first."""
        taken, self._control = self._control, []
        if self._answered is not None:
            self._answered.set()
        return taken

    def take_state(self) -> list[Frame]:
        """Everything about state."""
        taken, self._state = self._state, []
        return taken

    def take_camera(self) -> list[Frame]:
        """What is new of the camera that has waited longest; a picture never goes without the observation of its
        frame."""
        while self._due:
            camera_id = next(iter(self._due))
            del self._due[camera_id]
            messages = self._slots[camera_id].take()
            if messages:
                return messages
        return []

    def _slot(self, camera_id: str) -> _Slot:
        self._due[camera_id] = None
        slot = self._slots.get(camera_id)
        if slot is None:
            slot = self._slots[camera_id] = _Slot()
        return slot


class AwaitedOutbox(Outbox):
    """The same for a client with a task that waits for what there is to send."""

    __slots__ = ("_awake",)

    def __init__(self) -> None:
        self._awake = asyncio.Event()
        super().__init__(self._awake.set)

    def wake(self) -> None:
        """There may be something to do."""
        self._awake.set()

    def take_texts(self) -> list[str]:
        """Everything that goes first."""
        return [message.payload for message in self.take_control() if isinstance(message.payload, str)]

    async def wait(self) -> None:
        """Sleeps until there is something to do."""
        await self._awake.wait()
        self._awake.clear()
