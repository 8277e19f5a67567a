"""The one place where what engines report and what clients wait for meet.

There is exactly one hub in a gateway: `app.py` makes it, engines' links and clients' dialects are handed the same
object. (The program this one grew out of had two; results went through the one that nobody had registered with.)

Alerts are pulled: a commit wakes every client, and each reads the shared tail of the log at its own pace. State and
observations are pushed: state in order, observations and pictures into one latest-value slot a camera and client.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from sightline.events.engine_link import Observation
from sightline.events.wire import encode_message
from sightline.gateway.directory import Directory

__all__ = ["Client", "Hub"]

REMEMBERED_OBSERVATIONS = 16
WOKEN_AT_ONCE = 16


class Client(Protocol):
    """A connected client, of whatever dialect."""

    client_id: str
    user_id: str
    user_name: str
    client_type: str
    device: str
    connected_at_ms: int
    last_heard_ms: int

    def wake(self) -> None:
        """The log grew."""

    def undelivered_after(self) -> int | None:
        """The offset beyond which something waits for this client's device to confirm it; `None` where nothing does, or
        the dialect knows no confirming."""

    def state(self, text: str) -> None:
        """A message about state, in order with other state."""

    def wants(self, camera_id: str) -> bool:
        """Whether this client looks at the camera at all."""

    def observe(self, camera_id: str, frame_id: int, text: str) -> None:
        """The newest observation of a camera; replaces one not yet sent."""

    def objects(self, camera_id: str, frame_id: int, text: str) -> None:
        """The newest objects and crowd of a camera; replaces those not yet sent."""

    def picture(self, camera_id: str, frame_id: int, observation: str, message: bytes) -> None:
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
        self._observations: dict[str, OrderedDict[int, str]] = {}
        self._early: dict[str, tuple[int, bytes]] = {}
        self.top = top
        self._committed_s = float("nan")
        self.on_watch_change: Callable[[], None] = lambda: None
        """Told when the set of cameras that somebody looks at changed."""
        self.encoded_observations = 0

    # ── clients ──

    @property
    def clients(self) -> Iterable[Client]:
        """Everybody connected now."""
        return tuple(self._clients.values())

    def join(self, client: Client) -> None:
        """From now on this client is told."""
        self._clients[client.client_id] = client
        client.wake()

    def leave(self, client: Client) -> None:
        """No longer."""
        if self._clients.pop(client.client_id, None) is not None:
            self.on_watch_change()

    def others(self, client: Client, *, device: str) -> list[Client]:
        """Older connections of the same user and device."""
        return [
            other
            for other in self._clients.values()
            if other is not client and other.user_id == client.user_id and other.device == device
        ]

    def of_user(self, user_id: str) -> list[Client]:
        """Every connection of one user."""
        return [client for client in self._clients.values() if client.user_id == user_id]

    # ── alerts ──

    def committed(self, top: int) -> None:
        """The log grew up to `top`. Called on the event loop.

        Clients are woken a few at a time: what hundreds of them send would hold the loop for too long at a stretch.
        """
        if top > self.top:
            self.top = top
            self._committed_s = time.monotonic()
            self._wake(iter(self.clients))

    def _wake(self, sleeping: Iterator[Client]) -> None:
        woken = 0
        for client in islice(sleeping, WOKEN_AT_ONCE):
            client.wake()
            woken += 1
        if woken == WOKEN_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._wake, sleeping)

    def since_commit_s(self, offset: int) -> float | None:
        """How long ago the newest commit of this gateway's life was, if it reaches `offset` and no further."""
        if offset != self.top or math.isnan(self._committed_s):
            return None
        return time.monotonic() - self._committed_s

    # ── state and observations ──

    def broadcast(self, type: str, data: Mapping[str, Any]) -> None:
        """A state message to everybody, encoded once."""
        text = encode_message(type, data)
        for client in self.clients:
            client.state(text)

    async def observe(self, observation: Observation, *, source: str) -> None:
        """What a camera shows now, to everybody who looks, encoded once."""
        camera_id = observation.camera_id
        watching = [client for client in self.clients if client.wants(camera_id)]
        if not watching:
            return
        text = encode_message("face_detection_result", await self._named(observation, source))
        self.encoded_observations += 1
        recent = self._observations.setdefault(camera_id, OrderedDict())
        recent.pop(observation.frame_id, None)
        recent[observation.frame_id] = text
        while len(recent) > REMEMBERED_OBSERVATIONS:
            recent.popitem(last=False)
        objects = encode_message("ai_detection_result", _objects(observation, source)) if observation.crowd else None
        for client in watching:
            client.observe(camera_id, observation.frame_id, text)
            if objects is not None:
                client.objects(camera_id, observation.frame_id, objects)
        frame_id, message = self._early.pop(camera_id, (-1, b""))
        if frame_id == observation.frame_id:
            self.picture(camera_id, frame_id, message)
        elif frame_id > observation.frame_id:
            self._early[camera_id] = (frame_id, message)

    def picture(self, camera_id: str, frame_id: int, message: bytes) -> None:
        """A picture of a camera as the engine sent it: it is forwarded, not encoded again.

        It travels on a connection of its own and may be here before the observation of its frame; then the newest such
        picture of each camera waits for it.
        """
        observation = self._observations.get(camera_id, OrderedDict()).get(frame_id)
        if observation is None:
            self._early[camera_id] = (frame_id, message)
            return
        for client in self.clients:
            if client.wants(camera_id):
                client.picture(camera_id, frame_id, observation, message)

    def forget(self) -> None:
        """A name changed or was erased: no observation encoded before may be sent again."""
        self._observations.clear()

    def watched(self, camera_ids: Iterable[str]) -> dict[str, float]:
        """Of these cameras, those whose pictures somebody wants, with the highest wished rate."""
        wishes: dict[str, float] = {}
        known = tuple(camera_ids)
        for client in self._clients.values():
            for camera_id, fps in client.wished_pictures().items():
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
