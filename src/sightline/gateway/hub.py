"""The one place where what engines report and what clients wait for meet.

There is exactly one hub in a gateway: `app.py` makes it, engines' links and clients' dialects are handed the same
object. (The program this one grew out of had two; results went through the one that nobody had registered with.)

Alerts are pulled: after a commit every client is woken in turn, and each takes the shared tail of the log at its own
pace; those in step are told together (`delivery/ranks.py`). When there were commits during such a round, the next comes
after a short pause (`delivery/rest.py`): what is committed meanwhile shares a write, and there is time for other work.
State and observations are pushed: state in order, observations and pictures into one latest-value slot a camera and
client.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from sightline.deliveries.framing import Bundle, Frame
from sightline.events.observation import Observation
from sightline.events.wire import encode_message
from sightline.exceptions import SightlineError
from sightline.gateway.delivery.rest import pause_s
from sightline.gateway.directory import Directory

__all__ = ["Client", "Hub", "Listener", "Shown"]

REMEMBERED_OBSERVATIONS = 16
TOLD_AT_ONCE = 64
RETRY_S = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """Observations of one turn of the event loop, as camera, slot, frame and message, and all of them in one bundle. A
    message replaces one of its slot that was not sent yet. They are numbered: whoever was shown these is to be shown
    nothing with a lower number."""

    number: int
    observations: tuple[tuple[str, str, int, Frame], ...]
    bundle: Bundle


class Listener(Protocol):
    """Whoever is told what there is to send: a client, or several that are served as one."""

    def wake(self) -> None:
        """The log grew."""

    def observe(self, shown: Shown) -> None:
        """The newest observations of cameras; each replaces one of its slot that was not sent yet."""


class Client(Listener, Protocol):
    """A connected client, of whatever dialect."""

    client_id: str
    user_id: str
    user_name: str
    client_type: str
    dialect: str
    """The address at which it connected, which says what it speaks: `ws/v1`, `socket.io`, `ws/alerts`, `ws/field`."""
    device: str
    connected_at_ms: int

    @property
    def last_heard_ms(self) -> int: ...
    def undelivered_after(self) -> int | None:
        """The offset beyond which something waits for this client's device to confirm it; `None` where nothing does, or
        the dialect knows no confirming."""

    def state(self, message: Frame) -> None:
        """A message about state, in order with other state."""

    def wants(self, camera_id: str) -> bool:
        """Whether this client looks at the camera at all."""

    def picture(self, camera_id: str, frame_id: int, observation: Frame, message: Frame) -> None:
        """The newest picture of a camera with the observation of the same frame."""

    def wished_pictures(self) -> Mapping[str, float]:
        """Cameras (or `*`) whose pictures this client wants, with frames a second."""

    def end(self, code: int, reason: str) -> None:
        """Close this client's connection."""


