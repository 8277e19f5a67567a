"""Joins webcam, line, conduct and desktop into the program that runs for as long as somebody may sit there."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from websockets.asyncio.client import ClientConnection

from sightline.agent.conduct import Conduct, ConductRules, Deed
from sightline.agent.desktop import Desktop
from sightline.agent.line import Answer, Ended, Line, open_line
from sightline.agent.status import State, Status
from sightline.agent.webcam import Webcam
from sightline.client.backoff import Backoff
from sightline.clock import Clock
from sightline.decisions.workstation import Action, Reason
from sightline.exceptions import SightlineError

__all__ = ["Agent", "AgentOptions"]

TICK_S = 0.5
ASK_LOCKED_EVERY_S = 2.0
JITTER = 0.5

_SHOWN = {
    Reason.CLIENT_NOT_AVAILABLE: "You are not known at this workstation, or not enrolled: ask your administrator.",
    Reason.BLOCKED_CLIENT: "You are blocked at this workstation: ask your administrator.",
    Reason.PAUSED_CLIENT: "An administrator has paused the watching of this workstation.",
    Reason.SYSTEM_FULL: "The server has no room for this workstation at the moment.",
    Reason.EMPTY: "The server could not look at the picture.",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """`user`: name or id of the person who should sit here; `pictures_per_s`: at most; `keep_picture`: the last one is
    kept in `Status.picture`."""

    url: str
    user: str
    token: str
    rules: ConductRules
    pictures_per_s: float = 1.0
    keep_picture: bool = False
    tls: ssl.SSLContext | None = None
    chance: Callable[[], float] = random.random


class Agent:
    """`run` it once."""

    def __init__(self, options: AgentOptions, webcam: Webcam, desktop: Desktop, status: Status, clock: Clock) -> None:
        self._options = options
        self._webcam = webcam
        self._desktop = desktop
        self._status = status
        self._clock = clock
        self._conduct = Conduct(options.rules, self._now_ms())
        self._backoff = Backoff(options.chance, JITTER, None)
        self._acting = asyncio.Lock()
        self._locked: bool | None = None
        self._unlocked = asyncio.Event()
        self._unlocked.set()
        self._judged_at_ms: int | None = None
        self._has_camera = True
        webcam.changed = self._camera_changed

    async def run(self) -> Ended:
        """Until the server says that there is no sense in going on. Raises `SourceError` when there can be no
        camera."""
        beside = [asyncio.create_task(self._tick()), asyncio.create_task(self._watch_the_lock())]
        try:
            ended = await self._stay_connected()
            self._say(State.STOPPED, ended.words)
            return ended
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._webcam.close()

    def _camera_changed(self, problem: str) -> None:
        """The camera was lost (in words), or is there again."""
        self._has_camera = not problem
        if problem:
            self._say(State.NO_CAMERA, problem)
            log.warning("no_camera", problem=problem)
        else:
            self._status.state = State.STARTING
            log.info("camera_is_back")

    # ── the connection ──

    async def _stay_connected(self) -> Ended:
        while True:
            await self._unlocked.wait()
            await self._webcam.picture()  # without a camera there is nothing to say to a server
            self._judged_at_ms = None
            ended = await open_line(self._options.url, self._options.token, self._options.tls, self._talk)
            if ended.is_final:
                return ended
            if self._unlocked.is_set():
                await self._come_back_later(ended)

    async def _talk(self, connection: ClientConnection) -> None:
        line = Line(connection, self._answered)
        listening = asyncio.create_task(line.listen())
        asking = asyncio.create_task(self._ask(line))
        try:
            await asyncio.wait((listening, asking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
            await connection.close()
            await listening
            with contextlib.suppress(asyncio.CancelledError):
                await asking

    async def _ask(self, line: Line) -> None:
        """Asks picture by picture until the screen is locked."""
        while self._unlocked.is_set():
            begun_s = self._clock.monotonic_s()
            picture = await self._webcam.picture()
            if self._options.keep_picture:
                self._status.picture = picture
            await line.ask(self._options.user, picture)
            await asyncio.sleep(max(0.0, begun_s + 1 / self._options.pictures_per_s - self._clock.monotonic_s()))

    async def _come_back_later(self, ended: Ended) -> None:
        if ended.answered:
            lived_ms = 0 if self._judged_at_ms is None else self._now_ms() - self._judged_at_ms
            self._backoff.breaker.ended(lived_ms=lived_ms)
        if self._judged_at_ms is not None:
            self._backoff.attempts = 0
        delay_ms = self._backoff.next_delay_ms(ended.retry_ms) or 0
        if self._has_camera:  # else it is the reason
            self._say(State.OFFLINE, ended.words)
        log.warning("not_connected", problem=ended.words, again_in_ms=delay_ms)
        await asyncio.sleep(delay_ms / 1000)

    # ── what is done ──

    async def _answered(self, answer: Answer) -> None:
        status = self._status
        status.answer, status.answered_ms = answer, self._clock.now_ms()
        status.latency_ms = answer.latency_ms if answer.latency_ms is not None else status.latency_ms
        if self._unlocked.is_set() and self._has_camera:
            status.state = State.WATCHING
        if answer.action is not Action.ERROR and self._judged_at_ms is None:
            self._judged_at_ms = self._now_ms()
        async with self._acting:
            locked = None if answer.action is Action.NONE else await self._desktop.locked()
            deed = self._conduct.answered(answer.action, answer.reason, locked=locked, now_ms=self._now_ms())
            await self._carry_out(deed, answer.reason.value, _SHOWN.get(answer.reason, answer.reason.value))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            async with self._acting:
                deed = self._conduct.ticked(locked=self._locked, now_ms=self._now_ms())
                await self._carry_out(deed, "no verdict for too long", "")

    async def _carry_out(self, deed: Deed | None, why: str, words: str) -> None:
        if deed is None:
            return
        log.warning("deed", deed=deed.value, why=why)
        try:
            if deed is Deed.WARN:
                await self._desktop.warn(words)
            elif deed is Deed.LOCK:
                await self._desktop.lock()
            else:
                await self._desktop.sign_out()
        except SightlineError as problem:
            self._conduct.failed()
            self._fail(str(problem))
            log.error("deed_failed", deed=deed.value, problem=str(problem))
        else:
            self._status.done, self._status.done_ms = f"{deed.value} ({why})", self._clock.now_ms()

    async def _watch_the_lock(self) -> None:
        while True:
            before, self._locked = self._locked, await self._desktop.locked()
            if self._locked:
                self._status.state = State.LOCKED
                self._unlocked.clear()
            elif not self._unlocked.is_set():
                async with self._acting:
                    self._conduct.unlocked(self._now_ms())
                self._status.state = State.STARTING
                self._unlocked.set()
                log.info("unlocked", known=before is not None)
            await asyncio.sleep(ASK_LOCKED_EVERY_S)

    # ── what is said ──

    def _say(self, state: State, problem: str) -> None:
        self._status.state = state
        self._fail(problem)

    def _fail(self, problem: str) -> None:
        self._status.error, self._status.error_ms = problem, self._clock.now_ms()

    def _now_ms(self) -> int:
        return round(self._clock.monotonic_s() * 1000)
