"""Where pushed frames wait for an engine: clients in turn, no more under way than the engines analyse at a time.

WebSocket clients, Socket.IO clients, workstations and uploads share the one desk of a gateway, so that nobody who
pushes faster gets more than others. A workstation's frames go to its own engine (`assignment`); while that one is
coming, the newest of them waits.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sightline.clock import Clock
from sightline.deliveries.pushed import FrameSettings, frame_result, parse_levels
from sightline.deliveries.turns import Turns
from sightline.events.alert import Severity
from sightline.events.still import StillTask
from sightline.exceptions import Unavailable
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Analyst
from sightline.gateway.workstations.pipeline_choice import PipelineChoice
from sightline.settings import Settings

__all__ = ["FrameDesk", "FrameReplaced", "PushedFrame"]

T = TypeVar("T")

SPARE = 1
"""Frames that are on their way to an engine while it is busy with others, so that it need not wait for the next."""
PATIENCE_S = 10.0
"""How long a workstation's frame waits for an engine when none is coming; newer ones that replace it do not wait
anew."""
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
    """`engine_of_its_own`: its client has one, whose name `work` is given; it waits since `since_s` for one to come."""

    work: Callable[[str | None], Awaitable[Any]]
    answer: asyncio.Future[Any]
    engine_of_its_own: bool
    since_s: float


class FrameDesk:
    """Used from the event loop. `places` says how many pictures the engines analyse at a time; `None` while there is no
    engine: each client then waits for one, and none for another client.
    """

    def __init__(
        self,
        settings: Settings,
        analyst: Analyst,
        places: Callable[[], int | None],
        assignment: PipelineChoice,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self.assignment = assignment
        self.engine_is_coming: Callable[[], bool] = lambda: False
        self._settings = settings
        self._levels = parse_levels(settings.frame_alert_levels)
        self._analyst = analyst
        self._places = places
        self._metrics = metrics
        self._clock = clock
        self._turns: Turns[_Waiting] = Turns()
        self._under_way: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        """Workstations' frames under way, by engine."""

    @property
    def waiting(self) -> int:
        """Frames that wait."""
        return len(self._turns)

    def level(self, kind: str) -> Severity:
        """The level of this kind of alert."""
        return self._levels[kind]

    def push(self, client: str, frame: PushedFrame, *, background: bool = True) -> asyncio.Future[dict[str, Any]]:
        """Leaves a frame; the data of its `detection_result` comes by and by.

        The future raises `FrameReplaced`, `ImageError`, `Unavailable`.
        """
        return self._put(client, lambda _: self._analysed(frame, background), engine_of_its_own=False)

    def put(self, client: str, work: Callable[[str | None], Awaitable[T]]) -> asyncio.Future[T]:
        """Leaves `work` for a workstation's engine, which it is given the name of, until it is the client's turn; its
        result comes by and by.

        The future raises `FrameReplaced`, `Unavailable` when no engine came in time, and what `work` raises.
        """
        return self._put(client, work, engine_of_its_own=True)

    def _put(
        self, client: str, work: Callable[[str | None], Awaitable[T]], *, engine_of_its_own: bool
    ) -> asyncio.Future[T]:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        now_s = self._clock.monotonic_s()
        older = self._turns.waiting(client)
        since_s = now_s if older is None else older.since_s
        _replace(self._turns.put(client, _Waiting(work, answer, engine_of_its_own, since_s)))
        self.go_on()
        return answer

    def leave(self, client: str) -> None:
        """The client is gone: what it left waiting is not analysed."""
        _replace(self._turns.leave(client))
        self.assignment.leave(client)
        self.go_on()

    def go_on(self) -> None:
        """Hands out what may go now. To be called when an engine has come or gone."""
        while self._has_room() and (turn := self._turns.take(self._may_go)) is not None:
            client, waiting = turn
            engine = self.assignment.engine_of(client) if waiting.engine_of_its_own else None
            if engine is not None:
                self._busy[engine.id] += 1
            task = asyncio.create_task(self._serve(client, waiting, engine.id if engine is not None else None))
            self._under_way.add(task)
            task.add_done_callback(self._served)

    def tick(self) -> None:
        """Tells those who have waited too long for an engine of their own that there is none, and none is coming."""
        if self.engine_is_coming():
            return
        overdue_s = self._clock.monotonic_s() - PATIENCE_S
        for client, waiting in self._turns.items():
            if waiting.engine_of_its_own and waiting.since_s <= overdue_s and self.assignment.engine_of(client) is None:
                self._turns.leave(client)
                if not waiting.answer.done():
                    waiting.answer.set_exception(Unavailable("no engine came in time; try again in a moment"))
                    waiting.answer.exception()  # a client that has left does not ask

    def _has_room(self) -> bool:
        places = self._places()
        return places is None or len(self._under_way) < places + SPARE

    def _may_go(self, client: str, waiting: _Waiting) -> bool:
        if not waiting.engine_of_its_own:
            return True
        engine = self.assignment.engine_of(client)
        return engine is not None and self._busy[engine.id] < engine.stills + SPARE

    def _served(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            self.go_on()

    async def _serve(self, client: str, waiting: _Waiting, engine_id: str | None) -> None:
        try:
            answer = await waiting.work(engine_id)
        except Exception as problem:  # noqa: BLE001  # whoever waits is told, whatever it was
            if not waiting.answer.done():
                waiting.answer.set_exception(problem)
                waiting.answer.exception()  # the client may be gone: nobody need hear of it
        else:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        finally:
            if engine_id is not None:
                self._busy[engine_id] -= 1
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
