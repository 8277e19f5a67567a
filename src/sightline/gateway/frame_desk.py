"""Where pushed frames wait for an engine: clients in turn, no more under way than the engines analyse at a time.

WebSocket clients, Socket.IO clients, workstations and uploads share the one desk of a gateway, so that nobody who
pushes faster gets more than others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sightline.clock import Clock
from sightline.deliveries.pushed import FrameSettings, frame_result, parse_levels
from sightline.deliveries.turns import Turns
from sightline.events.alert import Severity
from sightline.events.still import StillTask
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Analyst
from sightline.settings import Settings

__all__ = ["FrameDesk", "FrameReplaced", "PushedFrame"]

T = TypeVar("T")

SPARE = 1
"""Frames that are on their way to an engine while it is busy with others, so that it need not wait for the next."""
TASKS: tuple[StillTask, ...] = ("faces", "objects")


class FrameReplaced(Exception):
    """A newer frame of the same client took this one's place, or the client has left."""


@dataclass(frozen=True, slots=True)
class PushedFrame:
    """A picture, as bytes, and what its sender wants of it."""

    image: bytes
    settings: FrameSettings
    timestamp: int | float | str | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Callable[[], Awaitable[Any]]
    answer: asyncio.Future[Any]


class FrameDesk:
    """Used from the event loop. `places` says how many pictures the engines analyse at a time; `None` while there is no
    engine: each client then waits for one, and none for another client.
    """

    def __init__(
        self, settings: Settings, analyst: Analyst, places: Callable[[], int | None], metrics: Metrics, clock: Clock
    ) -> None:
        self._settings = settings
        self._levels = parse_levels(settings.frame_alert_levels)
        self._analyst = analyst
        self._places = places
        self._metrics = metrics
        self._clock = clock
        self._turns: Turns[_Waiting] = Turns()
        self._under_way: set[asyncio.Task[None]] = set()

    def level(self, kind: str) -> Severity:
        """The level of this kind of alert."""
        return self._levels[kind]

    def push(self, client: str, frame: PushedFrame, *, background: bool = True) -> asyncio.Future[dict[str, Any]]:
        """Leaves a frame; the data of its `detection_result` comes by and by.

        The future raises `FrameReplaced`, `ImageError`, `Unavailable`.
        """
        return self.put(client, partial(self._analysed, frame, background))

    def put(self, client: str, work: Callable[[], Awaitable[T]]) -> asyncio.Future[T]:
        """Leaves `work`, which has one picture analysed, until it is this client's turn; its result comes by and by.

        The future raises `FrameReplaced`, and what `work` raises.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        _replace(self._turns.put(client, _Waiting(work, answer)))
        self._go_on()
        return answer

    def leave(self, client: str) -> None:
        """The client is gone: what it left waiting is not analysed."""
        _replace(self._turns.leave(client))

    def _go_on(self) -> None:
        while self._has_room() and (turn := self._turns.take()) is not None:
            client, waiting = turn
            task = asyncio.create_task(self._serve(client, waiting))
            self._under_way.add(task)
            task.add_done_callback(self._served)

    def _has_room(self) -> bool:
        places = self._places()
        return places is None or len(self._under_way) < places + SPARE

    def _served(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            self._go_on()

    async def _serve(self, client: str, waiting: _Waiting) -> None:
        try:
            answer = await waiting.work()
        except Exception as problem:  # noqa: BLE001  # whoever waits is told, whatever it was
            if not waiting.answer.done():
                waiting.answer.set_exception(problem)
                waiting.answer.exception()  # the client may be gone: nobody need hear of it
        else:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        finally:
            self._turns.done(client)
            waiting.answer.cancel()

    async def _analysed(self, frame: PushedFrame, background: bool) -> dict[str, Any]:
        settings = self._settings
        wanted = frame.settings
        confidence, crowd = wanted.confidence_threshold, wanted.crowd_threshold
        analysis = await self._analyst.look(
            frame.image,
            tasks=TASKS,
            confidence_threshold=settings.confidence_threshold if confidence is None else confidence,
            max_side=settings.max_frame_side,
            background=background,
        )
        self._metrics.pushed_frame_seconds.observe(analysis.processing_ms / 1000)
        return frame_result(
            analysis,
            crowd_threshold=settings.crowd_threshold if crowd is None else crowd,
            crowd_level=self.level("crowd_warning"),
            frame_timestamp=frame.timestamp,
            now_ms=self._clock.now_ms(),
        )


def _replace(waiting: _Waiting | None) -> None:
    if waiting is not None and not waiting.answer.done():
        waiting.answer.set_exception(FrameReplaced())
        waiting.answer.exception()  # a client that has left does not ask
