"""Streams that the application asked for: each request answered by its id, in time or not at all; each stream that was
started is started again on a new connection. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sightline.client.effects import Answer, Deliver, Effect, Send, StreamRefused
from sightline.client.events import QualityChanged, StreamFailed, StreamStarted, StreamStopped
from sightline.exceptions import Unavailable

__all__ = ["REQUEST_WAIT_MS", "Streams"]

REQUEST_WAIT_MS = 30_000
"""How long a request may go unanswered; a server looks at a new source for up to 20 s."""
MAX_PENDING = 256
TIMED_OUT = "TIMED_OUT"


@dataclass(slots=True)
class _Request:
    type: str
    data: dict[str, Any]
    deadline_ms: int


@dataclass(slots=True)
class Streams:
    """`new_id` makes ids of messages. Every method returns what is to be done."""

    new_id: Callable[[int], str]
    _open: bool = False
    _wanted: dict[str, dict[str, Any]] = field(default_factory=dict)
    _pending: dict[str, _Request] = field(default_factory=dict)

    def start(self, camera_id: str, quality: str, rtsp_url: str | None, now_ms: int) -> tuple[str, list[Effect]]:
        """Asks for a stream. Returns the id that the `Answer` will bear. Raises `Unavailable`."""
        source = {} if rtsp_url is None else {"rtsp_url": rtsp_url}
        return self._ask("stream_start_request", {"camera_id": camera_id, "quality": quality, **source}, now_ms)

    def change(self, camera_id: str, quality: str, now_ms: int) -> tuple[str, list[Effect]]:
        """Asks for another quality of a stream. Returns the id that the `Answer` will bear. Raises `Unavailable`."""
        return self._ask("stream_quality_change", {"camera_id": camera_id, "new_quality": quality}, now_ms)

    def stop(self, camera_id: str, now_ms: int) -> tuple[str, list[Effect]]:
        """Ends a stream; without a connection there is none. Returns the id that the `Answer` will bear."""
        self._wanted.pop(camera_id, None)
        given_up = [id for id, request in self._pending.items() if request.data["camera_id"] == camera_id]
        ended = [effect for id in given_up for effect in self._refuse(id, "STOPPED", "the stream was stopped")]
        if self._open:
            id, asked = self._ask("stream_stop_request", {"camera_id": camera_id}, now_ms)
            return id, [*ended, *asked]
        id = self.new_id(now_ms)
        return id, [*ended, Answer(id, StreamStopped(camera_id=camera_id, request_id=id))]

    def begin(self, now_ms: int) -> list[Effect]:
        """There is a new connection: started streams are started again, what was not answered is asked again."""
        self._open = True
        asked = {request.data["camera_id"] for request in self._pending.values() if _is_start(request)}
        for camera_id, wish in self._wanted.items():
            if camera_id not in asked:
                self._pending = {self.new_id(now_ms): _start(wish, now_ms), **self._pending}
        return [_sent(id, request) for id, request in self._pending.items()]

    def end(self) -> None:
        """The connection is over."""
        self._open = False

    def give_up(self, reason: str) -> list[Effect]:
        """There will be no connection: what was not answered never will be."""
        self.end()
        return [effect for id in list(self._pending) for effect in self._refuse(id, "STOPPED", reason)]

    def next_tick_at_ms(self) -> int | None:
        """When `tick` has to be called; `None` when nothing is waited for."""
        return min((request.deadline_ms for request in self._pending.values()), default=None)

    def tick(self, now_ms: int) -> list[Effect]:
        """Time has passed: what was not answered in time never will be."""
        late = [id for id, request in self._pending.items() if request.deadline_ms <= now_ms]
        return [effect for id in late for effect in self._refuse(id, TIMED_OUT, "the server did not answer in time")]

    def answered(
        self, answer: StreamStarted | StreamStopped | QualityChanged | StreamFailed, id: str | None
    ) -> list[Effect]:
        """The server's answer to the request that it names; nothing, where that is none of our asking any more."""
        id = id or answer.request_id or ""
        request = self._pending.get(id)
        if request is None:
            return []
        if isinstance(answer, StreamFailed):
            return self._refuse(id, answer.code, answer.error, answer)
        del self._pending[id]
        if isinstance(answer, StreamStarted):
            self._wanted[answer.camera_id] = {**request.data, "quality": answer.quality}
        elif isinstance(answer, QualityChanged) and answer.camera_id in self._wanted:
            self._wanted[answer.camera_id]["quality"] = answer.new_quality
        return [Answer(id, answer), Deliver(answer)]

    def refused(self, code: str, message: str, id: str) -> list[Effect]:
        """The server's `error`, perhaps the answer to a request."""
        return self._refuse(id, code, message) if id in self._pending else []

    def _ask(self, type: str, data: dict[str, Any], now_ms: int) -> tuple[str, list[Effect]]:
        if len(self._pending) >= MAX_PENDING:
            raise Unavailable(f"{MAX_PENDING} requests wait for the server already")
        id = self.new_id(now_ms)
        request = self._pending[id] = _Request(type, data, now_ms + REQUEST_WAIT_MS)
        return id, [_sent(id, request)] if self._open else []

    def _refuse(self, id: str, code: str, message: str, failed: StreamFailed | None = None) -> list[Effect]:
        request = self._pending.pop(id)
        camera_id = request.data["camera_id"]
        refused: list[Effect] = [Answer(id, StreamRefused(message, camera_id=camera_id, code=code))]
        if _is_start(request):
            self._wanted.pop(camera_id, None)
            failed = failed or StreamFailed(camera_id=camera_id, error=message, code=code, request_id=id)
            refused.append(Deliver(failed))
        return refused


def _is_start(request: _Request) -> bool:
    return request.type == "stream_start_request"


def _start(wish: dict[str, Any], now_ms: int) -> _Request:
    return _Request("stream_start_request", wish, now_ms + REQUEST_WAIT_MS)


def _sent(id: str, request: _Request) -> Send:
    return Send(request.type, {**request.data, "request_id": id}, id)