class Hub:
    """Registers clients, wakes them when the log grows, hands them observations and state."""

    def __init__(self, directory: Directory, *, top: int) -> None:
        self._directory = directory
        self._clients: dict[str, Client] = {}
        self._alone: dict[str, Client] = {}
        """Clients that are told themselves; of the others their ranks are told."""
        self._ranks: dict[Listener, None] = {}
        self._observations: dict[str, OrderedDict[int, Frame]] = {}
        self._early: dict[str, tuple[int, bytes]] = {}
        self._showing: list[tuple[str, str, int, Frame]] = []
        self._under_way = 0
        """How many are being shown to one client after the other."""
        self.shown = 0
        """The number of the newest that anybody was shown."""
        self.top = top
        self._committed_s = math.nan
        """When the oldest commit was that no round has begun for; NaN where there is none."""
        self.prepared = top
        """Up to where the log has been read for everybody; what is beyond it comes with the next round."""
        self._rounds: asyncio.Task[None] | None = None
        self.prepare: Callable[[int, int], Awaitable[object]] = _nothing_to_prepare
        """Awaited before each round with the top of the last round and of this one; what it reads, no client need."""
        self.on_round: Callable[[float], None] = lambda seconds: None
        """Told after each round how long ago the oldest commit in it was."""
        self.on_watch_change: Callable[[], None] = lambda: None
        """Told when the set of cameras that somebody looks at changed."""
        self.on_broadcast: Callable[[str, Mapping[str, Any]], None] = lambda type, data: None
        """Told what clients of other gateways are to hear as well."""
        self.on_leave: Callable[[str], None] = lambda client_id: None
        """Told of every client that is gone."""
        self.wished_elsewhere: Callable[[], Mapping[str, float]] = dict
        """What clients of other gateways wish: pictures a second by camera, or of all (`*`)."""
        self.encoded_observations = 0

    # ── clients ──

    @property
    def clients(self) -> Iterable[Client]:
        """Everybody connected now."""
        return tuple(self._clients.values())

    def join(self, client: Client) -> None:
        """From now on this client is told."""
        self._clients[client.client_id] = client
        self._alone[client.client_id] = client
        client.wake()

    def leave(self, client: Client) -> None:
        """No longer."""
        self._alone.pop(client.client_id, None)
        if self._clients.pop(client.client_id, None) is not None:
            self.on_leave(client.client_id)
            self.on_watch_change()

    def speak_for(self, client: Client, rank: Listener | None) -> None:
        """From now on this rank is told instead of the client; `None`: the client itself, if it is still here."""
        if rank is not None:
            self._alone.pop(client.client_id, None)
            self._ranks[rank] = None
        elif self._clients.get(client.client_id) is client:
            self._alone[client.client_id] = client

    def disband(self, rank: Listener) -> None:
        """It speaks for nobody any more."""
        self._ranks.pop(rank, None)

    def dismiss(self, client: Client, code: int, reason: str) -> None:
        """Closes its connection. It is nobody's from now on, however long it takes to hear of it: a phone that sleeps
        would be counted, and looked after, until it is given up."""
        client.end(code, reason)
        self.leave(client)

    def others(self, client: Client, *, device: str) -> list[Client]:
        """Older connections of the same user and device."""
        return [
            other
            for other in self._clients.values()
            if other is not client and other.user_id == client.user_id and other.device == device
        ]

    def has(self, client_id: str) -> bool:
        """Whether it is connected now."""
        return client_id in self._clients

    def of_user(self, user_id: str) -> list[Client]:
        """Every connection of one user."""
        return [client for client in self._clients.values() if client.user_id == user_id]

    # ── alerts ──

    def committed(self, top: int) -> None:
        """The log grew up to `top`. Called on the event loop."""
        if top <= self.top:
            return
        self.top = top
        if math.isnan(self._committed_s):
            self._committed_s = time.monotonic()
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._wake_all(), name="fan-out")

    async def _wake_all(self) -> None:
        """Rounds, as long as there was a commit since the last one began."""
        try:
            while not math.isnan(self._committed_s):
                committed_s, self._committed_s = self._committed_s, math.nan
                top = self.top
                try:
                    if self._clients:
                        await self.prepare(self.prepared, top)
                except SightlineError as problem:  # the store is full, overloaded or broken
                    log.warning("log_not_read", problem=str(problem), again_in_s=RETRY_S)
                    self._committed_s = committed_s
                    await asyncio.sleep(RETRY_S)
                    continue
                self.prepared = top
                began_s = time.monotonic()
                await self._wake_in_turn()
                ended_s = time.monotonic()
                self.on_round(ended_s - committed_s)
                if not math.isnan(self._committed_s):
                    await asyncio.sleep(pause_s(ended_s - began_s))
        finally:
            self._rounds = None

    async def _wake_in_turn(self) -> None:
        """What hundreds of clients are sent would hold the event loop for too long at a stretch."""
        for listeners in self._in_turn():
            for listener in listeners:
                listener.wake()
            await asyncio.sleep(0)

    def _in_turn(self) -> Iterator[Sequence[Listener]]:
        """Everybody who is to be told, as many as are told at a stretch: each rank, then those alone, with whoever has
        stepped out meanwhile."""
        for rank in tuple(self._ranks):
            yield (rank,)
        alone = tuple(self._alone.values())
        for first in range(0, len(alone), TOLD_AT_ONCE):
            yield alone[first : first + TOLD_AT_ONCE]

    # ── state and observations ──

    def broadcast(self, type: str, data: Mapping[str, Any]) -> None:
        """A state message to everybody here, encoded once."""
        message = Frame(encode_message(type, data))
        for client in self.clients:
            client.state(message)

    def announce(self, type: str, data: Mapping[str, Any]) -> None:
        """A state message about the whole system, to everybody on every gateway."""
        self.broadcast(type, data)
        self.on_broadcast(type, data)

    async def observe(self, observation: Observation, *, source: str) -> None:
        """What a camera shows now, to everybody who looks, encoded once."""
        camera_id = observation.camera_id
        if not any(client.wants(camera_id) for client in self._clients.values()):
            return
        message = Frame(encode_message("face_detection_result", await self._named(observation, source)))
        self.encoded_observations += 1
        recent = self._observations.setdefault(camera_id, OrderedDict())
        recent.pop(observation.frame_id, None)
        recent[observation.frame_id] = message
        while len(recent) > REMEMBERED_OBSERVATIONS:
            recent.popitem(last=False)
        if not self._showing:
            asyncio.get_running_loop().call_soon(self._show)
        self._showing.append((camera_id, camera_id, observation.frame_id, message))
        if observation.crowd is not None:
            objects = Frame(encode_message("ai_detection_result", _objects(observation, source)))
            self._showing.append((camera_id, f"{camera_id}/objects", observation.frame_id, objects))
        frame_id, picture = self._early.pop(camera_id, (-1, b""))
        if frame_id == observation.frame_id:
            self.picture(camera_id, frame_id, picture)
        elif frame_id > observation.frame_id:
            self._early[camera_id] = (frame_id, picture)

    def _show(self) -> None:
        """Hands on what came in one turn of the event loop: each client gets it in one write."""
        if not self._showing:
            return
        self.shown += 1
        bundle = Bundle([message for _, _, _, message in self._showing])
        shown = Shown(self.shown, tuple(self._showing), bundle)
        self._showing.clear()
        self._under_way += 1
        self._show_in_turn(shown, self._in_turn())

    def _show_in_turn(self, shown: Shown, turns: Iterator[Sequence[Listener]]) -> None:
        listeners = next(turns, None)
        if listeners is None:
            self._under_way -= 1
            return
        asyncio.get_running_loop().call_soon(self._show_in_turn, shown, turns)
        for listener in listeners:
            listener.observe(shown)

    def has_all(self, number: int) -> bool:
        """Whether somebody who was shown these is to be shown none of what is on its way to others."""
        return not self._under_way or number == self.shown

    def picture(self, camera_id: str, frame_id: int, message: bytes) -> None:
        """A picture of a camera as the engine sent it: it is forwarded, not encoded again.

        It travels on a connection of its own and may be here before the observation of its frame; then the newest such
        picture of each camera waits for it.
        """
        observation = self._observations.get(camera_id, OrderedDict()).get(frame_id)
        if observation is None:
            self._early[camera_id] = (frame_id, message)
            return
        shared = Frame(message)
        for client in self.clients:
            if client.wants(camera_id):
                client.picture(camera_id, frame_id, observation, shared)

    def forget(self) -> None:
        """A name changed or was erased: no observation encoded before may be sent again."""
        self._observations.clear()
        self._showing.clear()

    def watched(self, camera_ids: Iterable[str]) -> dict[str, float]:
        """Of these cameras, those whose pictures somebody wants, with the highest wished rate."""
        wishes: dict[str, float] = {}
        known = tuple(camera_ids)
        for wish in (*(client.wished_pictures() for client in self._clients.values()), self.wished_elsewhere()):
            for camera_id, fps in wish.items():
                for wished in known if camera_id == "*" else (camera_id,):
                    wishes[wished] = max(fps, wishes.get(wished, 0.0))
        return {camera_id: wishes[camera_id] for camera_id in known if camera_id in wishes}

    def camera_removed(self, camera_id: str) -> None:
        """Nothing more will come of this camera."""
        self._observations.pop(camera_id, None)
        self._early.pop(camera_id, None)

    async def _named(self, observation: Observation, source: str) -> dict[str, Any]:
        faces = []
        for face in observation.faces:
            person = self._directory.people.peek(face.person_id)
            if person is None and face.person_id is not None:
                person = await self._directory.people.find(face.person_id)
            faces.append(
                {
                    "bbox": face.bbox,
                    "confidence": face.confidence,
                    "landmarks": face.landmarks,
                    "track_id": face.track_id,
                    "identity": face.identity,
                    "is_known": face.identity == "known",
                    "person_id": person.id if person else None,
                    "name": person.name if person else None,
                    "similarity": face.similarity,
                    "quality": face.quality,
                    "reasons": face.reasons,
                    "live": face.live,
                    "body": face.body,
                }
            )
        return {
            "camera_id": observation.camera_id,
            "frame_id": observation.frame_id,
            "timestamp": observation.timestamp,
            "width": observation.width,
            "height": observation.height,
            "faces": faces,
            "source": source,
        }


async def _nothing_to_prepare(after: int, top: int) -> None:
    """Stands for whoever reads the log."""


def _objects(observation: Observation, source: str) -> dict[str, Any]:
    """The data of `ai_detection_result`."""
    return {
        "camera_id": observation.camera_id,
        "frame_id": observation.frame_id,
        "timestamp": observation.timestamp,
        "width": observation.width,
        "height": observation.height,
        "detections": [
            {"label": one.label, "confidence": one.confidence, "bbox": one.bbox, "track_id": one.track_id}
            for one in observation.objects
        ],
        "crowd_analysis": observation.crowd,
        "source": source,
    }
